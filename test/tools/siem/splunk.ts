// As much of Splunk as it takes to find an alarm: what HEC was sent becomes events with the fields that Splunk would extract
// from them (those beside the event, indexed ones, and the event's JSON by path), and a search goes over them as SPL says.
// What is not known of the language is refused aloud, so that a search is never found to work because a part was skipped.
// Source: Splunk documentation, "Search Reference": search, rename, sort, dedup, where, table.
import { flat, literal, type Row } from './flat.ts'

/** One event of a request to the HTTP Event Collector. */
export interface Envelope {
  readonly time: number
  readonly index?: string
  readonly source?: string
  readonly sourcetype?: string
  readonly fields?: Readonly<Record<string, unknown>>
  readonly event: unknown
}

/** The envelopes of a body, one a line. */
export function envelopes(body: string): readonly Envelope[] {
  const lines = body.split('\n').filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line) as Envelope)
}

/** What Splunk knows of an event, by name. */
export function fieldsOf({ time, index, source, sourcetype, fields, event }: Envelope): Row {
  const beside = { index, source, sourcetype, ...fields }
  return { _time: String(time), ...flat('', event), ...flat('', beside) }
}

/** What a search finds. @param now in milliseconds since 1970, for `earliest` */
export function searchSplunk(spl: string, events: readonly Envelope[], now: number): readonly Row[] {
  const [first = '', ...commands] = spl.split(/\s*\n?\s*\|\s*/).map((part) => part.trim())
  const found = events.map(fieldsOf).filter((row) => passes(first, row, now))
  return commands.reduce<readonly Row[]>((rows, command) => run(command, rows), found)
}

/** `a=b c="d*"`: all of them. */
function passes(terms: string, row: Row, now: number): boolean {
  const all = terms.match(/[\w.]+=(?:"[^"]*"|[^\s"]+)|\S+/g) ?? []
  return all.every((term) => {
    const [, field = '', value = ''] = /^([\w.]+)="?([^"]*)"?$/.exec(term) ?? []
    if (field === '') throw new Error(`no term of a search: ${term}`)
    if (field === 'earliest') return Number(row['_time']) * 1000 >= now - daysMs(value)
    return like(value).test(row[field] ?? '')
  })
}

function daysMs(relative: string): number {
  const [, days] = /^-(\d+)d$/.exec(relative) ?? []
  if (days === undefined) throw new Error(`no time: ${relative}`)
  return Number(days) * 86_400_000
}

/** Splunk compares values without regard to case. */
function like(pattern: string): RegExp {
  return new RegExp(`^${pattern.split('*').map(literal).join('.*')}$`, 'is')
}

function run(command: string, rows: readonly Row[]): readonly Row[] {
  const renamed = /^rename "?([\w.]+)\.\*"? AS "?([\w.]+)\.\*"?$/.exec(command)
  if (renamed !== null) return rows.map((row) => rename(row, `${renamed[1]}.`, `${renamed[2]}.`))
  const sort = /^sort 0 -(\w+), \+(\w+)$/.exec(command)
  if (sort !== null) return rows.toSorted(byBoth(sort[1] ?? '', sort[2] ?? ''))
  const dedup = /^dedup ([\w.]+)$/.exec(command)
  if (dedup !== null) return firstOfEach(rows, dedup[1] ?? '')
  const table = /^table ([\w. ]+)$/.exec(command)
  if (table !== null) return rows.map((row) => only(row, (table[1] ?? '').split(' ')))
  const where = /^where (\w+)="([^"]*)"$/.exec(command)
  if (where !== null) return rows.filter((row) => row[where[1] ?? ''] === where[2])
  throw new Error(`no command of this search: ${command}`)
}

function rename(row: Row, from: string, to: string): Row {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name.startsWith(from) ? to + name.slice(from.length) : name, value]),
  )
}

/** Numbers, largest first; where they are the same, texts in order. */
function byBoth(number: string, text: string): (a: Row, b: Row) => number {
  return (a, b) => Number(b[number]) - Number(a[number]) || ((a[text] ?? '') < (b[text] ?? '') ? -1 : 1)
}

/** The first row of each value; rows without one are left out. */
function firstOfEach(rows: readonly Row[], field: string): readonly Row[] {
  const groups = Map.groupBy(
    rows.filter((row) => row[field] !== undefined),
    (row) => row[field],
  )
  return [...groups.values()].flatMap((group) => group.slice(0, 1))
}

function only(row: Row, fields: readonly string[]): Row {
  return Object.fromEntries(fields.flatMap((name) => (row[name] === undefined ? [] : [[name, row[name]]])))
}
