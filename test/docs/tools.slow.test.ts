// The list of other programs' commands and options against what the programs at hand say of themselves. Those that are not
// installed are skipped, in words. AWS's and Google's are left out: their help is a manual, seconds away for each command.
import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { optionsOf, tools } from './tools.ts'

const manuals = new Set(['aws', 'az', 'gcloud'])
/** No program answers for these. */
const words = new Set(['cd', 'export'])
const commands = Object.keys(tools).filter((name) => !manuals.has(toolOf(name)) && !words.has(name))

function toolOf(name: string): string {
  return name.split(' ')[0] ?? ''
}

function isInstalled(tool: string): boolean {
  return spawnSync(programOf(tool), ['--help'], { stdio: 'ignore' }).error === undefined
}

const installed = new Map([...new Set(commands.map(toolOf))].map((tool) => [tool, isInstalled(tool)]))
/** A plug-in of docker's, which docker may be without. */
const composes = spawnSync('docker', ['compose', 'version'], { stdio: 'ignore' }).status === 0
const asked = commands.filter(
  (name) => installed.get(toolOf(name)) === true && (composes || !name.startsWith('docker compose')),
)
const missing = [...installed].flatMap(([tool, isHere]) => (isHere ? [] : [tool]))
if (missing.length > 0) console.warn(`not installed, and not asked for their options: ${missing.join(', ')}`)

/** The tool as it is called: helm may lie elsewhere (HELM). */
function programOf(tool: string): string {
  return tool === 'helm' ? (process.env['HELM'] ?? tool) : tool
}

/** What the tool says of the command, and of those that it belongs to. */
function helpOf(command: string): string {
  const words = command.split(' ')
  return words
    .map((_, at) => helpOfOne(words.slice(0, at + 1)))
    .slice(words.length > 1 ? 1 : 0)
    .join('')
}

function helpOfOne([name = '', ...rest]: readonly string[]): string {
  const tool = programOf(name)
  const args = tool === 'git' ? [...rest, '-h'] : tool === 'curl' ? ['--help', 'all'] : [...rest, '--help']
  const { stdout, stderr } = spawnSync(tool, args, { encoding: 'utf8' })
  const common = tool === 'kubectl' ? spawnSync(tool, ['options'], { encoding: 'utf8' }).stdout : ''
  return `${stdout}${stderr}${common}`
}

test.each(asked)('%s takes the options that are listed', (command) => {
  const help = helpOf(command)
  expect(help.length).toBeGreaterThan(50)
  for (const option of optionsOf(tools[command]).keys()) {
    const isThere = new RegExp(`(^|[\\s,[|/])${option}(?![\\w-])|\\[-[A-Za-z]*${option.slice(1)}[A-Za-z]*\\]`, 'm')
    expect(isThere.test(help), option).toBe(true)
  }
})
