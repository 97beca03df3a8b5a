// Every exporter of the registry as the goldens know it: the settings it is made with, and how its vendor says yes. The
// bytes are those of a request as it arrives, one record each, or of what stands in the file.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Exporter, type ExporterModule, type LogRecord, recordId } from '@circleci-audit-forwarder/contract'
import { canaryGuid, canaryHex, FakeServer, type VendorAnswer } from '@circleci-audit-forwarder/contract/testing'
import { z } from 'zod'
import { exporters } from '../../src/cli/components.ts'

/** Half an hour after most events of the corpus happened, and late for some of them. */
export const NOW = 1_772_635_000_000
const never = new AbortController().signal

/** How one destination is made, and its vendor's yes. */
export interface Plan {
  readonly type: string
  readonly settings: object
  readonly yes: VendorAnswer
}

const json = { 'content-type': 'application/json', date: new Date(NOW).toUTCString() }
const protobuf = { 'content-type': 'application/x-protobuf' }
const hec = { status: 200, headers: json, body: '{"text":"Success","code":0}' }
const inserted = { status: 200, headers: { 'x-clickhouse-query-id': 'q' } }

/** Where the settings or the vendor's yes matter, by the name of the golden file. */
const told: Readonly<Record<string, Plan>> = {
  'clickhouse.circleci_audit_logs': { type: 'clickhouse', settings: { source_id: 'circleci' }, yes: inserted },
  'clickhouse.otel_logs': { type: 'clickhouse', settings: { layout: 'otel_logs' }, yes: inserted },
  'console.text': { type: 'console', settings: { format: 'text' }, yes: { status: 200 } },
  datadog: { type: 'datadog', settings: { api_key: canaryHex(0xdd) }, yes: { status: 202, headers: json, body: '{}' } },
  file: { type: 'file', settings: {}, yes: { status: 200 } },
  // One with the original text and one without: with it, JSON says everything twice.
  'otlp_http.json': {
    type: 'otlp_http',
    settings: { original: false },
    yes: { status: 200, headers: json, body: '{}' },
  },
  'otlp_http.proto': { type: 'otlp_http', settings: { encoding: 'proto' }, yes: { status: 200, headers: protobuf } },
  rapid7: { type: 'rapid7', settings: { token: canaryGuid(1) }, yes: { status: 204 } },
  splunk_hec: { type: 'splunk_hec', settings: { token: canaryGuid(1), ack: 'off', index: 'audit' }, yes: hec },
}

/** By the name of the golden file; an exporter nobody has told anything of is there under its type. */
export const plans: Readonly<Record<string, Plan>> = { ...told, ...guessed() }

function guessed(): Readonly<Record<string, Plan>> {
  const known = new Set(Object.values(told).map(({ type }) => type))
  const others = exporters.filter(({ type }) => !known.has(type))
  return Object.fromEntries(
    others.map(({ type, schema }) => [type, { type, settings: required(schema), yes: { status: 200 } }]),
  )
}

interface Property {
  readonly type?: string
  readonly enum?: readonly unknown[]
}

/** What a schema asks for, invented. A GUID will do for any credential. */
export function required(schema: z.ZodType): object {
  const { properties = {}, required: names = [] } = z.toJSONSchema(schema, { io: 'input' }) as {
    readonly properties?: Readonly<Record<string, Property>>
    readonly required?: readonly string[]
  }
  const values = { string: canaryGuid(1), number: 1, integer: 1, boolean: true, array: [], object: {} }
  const invented = names.map((name) => {
    const { type = 'string', enum: choices } = properties[name] ?? {}
    return [name, choices?.[0] ?? Reflect.get(values, type)]
  })
  return { ...Object.fromEntries(invented), ...('endpoint' in properties && { endpoint: 'http://127.0.0.1:1' }) }
}

/** What a destination gets. */
export interface Taker {
  /** The bytes of one record, sent alone. */
  bytesOf(record: LogRecord): Promise<Buffer>
  close(): Promise<void>
}

export async function takerOf({ type, settings, yes }: Plan): Promise<Taker> {
  const module = exporters.find((each) => each.type === type)
  if (module === undefined) throw new Error(`${type} is not in the registry`)
  if (type === 'console' || !Object.values(told).some((plan) => plan.type === type))
    return encoded(made(module, settings))
  return type === 'file' ? onDisk(module, settings) : overHttp(module, settings, yes)
}

const made = (module: ExporterModule, settings: object): Exporter => module.create(module.schema.parse(settings))

/** Standard output belongs to the tests, and how others say yes is not known: what is encoded is what they would get. */
function encoded(exporter: Exporter): Taker {
  return { bytesOf: async (record) => Buffer.from(exporter.encode(record).bytes), close: () => exporter.close() }
}

async function overHttp(module: ExporterModule, settings: object, yes: VendorAnswer): Promise<Taker> {
  const server = await FakeServer.start(() => yes)
  const exporter = made(module, { endpoint: server.url, compression: 'none', ...settings })
  return {
    bytesOf: async (record) => {
      const before = server.arrived.length
      await deliver(exporter, record)
      // After it there may be questions, which bring no record.
      const [request, ...others] = server.arrived.slice(before)
      const id = String(recordId(record))
      if (request === undefined || others.some(({ body }) => body.includes(id)))
        throw new Error(`${id} is no one request`)
      return request.body
    },
    close: async () => {
      await exporter.close()
      await server.stop()
    },
  }
}

function onDisk(module: ExporterModule, settings: object): Taker {
  const folder = mkdtempSync(join(tmpdir(), 'golden-'))
  const path = join(folder, 'audit.jsonl')
  const exporter = made(module, { path, ...settings })
  let read = 0
  return {
    bytesOf: async (record) => {
      await deliver(exporter, record)
      const written = readFileSync(path).subarray(read)
      read += written.length
      return written
    },
    close: async () => {
      await exporter.close()
      rmSync(folder, { recursive: true })
    },
  }
}

async function deliver(exporter: Exporter, record: LogRecord): Promise<void> {
  const outcome = await exporter.send({ members: [exporter.encode(record)], token: 't', now: NOW }, never)
  if (outcome.status !== 'delivered') throw new Error(JSON.stringify(outcome))
}
