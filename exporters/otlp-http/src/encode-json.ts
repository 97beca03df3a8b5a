// OTLP/JSON, written directly as text: no tree of AnyValue objects in between, and the constant part of each attribute
// (its key) is made once. The order of fields is that of OpenTelemetry's own serializer, so that both give the same
// bytes for records without unsound values.
import { type LogRecord, ORIGINAL } from '@circleci-audit-forwarder/contract'
import { cutShort, fitsInt64, hexId, plainObject, severity, soundTime, uint32, unsoundNumber } from './value.ts'

/**
 * One LogRecord of the OTLP protocol as JSON text: names in lowerCamelCase, 64-bit integers as decimal strings, trace and
 * span ids in hexadecimal, enums as numbers. Source: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding.
 */
export function recordJson(record: LogRecord, original: boolean): string {
  const level = severity(record.severityNumber)
  let text = `{"timeUnixNano":"${nanos(record.hrTime)}","observedTimeUnixNano":"${nanos(record.hrTimeObserved)}"`
  if (level !== undefined) text += `,"severityNumber":${level}`
  if (typeof record.severityText === 'string') text += `,"severityText":${quoted(record.severityText)}`
  text += `,"body":${anyValue(record.body, [])}`
  if (typeof record.eventName === 'string') text += `,"eventName":${quoted(record.eventName)}`
  text += `,"attributes":[${attributesJson(record, original)}],"droppedAttributesCount":${uint32(record.droppedAttributesCount) ?? 0}`
  return record.spanContext === undefined ? `${text}}` : `${text}${contextJson(record.spanContext)}}`
}

/** Up to this length looking for what must be escaped is cheaper than JSON.stringify. */
const SHORT = 256
const CLEAN = /^[ !#-[\]-~]*$/

/** Attributes as the protocol's list of KeyValue, without brackets. */
export function keyValues(attributes: object | undefined): string {
  return attributes === undefined ? '' : pairs(attributes, [])
}

/** A JSON string. Lone surrogates, which JSON would escape and receivers refuse or mangle, become U+FFFD. */
export function quoted(text: string): string {
  if (text.length < SHORT && CLEAN.test(text)) return `"${text}"`
  return JSON.stringify(text.isWellFormed() ? text : text.toWellFormed())
}

function attributesJson(record: LogRecord, original: boolean): string {
  const text = keyValues(record.attributes)
  const source = original ? record[ORIGINAL] : undefined
  if (source === undefined || Object.hasOwn(record.attributes, 'log.record.original')) return text
  const pair = `{"key":"log.record.original","value":{"stringValue":${quoted(source)}}}`
  return text === '' ? pair : `${text},${pair}`
}

function contextJson(context: NonNullable<LogRecord['spanContext']>): string {
  const flags = uint32(context.traceFlags)
  const trace = hexId(context.traceId, 32)
  const span = hexId(context.spanId, 16)
  let text = flags === undefined ? '' : `,"flags":${flags}`
  if (trace !== undefined) text += `,"traceId":"${trace}"`
  if (span !== undefined) text += `,"spanId":"${span}"`
  return text
}

/** Nanoseconds since 1970 in decimal, exact: the digits are joined, never multiplied. */
function nanos(time: readonly [number, number]): string {
  const [seconds, nano] = soundTime(time)
  return seconds === 0 ? String(nano) : `${seconds}${String(nano).padStart(9, '0')}`
}

// Object.values beside Object.keys costs a third of looking each value up: V8 has both at hand, and hashes nothing.
function pairs(map: object, path: object[]): string {
  const names = Object.keys(map)
  const values: readonly unknown[] = Object.values(map)
  let text = ''
  for (let i = 0; i < names.length; i++) {
    const pair = attributeOf(names[i] as string).pair(values[i], path)
    text = text === '' ? pair.slice(1) : text + pair
  }
  return text
}

function anyValue(value: unknown, path: object[]): string {
  switch (typeof value) {
    case 'string':
      return `{"stringValue":${quoted(value)}}`
    case 'number':
      return numberJson(value)
    case 'boolean':
      return value ? '{"boolValue":true}' : '{"boolValue":false}'
    case 'bigint':
      return fitsInt64(value) ? `{"intValue":"${value}"}` : `{"stringValue":"${value}"}`
    case 'object':
      return value === null ? '{}' : objectJson(value, path)
    default:
      return '{}'
  }
}

function numberJson(value: number): string {
  const text = unsoundNumber(value)
  if (text !== undefined) return `{"stringValue":"${text}"}`
  if (!Number.isInteger(value)) return `{"doubleValue":${value}}`
  // Beyond 2^53 JavaScript rounds the digits it prints, -2^63 to what int64 does not hold.
  return Number.isSafeInteger(value) ? `{"intValue":${value}}` : `{"intValue":${BigInt(value)}}`
}

function objectJson(value: object, path: object[]): string {
  if (value instanceof Uint8Array) return `{"bytesValue":"${Buffer.from(value).toString('base64')}"}`
  const short = cutShort(value, path)
  if (short !== undefined) return `{"stringValue":${quoted(short)}}`
  const plain = plainObject(value)
  if (typeof plain !== 'object' || plain === null) return anyValue(plain, path)
  path.push(value)
  const text = Array.isArray(plain)
    ? `{"arrayValue":{"values":[${items(plain, path)}]}}`
    : `{"kvlistValue":{"values":[${pairs(plain, path)}]}}`
  path.pop()
  return text
}

function items(values: readonly unknown[], path: object[]): string {
  let text = ''
  for (const value of values) text += text === '' ? anyValue(value, path) : `,${anyValue(value, path)}`
  return text
}

/** One attribute's name. Most of its texts are the one before again (organisation, source, type, …): that pair is kept. */
class Attribute {
  readonly #key: string
  readonly #textKey: string
  #last: string | undefined
  #lastPair: string | undefined

  constructor(name: string) {
    this.#key = `,{"key":${quoted(name)},"value":`
    this.#textKey = `${this.#key}{"stringValue":`
  }

  /** With a comma before it. */
  pair(value: unknown, path: object[]): string {
    if (typeof value !== 'string') return `${this.#key}${anyValue(value, path)}}`
    if (value === this.#last) return this.#repeated(value)
    if (value.length < SHORT) {
      this.#last = value
      this.#lastPair = undefined
    }
    return `${this.#textKey}${quoted(value)}}}`
  }

  /** Joined rather than concatenated: the parts of a string that is kept would be gathered anew for each record. */
  #repeated(value: string): string {
    this.#lastPair ??= [this.#textKey, quoted(value), '}}'].join('')
    return this.#lastPair
  }
}

// Attribute names are few; nested keys of a payload may be many, so the cache has an end.
const attributes = new Map<string, Attribute>()
const mostAttributes = 4096

function attributeOf(name: string): Attribute {
  const known = attributes.get(name)
  if (known !== undefined) return known
  const attribute = new Attribute(name)
  if (attributes.size < mostAttributes && name.length < SHORT) attributes.set(name, attribute)
  return attribute
}
