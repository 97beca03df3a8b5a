// Any value OpenTelemetry carries, and any record, as JSON text on one line. JSON.stringify alone loses or refuses what
// AnyValue may hold (bytes become maps of numbers, NaN becomes null, a BigInt throws) and writes lone surrogates that
// strict readers refuse. A look over the value first is much cheaper than a replacer: nearly all values are plain, and
// those go to JSON.stringify untouched. Rejected: a serializer of our own, slower for the common case.
import { isKnownWellFormed, type LogRecord, ORIGINAL } from './record.ts'
import { utf8Of } from './slab.ts'

/** Values nested deeper than this are replaced by a text that says so: neither recursion nor readers are unbounded. */
const DEPTH_MAX = 64
const TOO_DEEP = `[nested deeper than ${DEPTH_MAX} levels]`

/** What a string may hold that JSON text must not hold as it is. Most strings hold none of it. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters looked for
const SPECIAL = /["\\\u0000-\u001f\u2028\u2029\ud800-\udfff]/

/**
 * JSON text of any value, on one line, well-formed, without U+2028 and U+2029. Never throws. Bytes become base64, BigInt
 * and non-finite numbers decimal strings (as in protobuf's JSON), dates ISO 8601, maps objects, sets arrays.
 */
export function jsonText(value: unknown): string {
  if (typeof value === 'string') return quoted(value)
  if (typeof value === 'number' && Number.isFinite(value)) return String(value)
  const text = JSON.stringify(isPlain(value, DEPTH_MAX) ? value : faithful(value, [])) ?? 'null'
  return oneLineJson(text)
}

/** Well-formed text, known at once for most strings, needs no search for escaped halves of characters. */
function quoted(value: string): string {
  if (!SPECIAL.test(value)) return `"${value}"`
  return value.isWellFormed() ? withoutLineBreaks(JSON.stringify(value)) : oneLineJson(JSON.stringify(value))
}

/** JSON text with the characters that break lines or decoders written as harmless escapes; the rest as it is. */
export function oneLineJson(json: string): string {
  let text = json
  if (text.includes('\\u') && /\\u[dD][89a-fA-F]/.test(text)) text = text.replace(ESCAPE, repairedEscape)
  return withoutLineBreaks(text)
}

function withoutLineBreaks(json: string): string {
  const text = json.includes('\u2028') ? json.replaceAll('\u2028', '\\u2028') : json
  return text.includes('\u2029') ? text.replaceAll('\u2029', '\\u2029') : text
}

/**
 * A whole record as one JSON object: OTLP's field names, times as decimal strings of nanoseconds, attributes as plain
 * objects. Fields the record lacks are absent. `original` is the event's text as read, verbatim.
 */
export function recordJson(record: LogRecord): string {
  return recordParts(record).join('').slice(0, -1)
}

/** The same JSON and a line feed, as UTF-8 bytes. Not to be written to: the bytes lie beside those of other records. */
export function recordLine(record: LogRecord): Uint8Array {
  return utf8Of(recordParts(record))
}

/** The line in parts, to be written one after the other: joining them first would copy the large one once more. */
function recordParts(record: LogRecord): readonly string[] {
  const { hrTime } = record
  const begin = hrTime[0] > 0 ? `{"timeUnixNano":"${nanoseconds(hrTime)}",` : '{'
  return [begin, membersJson(record).slice(1, -1), sharedEnd(record)]
}

let last = { seconds: Number.NaN, nanos: 0, resource: {}, scope: {}, json: '' }

/** What records of one object share, up to the line feed: when they were observed, resource, scope. Kept from one to the next. */
function sharedEnd({ hrTimeObserved: observed, resource, instrumentationScope: scope }: LogRecord): string {
  const isSame = observed[0] === last.seconds && observed[1] === last.nanos
  if (isSame && resource === last.resource && scope === last.scope) return last.json
  const time = observed[0] > 0 ? `,"observedTimeUnixNano":"${nanoseconds(observed)}"` : ''
  const json = [time, ',"resource":', resourceJson(resource), ',"scope":', scopeJson(scope), '}\n'].join('')
  if (!resource.asyncAttributesPending) last = { seconds: observed[0], nanos: observed[1], resource, scope, json }
  return json
}

/**
 * What changes from record to record, as a literal that JSON.stringify writes at one stroke: half of what the same texts
 * cost when they are added up. That holds as long as V8 finds no text in it that is itself a sum of others, as an event
 * name put together with `+` or a template would be.
 */
function membersJson(record: LogRecord): string {
  const { severityNumber, severityText, eventName, body, attributes, droppedAttributesCount, spanContext } = record
  const original = record[ORIGINAL]
  const members = {
    severityNumber: severityNumber || undefined,
    severityText: severityText || undefined,
    eventName: eventName || undefined,
    body,
    attributes,
    droppedAttributesCount: droppedAttributesCount > 0 ? droppedAttributesCount : undefined,
    traceId: spanContext?.traceId,
    spanId: spanContext?.spanId,
    original,
  }
  if (!isPlain(members, DEPTH_MAX + 1)) return jsonText(members)
  const json = JSON.stringify(members)
  const isWellFormed = isKnownWellFormed(record) && (original ?? '').isWellFormed() && isWellFormedText(body)
  return isWellFormed ? withoutLineBreaks(json) : oneLineJson(json)
}

function isWellFormedText(body: unknown): boolean {
  return body === undefined || (typeof body === 'string' && body.isWellFormed())
}

const resources = new WeakMap<object, string>()
const scopes = new WeakMap<object, string>()

/** Resources and scopes are few and shared by many records: each is written once. */
function resourceJson(resource: LogRecord['resource']): string {
  const known = resources.get(resource)
  if (known) return known
  const text = `{"attributes":${jsonText(resource.attributes)}}`
  if (!resource.asyncAttributesPending) resources.set(resource, text)
  return text
}

function scopeJson(scope: LogRecord['instrumentationScope']): string {
  const known = scopes.get(scope)
  if (known) return known
  const { name, version, attributes } = scope
  const text = jsonText({ name, version, attributes })
  scopes.set(scope, text)
  return text
}

function nanoseconds([seconds, nanos]: readonly [number, number]): string {
  return nanos >= 0 && nanos < 1e9 ? `${seconds}${String(1e9 + nanos).slice(1)}` : `${seconds}${nanos}`
}

/** Whether JSON.stringify writes this value as it is. */
function isPlain(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'undefined':
      return true
    case 'number':
      return Number.isFinite(value)
    case 'object':
      return value === null || (depth > 0 && isPlainObject(value, depth - 1))
    default:
      return false
  }
}

function isPlainObject(value: object, depth: number): boolean {
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return Array.isArray(value) && isPlainArray(value, depth)
  return isPlainArray(Object.values(value), depth)
}

function isPlainArray(items: readonly unknown[], depth: number): boolean {
  for (const item of items) {
    if (typeof item !== 'string' && !isPlain(item, depth)) return false
  }
  return true
}

/** A copy that JSON.stringify writes without loss. `path`: the objects this value lies in. */
function faithful(value: unknown, path: readonly object[]): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'function' || typeof value === 'symbol') return undefined
  if (typeof value !== 'object' || value === null) return value
  if (path.length > DEPTH_MAX) return TOO_DEEP
  if (path.includes(value)) return '[circular]'
  return faithfulObject(value, [...path, value])
}

function faithfulObject(value: object, path: readonly object[]): unknown {
  if (ArrayBuffer.isView(value)) return base64(value)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? String(value) : value.toISOString()
  if (value instanceof Error) return { name: value.name, message: value.message }
  if (Array.isArray(value) || value instanceof Set) return [...value].map((item) => faithful(item, path))
  const copy: Record<string, unknown> = Object.create(null) // so that a key named `__proto__` is a key
  for (const [key, item] of value instanceof Map ? value : Object.entries(value)) {
    copy[keyText(key)] = faithful(item, path)
  }
  return copy
}

/** A map's key as text. An object that cannot be made one (its toString is none) goes by what it is. */
function keyText(key: unknown): string {
  try {
    return String(key)
  } catch {
    return '[object]'
  }
}

function base64(view: ArrayBufferView): string {
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString('base64')
}

/** One escape sequence of JSON text, with surrogate pairs taken together so that only lone halves stand alone. */
const ESCAPE = /\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u([dD][89a-fA-F][0-9a-fA-F]{2})|[\s\S])/g

function repairedEscape(sequence: string, lone: string | undefined): string {
  return lone === undefined ? sequence : '\\ufffd'
}
