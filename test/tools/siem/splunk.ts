// As much of Splunk as it takes to find an alarm: what HEC was sent becomes events with the fields that Splunk would extract
// from them (those beside the event, indexed ones, and the event's JSON by path), and a search goes over them as SPL says.
// What is not known of the language is refused aloud, so that a search is never found to work because a part was skipped.
// Source: Splunk documentation, "Search Reference": search, rename, stats, where.

/** One event of a request to the HTTP Event Collector. */
export interface Envelope {
  readonly time: number
  readonly index?: string
  readonly source?: string
  readonly sourcetype?: string
  readonly fields?: Readonly<Record<string, unknown>>
  readonly event: unknown
}

export type Row = Readonly<Record<string, string>>

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

function flat(path: string, value: unknown): Record<string, string> {
  if (value === null || value === undefined) return {}
  if (typeof value !== 'object') return { [path]: String(value) }
  const inner = Object.entries(value).map(([name, one]) => flat(path === '' ? name : `${path}.${name}`, one))
  return Object.assign({}, ...inner)
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

function literal(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

function run(command: string, rows: readonly Row[]): readonly Row[] {
  const renamed = /^rename "?([\w.]+)\.\*"? AS "?([\w.]+)\.\*"?$/.exec(command)
  if (renamed !== null) return rows.map((row) => rename(row, `${renamed[1]}.`, `${renamed[2]}.`))
  const stats = /^stats (.*) BY ([\w.]+)$/.exec(command)
  if (stats !== null) return latest(rows, stats[1] ?? '', stats[2] ?? '')
  const where = /^where (\w+)="([^"]*)"$/.exec(command)
  if (where !== null) return rows.filter((row) => row[where[1] ?? ''] === where[2])
  throw new Error(`no command of this search: ${command}`)
}

function rename(row: Row, from: string, to: string): Row {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name.startsWith(from) ? to + name.slice(from.length) : name, value]),
  )
}

/** `latest(a) AS b …`, by one field; rows without it are left out. */
function latest(rows: readonly Row[], functions: string, by: string): readonly Row[] {
  const wanted = [...functions.matchAll(/(\w+)\(([\w.]+)\) AS (\w+)\s*/g)]
  const known = wanted.map(([text]) => text).join('')
  if (known !== functions || wanted.some(([, name]) => name !== 'latest')) throw new Error(`no functions: ${functions}`)
  const groups = Map.groupBy(
    rows.filter((row) => row[by] !== undefined),
    (row) => row[by] as string,
  )
  return [...groups].map(([id, group]) => {
    const sorted = group.toSorted((a, b) => Number(b['_time']) - Number(a['_time']))
    const values = wanted.flatMap(([, , field = '', name = '']) => {
      const value = sorted.find((row) => row[field] !== undefined)?.[field]
      return value === undefined ? [] : [[name, value]]
    })
    return { [by]: id, ...Object.fromEntries(values) }
  })
}
