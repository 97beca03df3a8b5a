// ExportLogsServiceResponse, in both encodings: how many records a receiver did not take, and why. A receiver that
// answers 200 with something else is none (a login page, a proxy): such an answer is `undefined` here.
// Source: opentelemetry-proto, docs/specification.md "Full Success", "Partial Success"; logs_service.proto.
import { type HttpResponse, isHtml } from '@circleci-audit-forwarder/contract'

/** What a 2xx says beside its status. Source: https://opentelemetry.io/docs/specs/otlp/#partial-success-1. */
export interface PartialSuccess {
  /** Records not taken. The protocol does not say which. */
  readonly rejected: number
  readonly message: string
}

const nothingRejected: PartialSuccess = { rejected: 0, message: '' }

/**
 * Reads a 2xx answer. `cut`: it begins as one and ends too early, before it says what was refused. Undefined when it is
 * no OTLP answer.
 */
export function readResponse(answer: HttpResponse): PartialSuccess | 'cut' | undefined {
  if (answer.bytes.length === 0) return nothingRejected
  if (isHtml(answer)) return undefined
  const type = `${answer.headers['content-type'] ?? ''}`.toLowerCase()
  if (type.includes('protobuf')) return fromProto(answer)
  return answer.body.trimStart().startsWith('{') ? fromJson(answer.body) : undefined
}

function fromJson(text: string): PartialSuccess | 'cut' | undefined {
  const parsed = parse(text)
  if (parsed === undefined) return fromHalfJson(text)
  if (!isObject(parsed)) return undefined
  const partial = parsed['partialSuccess'] ?? parsed['partial_success']
  if (partial === undefined || partial === null) return nothingRejected
  if (!isObject(partial)) return undefined
  const count = partial['rejectedLogRecords'] ?? partial['rejected_log_records'] ?? 0
  const message = partial['errorMessage'] ?? partial['error_message'] ?? ''
  return /^\d+$/.test(String(count)) ? { rejected: Number(count), message: String(message) } : undefined
}

/** A message of more than is kept of an answer must not hide the count before it. */
function fromHalfJson(text: string): PartialSuccess | 'cut' {
  const count = /"rejected(?:LogRecords|_log_records)"\s*:\s*"?(\d+)["\s,}]/.exec(text)?.[1]
  const message = /"error(?:M|_m)essage"\s*:\s*"(.*)/s.exec(text)?.[1] ?? ''
  return count === undefined ? 'cut' : { rejected: Number(count), message }
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

function fromProto(answer: HttpResponse): PartialSuccess | 'cut' | undefined {
  const outer = readFields(answer.bytes)
  const partial = outer?.values.get(1)
  if (outer === undefined || typeof partial === 'number') return undefined
  if (partial === undefined) return outer.whole ? nothingRejected : 'cut'
  const inner = readFields(partial)
  const rejected = inner?.values.get(1) ?? 0
  const message = inner?.values.get(2) ?? new Uint8Array()
  if (inner === undefined || typeof rejected !== 'number' || typeof message === 'number') return undefined
  if (!outer.whole && rejected === 0) return 'cut'
  return { rejected, message: shown(message, answer) }
}

/** In an answer's text secrets are masked, in its bytes they are not: what only the bytes have is not to be told. */
function shown(message: Uint8Array, { body }: HttpResponse): string {
  const text = Buffer.from(message).toString('utf8')
  return body.includes(text) ? text : 'the reason it gave quotes a secret'
}

interface Fields {
  /** The last value of each field: a number for varints, bytes for the rest, as far as there are any. */
  readonly values: ReadonlyMap<number, number | Uint8Array>
  readonly whole: boolean
}

/** Undefined when this is no message, nor the beginning of one. */
function readFields(bytes: Uint8Array): Fields | undefined {
  const values = new Map<number, number | Uint8Array>()
  let at = 0
  while (at < bytes.length) {
    const tag = readVarint(bytes, at)
    if (tag === undefined) return { values, whole: false }
    if (![0, 1, 2, 5].includes(tag.value & 7)) return undefined
    const value = readValue(bytes, tag.end, tag.value & 7)
    if (value === undefined) return { values, whole: false }
    values.set(tag.value >>> 3, value.value)
    at = value.end
  }
  return { values, whole: at === bytes.length }
}

function readValue(bytes: Uint8Array, at: number, wireType: number) {
  if (wireType === 0) return readVarint(bytes, at)
  const length = wireType === 2 ? readVarint(bytes, at) : { value: wireType === 1 ? 8 : 4, end: at }
  if (length === undefined) return undefined
  const end = length.end + length.value
  return { value: bytes.subarray(length.end, end), end }
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
