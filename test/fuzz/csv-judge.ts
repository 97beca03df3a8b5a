// What must be true once everything is imported, told from what was written and from where things went. It shares no code
// with what reads CSV: it looks for the rows' own bytes and the events' ids.
import { createHash } from 'node:crypto'
import type { QuarantineEntry } from '../../src/ledger/quarantine.ts'
import type { World } from '../pipeline/imports/world.ts'
import type { Written } from './author.ts'
import type { CsvRound, Imported } from './csv-round.ts'

const ids = /[0-9a-f]{8}-0000-4000-8000-[0-9a-f]{12}/gi

export function judged(streamed: readonly Written[], imported: readonly Imported[], world: World): CsvRound {
  const quarantine = world.ledger.quarantine({ limit: 1_000_000 })
  const counts = imported.map(({ report }) => countsOf(report))
  const sum = (of: (count: (typeof counts)[number]) => number): number => counts.reduce((all, one) => all + of(one), 0)
  const known = found(world, quarantine)
  const wrong = [
    ...counts.filter(({ rows, out }) => rows !== out).map(({ rows, out }) => `${rows} rows in, ${out} out`),
    ...accounting(
      streamed,
      sum(({ delivered }) => delivered),
      world,
    ),
    ...imported.flatMap((file) => missing(file, known)),
    ...imported.flatMap((file) => evidence(file, quarantine)),
    ...imported.flatMap(unsound),
  ]
  const [rows, delivered] = [sum((one) => one.rows), sum((one) => one.delivered)]
  return {
    wrong,
    rows,
    delivered,
    duplicates: sum((one) => one.duplicates),
    quarantined: sum((one) => one.quarantined),
  }
}

/** Events in = delivered + duplicates + quarantined. */
function countsOf({ file, destinations }: Imported['report']) {
  const [to] = destinations
  const rows = file.rows + file.unreadable
  const [delivered, quarantined] = [to?.forwarded ?? 0, to?.quarantined ?? 0]
  const duplicates = to?.skipped ?? 0
  return { rows, delivered, duplicates, quarantined, out: delivered + duplicates + quarantined + (to?.filtered ?? 0) }
}

function accounting(streamed: readonly Written[], forwarded: number, world: World): string[] {
  const wrong: string[] = []
  const distinct = new Set(streamed.map(({ id }) => id)).size
  const arrived = world.catcher().arrived
  if (arrived.length !== distinct + forwarded) {
    wrong.push(`${distinct} of the stream and ${forwarded} imported, but ${arrived.length} arrived`)
  }
  const times = Map.groupBy(arrived, ({ id }) => id.toLowerCase())
  for (const [id, some] of times) {
    if (new Set(some.map(({ text }) => timeIn(text))).size < some.length) wrong.push(`arrived twice: ${id}`)
  }
  for (const event of world.told) {
    if (event.type === 'bug')
      wrong.push(`bug in ${event.where}: ${event.error instanceof Error ? event.error.stack : event.error}`)
    if (event.type === 'read_failed') wrong.push(`reading ${event.key} failed: ${event.reason}`)
  }
  return wrong
}

/** To the two seconds within which an id is the same event; without one, every text is an event by itself. */
function timeIn(text: string): unknown {
  const { occurred_at } = JSON.parse(text) as { occurred_at?: unknown }
  // Only what surely is one: Date.parse takes more for a time than CircleCI writes.
  const time = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(String(occurred_at)) ? Date.parse(String(occurred_at)) : Number.NaN
  return Number.isNaN(time) ? Symbol('no time') : Math.round(time / 2_000)
}

/** Every id that can be found in what arrived or in what is kept. */
function found(world: World, quarantine: readonly QuarantineEntry[]): ReadonlySet<string> {
  const texts = [
    ...world.catcher().arrived.map(({ text }) => text),
    ...quarantine.map(({ bytes }) => Buffer.from(bytes ?? []).toString('latin1')),
  ]
  return new Set(texts.flatMap((text) => (text.match(ids) ?? []).map((id) => id.toLowerCase())))
}

/** No event whose row is whole in the file is nowhere. */
function missing({ written, content, isWhole }: Imported, known: ReadonlySet<string>): string[] {
  if (!isWhole) return []
  const absent = written.rows.filter(({ id, text }) => !known.has(id.toLowerCase()) && content.includes(text))
  return absent.map(({ id }) => `${id} is in the file, and neither delivered nor kept`)
}

/** Items follow each other without a gap, and what lies in none of them is line breaks and names of columns. */
function unsound({ content, isWhole, items }: Imported): string[] {
  if (!isWhole) return []
  const wrong: string[] = []
  let [at, own] = [0, 0]
  for (const { from, to, offset, bad } of items) {
    if (from !== at || offset < from || offset > to) wrong.push(`[${from}, ${to}) begins at ${offset} behind ${at}`)
    if (!isNothing(content.subarray(own, offset)))
      wrong.push(`bytes ${own} to ${offset} are in no item: ${content.toString('utf8', own, offset)}`)
    at = to
    own = bad === undefined ? to : offset + bad.length
  }
  if (!isNothing(content.subarray(own))) wrong.push(`bytes from ${own} on are in no item`)
  return wrong
}

/** Names of columns may be damaged, but no value of an event may be among them. */
function isNothing(bytes: Buffer): boolean {
  const text = bytes.toString('latin1')
  const isValue = /(?:^|[,;\t])\s*\d+\s*(?:[,;\t\r\n]|$)|0000-4000-8000|\d{4}-\d\d-\d\dT/.test(text)
  const rest = text.split(/[\r\n]/).filter((line) => !namesColumns(line))
  return !isValue && !/context|secrets|octocat|kept|project|workflow|rename/.test(rest.join('\n'))
}

/** One of whose names became a value, perhaps. */
function namesColumns(line: string): boolean {
  const names = line.split(/[,;\t]/).map((cell) => cell.trim())
  return names.includes('id') && names.includes('occurred_at')
}

/** What is kept of the file is what it holds at that place. */
function evidence({ content, isWhole, report }: Imported, quarantine: readonly QuarantineEntry[]): string[] {
  if (!isWhole) return []
  const mine = quarantine.filter(
    ({ object, destination }) => object?.key === report.file.sha256 && destination === undefined,
  )
  return mine.flatMap(({ offset, length, bytes, sha256, line, reason }) => {
    const place = content.subarray(offset, offset + length)
    const same = bytes === undefined || place.equals(bytes)
    const hash = createHash('sha256').update(place).digest('hex')
    const before = content.subarray(0, offset).filter((byte) => byte === 0x0a).length + 1
    if (same && hash === sha256 && line === before && reason !== '') return []
    return [`what is kept of byte ${offset}, line ${line} (${reason}), is not what is there`]
  })
}
