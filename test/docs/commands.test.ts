// Commands that the pages show are commands there are: the program's own with their options, npm's scripts, files that
// are named. JSON is JSON, and a policy of AWS has the parts of one.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, expect, test } from 'vitest'
import { type Block, blocksIn, nameOf } from './blocks.ts'
import { root, textOf } from './checkout.ts'

const all = blocksIn()
const shell = all.filter(({ language }) => language === 'sh')

/** The lines of a block, those that go on with `\` joined, without comments. */
function linesOf({ text }: Block): readonly string[] {
  return text
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n')
    .map((line) => line.replace(/(^|\s)#\s.*$/, '').trim())
}

interface Shown {
  readonly where: string
  readonly command: string
  readonly flags: readonly string[]
}

/** Commands whose second word is a command, too. */
const families: ReadonlySet<string> = new Set(['gaps', 'quarantine'])

/** The program, started by name or through npm, where it may be without a command word. */
const starts = [/npm start -- (.*)$/, /(?:^|[\s/])circleci-audit-forwarder ([a-z].*)$/]

function shownIn(block: Block): readonly Shown[] {
  return linesOf(block).flatMap((line) => {
    const rest = starts.flatMap((start) => start.exec(line)?.[1] ?? [])[0]
    const words =
      rest
        ?.split(/[|<>;]| && /)[0]
        ?.trim()
        .split(/\s+/) ?? []
    const named = words[0]?.startsWith('--') ? ['run', ...words] : words
    if (named[0] === undefined || !/^[a-z-]+$/.test(named[0])) return []
    const isNamed = families.has(named[0]) && named[1] !== undefined && !named[1].startsWith('-')
    const command = named.slice(0, isNamed ? 2 : 1).join(' ')
    return [{ where: nameOf(block), command, flags: named.filter((word) => /^--[a-z]/.test(word)) }]
  })
}

const shown = shell.flatMap(shownIn)
const helps = new Map<string, string>()

beforeAll(async () => {
  const commands = [...new Set(shown.map(({ command }) => command))]
  await Promise.all(commands.map(async (command) => helps.set(command, await helpOf(command))))
}, 60_000)

async function helpOf(command: string): Promise<string> {
  const program = join(root, 'deploy/bin/circleci-audit-forwarder')
  const told = await promisify(execFile)(program, [...command.split(' '), '--help']).catch((failed: unknown) => failed)
  return (told as { stdout: string }).stdout
}

test('every command of the program that is shown exists, with the options it is shown with', () => {
  expect(shown.length).toBeGreaterThan(15)
  for (const { where, command, flags } of shown) {
    const help = helps.get(command) ?? ''
    expect(help, `${where}: ${command}`).toContain(`circleci-audit-forwarder ${command}`)
    for (const flag of flags) {
      const option = flag.replace(/=.*/, '')
      const isCommon = ['--config', '--json'].includes(option)
      expect(isCommon || help.includes(option), `${where}: ${command} ${option}`).toBe(true)
    }
  }
})

test('every script of npm that is shown exists', () => {
  const { scripts } = JSON.parse(textOf('package.json')) as { readonly scripts: Readonly<Record<string, string>> }
  for (const block of shell) {
    for (const line of linesOf(block)) {
      for (const [, name = ''] of line.matchAll(/npm run (?:-s )?([a-z0-9-]+)/g)) {
        expect(Object.keys(scripts), `${nameOf(block)}: ${line}`).toContain(name)
      }
    }
  }
})

test('every file of the project that a command names is there', () => {
  const named = shell.flatMap((block) =>
    linesOf(block).flatMap((line) =>
      [...line.matchAll(/(?:^|[\s=])((?:deploy\/[a-z]+|docs|src|test|exporters)\/[\w./-]+)/g)].map(([, path = '']) => [
        nameOf(block),
        path,
      ]),
    ),
  )
  expect(named.length).toBeGreaterThan(5)
  for (const [where = '', path = ''] of named) expect(existsSync(join(root, path)), `${where}: ${path}`).toBe(true)
})

const json = all.filter(({ language }) => language === 'json')

test.each(json.map((block) => [nameOf(block), block] as const))('%s is JSON', (_, { text }) => {
  const value = JSON.parse(text) as { readonly Version?: string; readonly Statement?: readonly object[] }
  if (value.Version === undefined) return
  expect(value.Version).toBe('2012-10-17')
  for (const statement of value.Statement ?? []) {
    expect(Object.keys(statement)).toEqual(expect.arrayContaining(['Effect', 'Action']))
    expect('Resource' in statement || 'Principal' in statement).toBe(true)
  }
})
