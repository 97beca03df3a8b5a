// OTLP/protobuf, written from the end to the beginning: a length is then known when its turn comes, where writing
// forwards means guessing its size and moving bytes, or walking the record twice. Fields therefore appear here in
// reverse order; the result is byte for byte that of OpenTelemetry's own serializer.
// Message: opentelemetry-proto, logs/v1/logs.proto and common/v1/common.proto.
import { type LogRecord, ORIGINAL } from '@circleci-audit-forwarder/contract'
import { BackwardWriter } from './backward-writer.ts'
import {
  cutShort,
  fitsInt64,
  hexId,
  plainObject,
  severity,
  soundTime,
  stringOr,
  uint32,
  unsoundNumber,
} from './value.ts'

const writer = new BackwardWriter()

/**
 * One LogRecord message, without tag and length. Source of the fields' numbers:
 * https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/logs/v1/logs.proto.
 */
export function recordProto(record: LogRecord, original: boolean): Buffer {
  writer.reset()
  if (isText(record.eventName)) writer.text(12, record.eventName)
  writer.fixed64(11, soundTime(record.hrTimeObserved))
  writeContext(record.spanContext)
  writer.varint(7, uint32(record.droppedAttributesCount) ?? 0)
  writeOriginal(record, original)
  writePairs(6, record.attributes, [])
  if (record.body !== undefined) writeAnyValue(5, record.body, [])
  if (isText(record.severityText)) writer.text(3, record.severityText)
  const level = severity(record.severityNumber)
  if (level !== undefined && level !== 0) writer.varint(2, level)
  writer.fixed64(1, soundTime(record.hrTime))
  return writer.take()
}

/** A Resource message with its tag, as field 1 of ResourceLogs. */
export function resourceProto(attributes: object | undefined): Buffer {
  writer.reset()
  writer.message(1, () => {
    writer.varint(2, 0)
    writePairs(1, attributes, [])
  })
  return writer.take()
}

/** An InstrumentationScope message with its tag, as field 1 of ScopeLogs. */
export function scopeProto(scope: LogRecord['instrumentationScope']): Buffer {
  writer.reset()
  writer.message(1, () => {
    const dropped = uint32(scope.droppedAttributesCount)
    if (dropped) writer.varint(4, dropped)
    writePairs(3, scope.attributes, [])
    if (isText(scope.version)) writer.text(2, scope.version)
    writer.text(1, stringOr(scope.name, ''))
  })
  return writer.take()
}

/** A string field with its tag; nothing for the empty string. */
export function textProto(field: number, text: string | undefined): Buffer {
  writer.reset()
  if (isText(text)) writer.text(field, text)
  return writer.take()
}

/** Tag and length of a message of `length` bytes. */
export function messageHead(field: number, length: number): Buffer {
  writer.reset()
  writer.head(field, length)
  return writer.take()
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function writeContext(context: LogRecord['spanContext']): void {
  if (context === undefined) return
  const span = hexId(context.spanId, 16)
  const trace = hexId(context.traceId, 32)
  const flags = uint32(context.traceFlags)
  if (span !== undefined) writer.bytes(10, Buffer.from(span, 'hex'))
  if (trace !== undefined) writer.bytes(9, Buffer.from(trace, 'hex'))
  if (flags) writer.fixed32(8, flags)
}

function writeOriginal(record: LogRecord, original: boolean): void {
  const source = original ? record[ORIGINAL] : undefined
  if (source === undefined || Object.hasOwn(record.attributes, 'log.record.original')) return
  writer.message(6, () => {
    writer.message(2, () => writer.text(1, source))
    writer.text(1, 'log.record.original')
  })
}

/** Repeated KeyValue. */
function writePairs(field: number, values: object | undefined, path: readonly object[]): void {
  if (values === undefined) return
  const keys = Object.keys(values)
  for (let index = keys.length - 1; index >= 0; index--) {
    const key = keys[index] as string
    const end = writer.position
    writeAnyValue(2, (values as Record<string, unknown>)[key], path)
    writer.text(1, key)
    writer.head(field, end - writer.position)
  }
}

function writeAnyValue(field: number, value: unknown, path: readonly object[]): void {
  const end = writer.position
  switch (typeof value) {
    case 'string':
      writer.text(1, value)
      break
    case 'number':
      writeNumber(value)
      break
    case 'boolean':
      writer.varint(2, value ? 1 : 0)
      break
    case 'bigint':
      if (fitsInt64(value)) writer.int64(3, value)
      else writer.text(1, String(value))
      break
    case 'object':
      if (value !== null) writeObject(value, path)
      break
  }
  writer.head(field, end - writer.position)
}

function writeNumber(value: number): void {
  const text = unsoundNumber(value)
  if (text !== undefined) writer.text(1, text)
  else if (!Number.isInteger(value)) writer.double(4, value)
  else if (value >= 0 && value <= 0x7fffffff) writer.varint(3, value)
  else writer.int64(3, BigInt(value))
}

/** The content of an AnyValue: bytes, list, map, or text that stands for what it cannot be. */
function writeObject(value: object, path: readonly object[]): void {
  if (value instanceof Uint8Array) {
    writer.bytes(7, value)
    return
  }
  const plain = cutShort(value, path) ?? plainObject(value)
  if (typeof plain === 'string') writer.text(1, plain)
  else writeContainer(plain as object, [...path, value])
}

function writeContainer(plain: object, path: readonly object[]): void {
  const end = writer.position
  if (Array.isArray(plain)) writeItems(plain, path)
  else writePairs(1, plain, path)
  writer.head(Array.isArray(plain) ? 5 : 6, end - writer.position)
}

function writeItems(items: readonly unknown[], path: readonly object[]): void {
  for (let index = items.length - 1; index >= 0; index--) writeAnyValue(1, items[index], path)
}
