// Records become bytes once, one by one; a request is those bytes in a frame. What a record shares with others, its
// resource and its scope, is a frame of its own, kept by content: OpenTelemetry's serializers group by object identity,
// which gives one group per record once records have been read back from somewhere.
import { type Encoded, type LogRecord, utf8 } from '@circleci-audit-forwarder/contract'
import { keyValues, quoted, recordJson } from './encode-json.ts'
import { messageHead, recordProto, resourceProto, scopeProto, textProto } from './encode-proto.ts'
import { stringOr, uint32 } from './value.ts'

/** What stands before and after the records of one resource or scope. One object per content. */
export interface Frame {
  readonly open: Buffer
  readonly close: Buffer
}

/**
 * A record in OTLP form: `bytes` is its LogRecord, JSON text or message. Resource and scope stand around it, once for all
 * records that share them. Source:
 * https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/logs/v1/logs.proto.
 */
export interface OtlpMember extends Encoded {
  readonly resource: Frame
  readonly scope: Frame
}

/** The protocol has two. Source: https://opentelemetry.io/docs/specs/otlp/#binary-protobuf-encoding and what follows there. */
export type Encoding = 'json' | 'proto'

/** How one encoding writes: records once, requests as often as needed. */
export interface Format {
  readonly contentType: string
  record(record: LogRecord, original: boolean): Buffer
  resource(resource: LogRecord['resource']): Frame
  scope(scope: LogRecord['instrumentationScope']): Frame
  /** The parts of a request's body, to be sent one after another. */
  request(groups: Groups): readonly Uint8Array[]
}

/** Records by resource and scope, in order of appearance. */
export type Groups = ReadonlyMap<Frame, ReadonlyMap<Frame, readonly Uint8Array[]>>

/** Encodes one record. Pure; never throws for what JSON or a processor can put into a record. */
export function encodeRecord(format: Format, record: LogRecord, original: boolean): OtlpMember {
  return {
    bytes: format.record(record, original),
    resource: frameOf(format, record.resource, () => format.resource(record.resource)),
    scope: frameOf(format, record.instrumentationScope, () => format.scope(record.instrumentationScope)),
  }
}

/** The body of a request for these members, in their order within each resource and scope. */
export function requestBody(format: Format, members: readonly OtlpMember[]): readonly Uint8Array[] {
  const groups = new Map<Frame, Map<Frame, Uint8Array[]>>()
  for (const { resource, scope, bytes } of members) {
    const scopes = groups.get(resource) ?? new Map<Frame, Uint8Array[]>()
    const records = scopes.get(scope) ?? []
    records.push(bytes)
    groups.set(resource, scopes.set(scope, records))
  }
  return format.request(groups)
}

const comma = Buffer.from(',')

const json: Format = {
  contentType: 'application/json',
  record: (record, original) => utf8(recordJson(record, original)),
  resource: ({ attributes, schemaUrl }) => {
    const url = typeof schemaUrl === 'string' && schemaUrl !== '' ? `,"schemaUrl":${quoted(schemaUrl)}` : ''
    const resource = `{"attributes":[${keyValues(attributes)}],"droppedAttributesCount":0${url}}`
    return { open: Buffer.from(`{"resource":${resource},"scopeLogs":[`), close: Buffer.from(`]${url}}`) }
  },
  scope: (scope) => {
    const url = typeof scope.schemaUrl !== 'string' ? '' : `,"schemaUrl":${quoted(scope.schemaUrl)}`
    return { open: Buffer.from(`{"scope":${scopeJson(scope)},"logRecords":[`), close: Buffer.from(`]${url}}`) }
  },
  request: (groups) => {
    const parts: Uint8Array[] = [Buffer.from('{"resourceLogs":[')]
    list(parts, groups, ([resource, scopes]) => {
      parts.push(resource.open)
      list(parts, scopes, ([scope, records]) => {
        parts.push(scope.open)
        list(parts, records, (record) => parts.push(record))
        parts.push(scope.close)
      })
      parts.push(resource.close)
    })
    parts.push(Buffer.from(']}'))
    return parts
  },
}

const proto: Format = {
  contentType: 'application/x-protobuf',
  record: recordProto,
  resource: (resource) => ({ open: resourceProto(resource.attributes), close: textProto(3, resource.schemaUrl) }),
  scope: (scope) => ({ open: scopeProto(scope), close: textProto(3, scope.schemaUrl) }),
  request: (groups) =>
    [...groups].flatMap(([frame, scopes]) => {
      const inner = [...scopes].flatMap(([scope, records]) =>
        framed(
          2,
          scope,
          records.flatMap((r) => message(2, [r])),
        ),
      )
      return framed(1, frame, inner)
    }),
}

export const formats: Readonly<Record<Encoding, Format>> = { json, proto }

function scopeJson(scope: LogRecord['instrumentationScope']): string {
  const version = typeof scope.version === 'string' ? `,"version":${quoted(scope.version)}` : ''
  const pairs = keyValues(scope.attributes)
  const dropped = uint32(scope.droppedAttributesCount) ?? 0
  const attributes = pairs === '' ? '' : `,"attributes":[${pairs}],"droppedAttributesCount":${dropped}`
  return `{"name":${quoted(stringOr(scope.name, ''))}${version}${attributes}}`
}

/** Adds what `add` adds for each item, with commas between. One list of parts for the whole request: it may have thousands. */
function list<Item>(parts: Uint8Array[], items: Iterable<Item>, add: (item: Item) => void): void {
  let isFirst = true
  for (const item of items) {
    if (!isFirst) parts.push(comma)
    isFirst = false
    add(item)
  }
}

function framed(field: number, frame: Frame, parts: readonly Uint8Array[]): readonly Uint8Array[] {
  return message(field, [frame.open, ...parts, frame.close])
}

function message(field: number, parts: readonly Uint8Array[]): readonly Uint8Array[] {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  return [messageHead(field, length), ...parts]
}

// Per format: objects seen before, and frames by content. Bounded, because an application's resources need not be.
const seen = { json: new WeakMap<object, Frame>(), proto: new WeakMap<object, Frame>() }
const byContent = new Map<string, Frame>()
const mostFrames = 1024

function frameOf(format: Format, owner: LogRecord['resource'] | object, make: () => Frame): Frame {
  const known = format === json ? seen.json : seen.proto
  const frame = known.get(owner) ?? interned(make())
  // Attributes of a resource that is still being detected will change.
  if (!('asyncAttributesPending' in owner) || owner.asyncAttributesPending !== true) known.set(owner, frame)
  return frame
}

function interned(frame: Frame): Frame {
  const key = `${frame.open.toString('latin1')}\n${frame.close.toString('latin1')}`
  const known = byContent.get(key)
  if (known !== undefined) return known
  if (byContent.size >= mostFrames) byContent.clear()
  byContent.set(key, frame)
  return frame
}
