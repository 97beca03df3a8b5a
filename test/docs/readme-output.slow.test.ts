// What the first page tells a newcomer to type is typed, as it stands there, in a checkout of its own, and what it says will
// be seen is seen. (That `npm ci` brings what is needed is shown where a fresh clone is installed.)
import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { blocksIn } from './blocks.ts'
import { textOf } from './checkout.ts'
import { CheckoutCopy } from './checkout-copy.ts'
import { notPrinted, printedLines, shownLines } from './shown.ts'

const hasTerminal = spawnSync('script', ['-qec', 'true', '/dev/null'], { stdio: 'ignore' }).status === 0
if (!hasTerminal) console.warn('no `script` here: what the README shows of a terminal is not compared')

const blocks = blocksIn(/^README\.md$/)
const shown = blocks.filter(({ language }) => language === '')
const operations = blocksIn(/^docs\/operations\.md$/).find(({ text }) => text.startsWith('DESTINATION'))!

/** Commands of the table as they are printed; those after a comma are printed without their beginning. */
const listed = [...textOf('README.md').matchAll(/^\| (`npm start -- [^|]*) \|/gm)].flatMap(([, cell = '']) =>
  [...cell.matchAll(/`([^`]+)`/g)].map(([, command = '']) =>
    command.startsWith('npm ') ? command : `npm start -- ${command}`,
  ),
)
/** What a reader puts in place of a name in capitals; a command that needs what only the reader has is not typed. */
const filled = (command: string): string => command.replace('STORE', 'deploy/quickstart/bucket')
const theirs = /my\.yaml|FILE/
/** Printed beside the quick start's state; what prints the same wherever it runs has tests of its own. */
const looking = /profile|quarantine list|status|backfill/
const reading = listed.filter((command) => looking.test(command)).map(filled)

describe('README.md', () => {
  let copy: CheckoutCopy
  beforeAll(async () => {
    copy = await CheckoutCopy.make()
  }, 120_000)
  afterAll(() => copy.remove())

  test('every block that shows output is looked at', () => {
    expect(shown).toHaveLength(1)
    expect(shownLines(shown[0]!.text).length).toBeGreaterThan(10)
    expect(listed.length).toBeGreaterThan(12)
    expect(listed.filter((command) => theirs.test(command))).toHaveLength(2)
  })

  test.skipIf(!hasTerminal)(
    'the quick start shows on a terminal what the page shows, and Ctrl-C ends it well',
    async () => {
      const [, command = ''] = /^npm ci && (npm start)$/m.exec(textOf('README.md')) ?? []
      const { out, code } = await copy.onTerminal(command, 'stop with Ctrl-C')
      expect(notPrinted(shown[0]!.text, out)).toEqual([])
      const summary = shownLines(shown[0]!.text)
        .slice(-6)
        .map((line) => line.split(' ')[0])
      const printed = printedLines(out).map((line) => line.split(' ')[0])
      expect(printed.slice(printed.indexOf('read')).filter((word) => summary.includes(word))).toEqual(summary)
      expect(code).toBe(0)
    },
    60_000,
  )

  test('what was delivered once is not delivered again', async () => {
    expect(listed).toContain('npm start -- run --once')
    const { err, code } = await copy.run('npm start -- run --once')
    expect(err).toMatch(/^file {5}424 delivered, 4 duplicates removed, 0 filtered, 1 quarantined; complete up to 20/m)
    expect(code).toBe(0)
  }, 120_000)

  test('commands of the table that look at what there is, and one that asks for more, run as they are printed', async () => {
    expect(reading).toHaveLength(4)
    const answers = await Promise.all(reading.map(async (command) => [command, await copy.run(command)] as const))
    for (const [command, { out, err, code }] of answers) {
      expect(code, `${command}: ${err}`).toBe(0)
      expect(`${out}${err}`, command).not.toBe('')
    }
  }, 120_000)

  test('status shows what the page on operations shows, where a destination does not answer', async () => {
    copy.edit('deploy/quickstart/config.yaml', (text) =>
      text
        .replace(
          / {2}console: .*\n( {2}file: .*\n)/,
          '$1  otlp_http: { endpoint: "http://127.0.0.1:9", own_records: false }\n',
        )
        .replace('[console, file]', '[file, otlp_http]')
        .replace('ledger.db', 'other.db')
        .replace('events.ndjson', 'other.ndjson'),
    )
    const { code } = await copy.run('npm start -- run --once --timeout 1s')
    expect(code).toBe(1)
    const { out } = await copy.run('npm start -s -- status')
    const columns = (text: string) => {
      const lines = printedLines(text)
      const from = lines.findIndex((line) => line.startsWith('DESTINATION'))
      return lines.slice(from, from + 5).map(volatileLess)
    }
    expect(columns(out)).toEqual(columns(operations.text))
  }, 120_000)
})

/** Without times, how far behind they are, which object was the last, and how wide these make a column. */
function volatileLess(line: string): string {
  return line
    .replace(/ from \S+$/, ' from KEY')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:]+Z(?: +[\d.]+ (?:s|min|h|d)\b)?/g, 'TIME')
    .replaceAll(/ {2,}/g, '  ')
}
