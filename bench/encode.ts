// What encoding costs, per destination: encoding a record against JSON.stringify and a Buffer of the very same body. The
// body is what the exporter made, parsed back; for protobuf it is the same request's content in JSON. Both are measured in turns in one process, so that a slow moment of the machine falls on both; the median of the
// rounds counts. CPU time, garbage collection included.
import { createHash } from 'node:crypto'
import type { Exporter, ExporterModule, LogRecord } from '@circleci-audit-forwarder/contract'
import { exporters } from '../src/cli/components.ts'
import { mapEvent, mappingOptions } from '../src/mapping/map.ts'
import { event } from './corpus.ts'

/** What print takes: one row per exporter. */
export interface Table {
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

const token = '11111111-2222-4333-8444-555555555555'
const endpoint = 'http://127.0.0.1:1'

/** Settings with which an exporter can be made. It opens no connection and no file; nothing is sent. */
const settings: Readonly<Record<string, readonly (readonly [string, object])[]>> = {
  clickhouse: [['clickhouse', { endpoint, database: 'd', table: 't', username: 'u', password: 'p' }]],
  console: [['console json', { format: 'json' }]],
  datadog: [['datadog', { site: 'datadoghq.com', api_key: '0123456789abcdef0123456789abcdef' }]],
  file: [['file', { path: '/nonexistent/audit.jsonl' }]],
  otlp_http: [
    ['otlp_http json', { endpoint, encoding: 'json' }],
    ['otlp_http proto', { endpoint, encoding: 'proto' }],
  ],
  rapid7: [['rapid7', { region: 'eu', token }]],
  splunk_hec: [['splunk_hec', { endpoint, token, index: 'audit' }]],
}

const RECORDS = 1_000
const WARM_UP = 20
const ROUNDS = 41

/** Measures every exporter of the registry, or one type. Takes a second or two for each. */
export async function encodeTable(type?: string): Promise<Table> {
  const records = corpus()
  const rows: string[][] = []
  for (const module of exporters.filter((one) => type === undefined || one.type === type)) {
    let bodies: readonly unknown[] = []
    for (const [name, some] of settingsOf(module)) {
      const exporter = module.create(module.schema.parse(some))
      bodies = bodiesOf(exporter, records) ?? bodies
      rows.push(measure(name, exporter, records, bodies))
      await exporter.close()
    }
  }
  return { head: ['destination', 'bytes/record', 'encode µs', 'JSON.stringify µs', 'ratio'], rows }
}

function settingsOf({ type }: ExporterModule): readonly (readonly [string, object])[] {
  const known = settings[type]
  if (known === undefined) throw new Error(`no settings to make an exporter ${type} with: add some to bench/encode.ts`)
  return known
}

function corpus(): readonly LogRecord[] {
  const seenAt = Date.parse('2026-03-02T08:00:00Z')
  const source = { store: 's3://acme-circleci-audit', key: 'year=2026/month=03/day=02/hour=08/x', seenAt }
  const options = mappingOptions('0.0.0')
  return Array.from({ length: RECORDS }, (_, line) => {
    const text = JSON.stringify(event(line, seenAt))
    const place = {
      from: 0,
      to: text.length,
      offset: 0,
      line: line + 1,
      sha256: createHash('sha256').update(text).digest('hex'),
    }
    return mapEvent({ ...place, text, event: JSON.parse(text) }, source, options)
  })
}

function measure(
  name: string,
  exporter: Exporter,
  records: readonly LogRecord[],
  bodies: readonly unknown[],
): string[] {
  const spent: [number, number][] = []
  for (let round = 0; round < WARM_UP + ROUNDS; round++) {
    const own = cpuUs(() => records.map((record) => exporter.encode(record).bytes))
    const least = cpuUs(() => bodies.map((body) => Buffer.from(JSON.stringify(body))))
    if (round >= WARM_UP) spent.push([own, least])
  }
  const [own, least, ratio] = [
    median(spent.map(([one]) => one / RECORDS)),
    median(spent.map(([, other]) => other / RECORDS)),
    median(spent.map(([one, other]) => one / other)),
  ]
  const bytes = records.reduce((sum, record) => sum + exporter.encode(record).bytes.length, 0) / RECORDS
  return [name, bytes.toFixed(0), own.toFixed(2), least.toFixed(2), ratio.toFixed(2)]
}

/** What the exporter makes of the records, parsed back (some end with a comma); undefined where that is no JSON. */
function bodiesOf(exporter: Exporter, records: readonly LogRecord[]): readonly unknown[] | undefined {
  try {
    return records.map((record) =>
      JSON.parse(Buffer.from(exporter.encode(record).bytes).toString().replace(/,\s*$/, '')),
    )
  } catch {
    return undefined
  }
}

/** CPU time of `work` in microseconds, all threads. Its result is kept until the clock has stopped. */
function cpuUs(work: () => unknown): number {
  const before = process.cpuUsage()
  const result = work()
  const { user, system } = process.cpuUsage(before)
  return result === undefined ? Number.NaN : user + system
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}

if (import.meta.main) {
  const { head, rows } = await encodeTable(process.argv[2])
  for (const row of [head, ...rows]) console.log(row.map((cell) => cell.padEnd(18)).join(''))
}
