// A receiver as strict as the Collector's: what it cannot read makes it refuse the whole request, all records of it.
// JSON is read by JSON.parse and held to the types of logs.proto and common.proto; protobuf by the classes generated for
// another release. Source: Collector pdata, plog/json.go (jsoniter: an integer beyond its type is an error).
import type { Arrived } from '@circleci-audit-forwarder/contract/testing'
import { decodeProto } from './receiver.ts'

type Json = Readonly<Record<string, unknown>>

const most = { uint32: 2 ** 32 - 1, int32: 2 ** 31 - 1, uint64: 2n ** 64n - 1n, int64: 2n ** 63n - 1n }

/** Why the receiver answers 400; undefined when it takes the request. */
export function refusal(request: Pick<Arrived, 'headers' | 'body'>): string | undefined {
  try {
    if (request.headers['content-type'] === 'application/x-protobuf') decodeProto(request.body)
    else readRequest(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(request.body), withDigits))
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** Integers are judged by their digits: as a number they would be rounded to what may fit again. */
function withDigits(key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return key === 'intValue' && typeof value === 'number' && /^-?\d+$/.test(context?.source ?? '')
    ? context?.source
    : value
}

function readRequest(request: Json): void {
  for (const group of listOf(request['resourceLogs'])) {
    const resource = mapOf(group['resource'])
    readAttributes(resource['attributes'])
    integer(resource['droppedAttributesCount'] ?? 0, 'uint32')
    for (const scoped of listOf(group['scopeLogs'])) readScope(scoped)
  }
}

function readScope(scoped: Json): void {
  const scope = mapOf(scoped['scope'])
  optionalText(scope['name'])
  optionalText(scope['version'])
  optionalText(scoped['schemaUrl'])
  readAttributes(scope['attributes'] ?? [])
  integer(scope['droppedAttributesCount'] ?? 0, 'uint32')
  for (const record of listOf(scoped['logRecords'])) readRecord(record)
}

function readRecord(record: Json): void {
  integer64(record['timeUnixNano'], 0n, most.uint64)
  integer64(record['observedTimeUnixNano'], 0n, most.uint64)
  integer(record['severityNumber'] ?? 0, 'int32')
  integer(record['droppedAttributesCount'] ?? 0, 'uint32')
  integer(record['flags'] ?? 0, 'uint32')
  for (const name of ['severityText', 'eventName']) optionalText(record[name])
  hex(record['traceId'], 32)
  hex(record['spanId'], 16)
  if (record['body'] !== undefined) readValue(record['body'])
  readAttributes(record['attributes'])
}

function readAttributes(pairs: unknown): void {
  for (const pair of listOf(pairs)) {
    if (typeof pair['key'] !== 'string') throw new Error('a key that is no string')
    readValue(pair['value'])
  }
}

const readers: Readonly<Record<string, (value: unknown) => void>> = {
  stringValue: optionalText,
  boolValue: (value) => expectType(value, 'boolean'),
  intValue: (value) => integer64(value, -(2n ** 63n), most.int64),
  doubleValue: (value) => expectType(value, 'number'),
  bytesValue: optionalText,
  arrayValue: (value) => {
    for (const item of listOf(mapOf(value)['values'])) readValue(item)
  },
  kvlistValue: (value) => readAttributes(mapOf(value)['values']),
}

function readValue(value: unknown): void {
  for (const [kind, content] of Object.entries(mapOf(value))) {
    const read = readers[kind]
    if (read === undefined) throw new Error(`unknown kind of value: ${kind}`)
    read(content)
  }
}

function integer(value: unknown, type: 'uint32' | 'int32'): void {
  const sound = Number.isInteger(value) && (value as number) >= 0 && (value as number) <= most[type]
  if (!sound) throw new Error(`${value} is no ${type}`)
}

function integer64(value: unknown, least: bigint, greatest: bigint): void {
  const isWhole = typeof value === 'string' ? /^-?\d+$/.test(value) : Number.isInteger(value)
  if (!isWhole) throw new Error(`${JSON.stringify(value)} is no integer`)
  const whole = BigInt(value as string | number)
  if (whole < least || whole > greatest) throw new Error(`${whole} is beyond 64 bits`)
}

function hex(value: unknown, digits: number): void {
  if (value !== undefined && !(typeof value === 'string' && /^[0-9a-f]*$/i.test(value) && value.length === digits)) {
    throw new Error('an id that is not hexadecimal')
  }
}

function optionalText(value: unknown): void {
  if (value === undefined) return
  expectType(value, 'string')
  if (!(value as string).isWellFormed()) throw new Error('a string that is no UTF-8')
}

function expectType(value: unknown, type: string): void {
  if (typeof value !== type) throw new Error(`${JSON.stringify(value)} is no ${type}`)
}

function mapOf(value: unknown): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('no object')
  return value as Json
}

function listOf(value: unknown): readonly Json[] {
  if (!Array.isArray(value)) throw new Error('no list')
  return value.map(mapOf)
}
