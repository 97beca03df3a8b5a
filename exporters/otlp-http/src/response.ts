// ExportLogsServiceResponse, in both encodings: how many records a receiver did not take, and why. A receiver that
// answers 200 with something else is none (a login page, a proxy): such an answer is `undefined` here.
// Source: opentelemetry-proto, docs/specification.md "Full Success", "Partial Success"; logs_service.proto.
import type { HttpResponse } from '@circleci-audit-forwarder/contract'

export interface PartialSuccess {
  /** Records not taken. The protocol does not say which. */
  readonly rejected: number
  readonly message: string
}

const nothingRejected: PartialSuccess = { rejected: 0, message: '' }

/** Reads a 2xx answer; undefined when it is no OTLP answer. */
export function readResponse(answer: HttpResponse): PartialSuccess | undefined {
  if (answer.bytes.length === 0) return nothingRejected
  const type = `${answer.headers['content-type'] ?? ''}`.toLowerCase()
  if (type.includes('protobuf')) return fromProto(answer.bytes)
  if (type.includes('json') || answer.body.trimStart().startsWith('{')) return fromJson(answer.body)
  return undefined
}

function fromJson(text: string): PartialSuccess | undefined {
  const parsed = parse(text)
  if (!isObject(parsed)) return undefined
  const partial = parsed['partialSuccess'] ?? parsed['partial_success']
  if (partial === undefined || partial === null) return nothingRejected
  if (!isObject(partial)) return undefined
  const count = partial['rejectedLogRecords'] ?? partial['rejected_log_records'] ?? 0
  const message = partial['errorMessage'] ?? partial['error_message'] ?? ''
  const rejected = Number(count)
  if (!Number.isInteger(rejected) || rejected < 0) return undefined
  return { rejected, message: String(message) }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function fromProto(bytes: Uint8Array): PartialSuccess | undefined {
  const fields = readFields(bytes)
  if (fields === undefined) return undefined
  const partial = fields.get(1)
  if (partial === undefined) return nothingRejected
  const inner = typeof partial === 'number' ? undefined : readFields(partial)
  if (inner === undefined) return undefined
  const rejected = inner.get(1) ?? 0
  const message = inner.get(2) ?? new Uint8Array()
  if (typeof rejected !== 'number' || typeof message === 'number') return undefined
  return { rejected, message: Buffer.from(message).toString('utf8') }
}

/** The last value of each field: a number for varints, bytes for the rest. Undefined when this is no message. */
function readFields(bytes: Uint8Array): ReadonlyMap<number, number | Uint8Array> | undefined {
  const fields = new Map<number, number | Uint8Array>()
  for (let at = 0; at < bytes.length; ) {
    const tag = readVarint(bytes, at)
    if (tag === undefined) return undefined
    const value = readValue(bytes, tag.end, tag.value & 7)
    if (value === undefined) return undefined
    fields.set(tag.value >>> 3, value.value)
    at = value.end
  }
  return fields
}

function readValue(bytes: Uint8Array, at: number, wireType: number) {
  if (wireType === 0) return readVarint(bytes, at)
  const length = wireType === 2 ? readVarint(bytes, at) : fixedLength(wireType, at)
  if (length === undefined || length.end + length.value > bytes.length) return undefined
  const end = length.end + length.value
  return { value: bytes.subarray(length.end, end), end }
}

function fixedLength(wireType: number, end: number): { value: number; end: number } | undefined {
  if (wireType === 1) return { value: 8, end }
  return wireType === 5 ? { value: 4, end } : undefined
}

function readVarint(bytes: Uint8Array, at: number): { value: number; end: number } | undefined {
  let value = 0
  for (let index = 0; index < 10; index++) {
    const byte = bytes[at + index]
    if (byte === undefined) return undefined
    value += (byte & 0x7f) * 2 ** (7 * index)
    if (byte < 0x80) return { value, end: at + index + 1 }
  }
  return undefined
}
