// What the first page shows of the quick start is what the quick start says: run as `npm start` runs it, from an empty
// state, with ports that are free. Only the time up to which it is complete is another.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { startScript } from '../tools/start-script.ts'
import { blocksIn } from './blocks.ts'
import { root, textOf } from './checkout.ts'
import { patternOf } from './differences.ts'

const folder = mkdtempSync(join(tmpdir(), 'quick-start-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** The quick start's configuration with its state elsewhere, and the console as a terminal has it. */
function configuration(): string {
  const path = join(folder, 'config.yaml')
  const text = textOf('deploy/quickstart/config.yaml')
    .replaceAll('deploy/quickstart/state/', `${folder}/`)
    .replace('console: { own_records: false }', 'console: { own_records: false, format: text }')
    .replace(/ {2}admin: .*\n {2}telemetry: .*\n/, '')
  writeFileSync(path, text)
  return path
}

function run(...args: readonly string[]): Promise<{ readonly out: string; readonly err: string }> {
  const child = spawn(process.execPath, [...startScript.flags, 'src/cli/main.ts', ...args], { cwd: root })
  const [out, err]: [string[], string[]] = [[], []]
  child.stdout.setEncoding('utf8').on('data', (text: string) => out.push(text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => err.push(text))
  return new Promise((resolve) => child.on('close', () => resolve({ out: out.join(''), err: err.join('') })))
}

interface LogLine {
  readonly level: string
  readonly message: string
}

/** A log line as a terminal shows it. */
function shown(line: string): readonly string[] {
  if (!line.startsWith('{')) return [line]
  const { level, message } = JSON.parse(line) as LogLine
  return [`${level.toUpperCase()}: ${message}`]
}

test('the quick start says what the README shows', async () => {
  const [block] = blocksIn(/^README\.md$/).filter(({ text }) => text.startsWith('INFO: circleci-audit-forwarder'))
  const { out, err } = await run('run', '--once', '--config', configuration())
  const said = [...out.split('\n'), ...err.split('\n').flatMap(shown)].join('\n')
  // What a long line goes on with stands indented below it. The addresses are those of the configuration as it is, and
  // `--once` does not stay.
  const lines = (block?.text ?? '')
    .replaceAll(/\n {2,}/g, ' ')
    .trimEnd()
    .split('\n')
  const config = textOf('deploy/quickstart/config.yaml')
  for (const line of lines.filter((text) => text !== '' && text !== '…')) {
    const address = /^(?:page|metrics) +http:\/\/([\d.:]+)\//.exec(line)?.[1]
    if (address !== undefined) expect(config).toContain(`endpoint: ${address} `)
    else if (line === 'following the bucket; stop with Ctrl-C') expect(textOf('src/cli/summary.ts')).toContain(line)
    else expect(said).toMatch(lineOf(line))
  }
}, 60_000)

function lineOf(line: string): RegExp {
  // Each record names the file it is from, with the folder that the checkout lies in: bytes differ.
  const open = line.replace(/ up to \S+$/, ' up to …').replace(/ \d+ KiB,/, ' … KiB,')
  return new RegExp(`^${patternOf(open)}$`, 'm')
}
