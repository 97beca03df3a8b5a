// Commands that the pages show are commands there are. A block of shell is shell to bash. The program's own commands go
// through its parser; npm's are scripts there are, with options that they read; those of other programs stand in
// tools.ts; and every file of the project that is named is there.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Block, blocksIn, nameOf } from './blocks.ts'
import { pages, root, textOf } from './checkout.ts'
import { ownProblems } from './own-commands.ts'
import { commandsIn, type Words } from './shell.ts'
import { parsed } from './tools.ts'

const shell = blocksIn().filter(({ language }) => language === 'sh')

test('every block of shell is shell', () => {
  const script = shell.map((block, at) => `block_${at}() {\n${block.text}\n}\n`)
  for (const [at, text] of script.entries()) {
    const { status, stderr } = spawnSync('bash', ['-n'], { input: text, encoding: 'utf8' })
    expect([status, stderr], nameOf(shell[at] as Block)).toEqual([0, ''])
  }
})

const { scripts } = JSON.parse(textOf('package.json')) as { readonly scripts: Readonly<Record<string, string>> }

/** What is wrong with a command. `seen` hears of those that are the program's own. */
function problemsOf(words: Words, seen: (own: Words) => void = () => {}): readonly string[] {
  const [first = '', ...rest] = words.filter((word, at) => !(at === leading(words) && word === 'sudo'))
  if (/^\w+=/.test(first)) return rest.length === 0 ? [] : problemsOf(rest, seen)
  const own = ownIn([first, ...rest])
  if (own !== undefined) {
    seen(own)
    return ownProblems(own)
  }
  if (first === 'npm') return npmProblems(rest)
  if (first === 'npx') return npxProblems(rest)
  return parsed([first, ...rest]).problems
}

/** How many words before the command set variables. */
function leading(words: Words): number {
  return words.findIndex((word) => !/^\w+=/.test(word))
}

/** The words that the program is given: started by its name, through npm, in a container or in a pod. */
function ownIn(words: Words): Words | undefined {
  const isProgram = (word: string | undefined) => /(^|\/)circleci-audit-forwarder$/.test(word ?? '')
  if (isProgram(words[0])) return words.slice(1)
  if (words[0] === 'npm' && words[1] === 'start') return words[2] === '--' ? words.slice(3) : undefined
  const { command, rest, problems } = parsed(words)
  const at = command === 'docker run' ? 0 : command === 'kubectl exec' ? rest.indexOf('--') + 1 : -1
  return at >= 0 && problems.length === 0 && isProgram(rest[at]) ? rest.slice(at + 1) : undefined
}

function npmProblems([command = '', ...rest]: Words): readonly string[] {
  if (command === 'run') {
    const [name = '', ...args] = rest.filter((word) => word !== '-s')
    // Alone it lists them.
    return name === '' || name in scripts ? unread(scripts[name] ?? '', args) : [`there is no script ${name}`]
  }
  const takes: Readonly<Record<string, RegExp>> = {
    ci: /^(--omit=dev)?$/,
    install: /^(@[\w-]+\/[\w-]+)?$/,
    start: /^$/,
    test: /^$/,
    pack: /^$/,
  }
  return takes[command]?.test(rest.join(' ')) === true ? [] : [`npm ${command} ${rest.join(' ')} is not known`]
}

/** Options that a script's file never names. */
function unread(script: string, args: Words): readonly string[] {
  const source = (script.match(/(?:test|bench|deploy|src)\/[\w./-]+\.m?ts\b/g) ?? []).map(textOf).join('\n')
  const options = args.filter((word) => /^--./.test(word)).map((word) => word.slice(2))
  return options.filter((name) => !new RegExp(`\\b${name}\\b`).test(source)).map((name) => `nothing reads --${name}`)
}

function npxProblems(words: Words): readonly string[] {
  const [tool, ...rest] = words.filter((word) => word !== '--' && !word.startsWith('--conditions='))
  if (tool === 'vitest' && rest[0] === 'run')
    return rest.slice(1).flatMap((word) => (word === '--update' ? [] : absent(word)))
  return tool === 'node' ? unread(rest[0] ?? '', rest.slice(1)) : [`npx ${words.join(' ')} is not known`]
}

function absent(path: string): readonly string[] {
  return existsSync(join(root, path)) ? [] : [`there is no ${path}`]
}

const own: Words[] = []

test.each(shell.map((block) => [nameOf(block), block] as const))('%s shows commands that there are', (_, { text }) => {
  for (const words of commandsIn(text))
    expect(
      problemsOf(words, (ours) => own.push(ours)),
      words.join(' '),
    ).toEqual([])
})

test('the program itself is in many of them', () => expect(own.length).toBeGreaterThan(40))

test('commands within sentences and tables are such, too', () => {
  const spans = pages().flatMap((page) =>
    [...textOf(page).matchAll(/`((?:npm|npx|circleci-audit-forwarder) [^`\n]+)`/g)].map(([, span = '']) => [
      page,
      span,
    ]),
  )
  expect(spans.length).toBeGreaterThan(30)
  const wrong = spans.flatMap(([page, span = '']) =>
    commandsIn(span).flatMap((words) => problemsOf(words).map((problem) => `${page}: ${span}: ${problem}`)),
  )
  expect(wrong).toEqual([])
})

test('every file of the project that a command names is there, and what is read from a file is shown', () => {
  const words = shell.flatMap((block) =>
    commandsIn(block.text).flatMap((one) => one.map((word) => [block, word] as const)),
  )
  const ours = words.filter(([, word]) => /^(deploy\/[a-z]+|docs|src|test|exporters)\//.test(word))
  expect(ours.length).toBeGreaterThan(5)
  for (const [block, path] of ours) expect(absent(path), nameOf(block)).toEqual([])
  const read = words.flatMap(([block, word]) =>
    [...word.matchAll(/^file:\/\/(.*)$/g)].map(([, file]) => [block, file] as const),
  )
  expect(read.length).toBeGreaterThan(3)
  for (const [block, file] of read)
    expect(textOf(block.page).includes(`\`${file}\``), `${nameOf(block)}: ${file}`).toBe(true)
})

test.each([
  ['circleci-audit-forwarder statsu', 'no command statsu'],
  ['circleci-audit-forwarder doctor --canaries', 'unknown option'],
  ['circleci-audit-forwarder gaps explain', 'missing required argument'],
  ['circleci-audit-forwarder backfill --from yesterday', 'is no time'],
  ['sudo circleci-audit-forwarder validate x', 'too many arguments'],
  ['npm start -- --onec', 'unknown option'],
  ['docker run --rm -v "$PWD/a:/a" circleci-audit-forwarder doktor', 'no command doktor'],
  ['kubectl -n a exec deploy/b -- circleci-audit-forwarder status --json --no', 'unknown option'],
  ['npm run simulat', 'no script simulat'],
  ['npm run simulate -- --sead 1', 'nothing reads --sead'],
  ['npx vitest run test/nowhere.test.ts', 'there is no test/nowhere.test.ts'],
  ['kubectl create secret generic a --from-litteral=b=c', '--from-litteral is no option'],
  ['docker ps', 'no command known'],
  ['tar -cxf a', '-x is no option'],
  ['echo "$(whoami)"', 'no command known'],
])('the test sees that %s is wrong', (line, problem) => {
  expect(
    commandsIn(line)
      .flatMap((words) => problemsOf(words))
      .join(),
  ).toContain(problem)
})
