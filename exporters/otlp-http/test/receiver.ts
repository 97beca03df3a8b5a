// The receiving side, decoded with code that is not ours: the protobuf classes that OpenTelemetry generated for
// otlp-transformer 0.57, and JSON.parse.
import { createRequire } from 'node:module'
import type { Arrived } from '@circleci-audit-forwarder/contract/testing'

interface Message<T> {
  decode(bytes: Uint8Array): T
  encode(message: object): { finish(): Uint8Array }
  toObject(message: T, options: object): unknown
}

const logs = createRequire(import.meta.url)('otlp-decode/build/src/generated/root.js').opentelemetry.proto.collector
  .logs.v1 as { ExportLogsServiceRequest: Message<object>; ExportLogsServiceResponse: Message<object> }

export interface DecodedValue {
  readonly stringValue?: string
  readonly intValue?: string | number
  readonly doubleValue?: number
  readonly boolValue?: boolean
  readonly bytesValue?: string
  readonly arrayValue?: { readonly values?: readonly DecodedValue[] }
  readonly kvlistValue?: { readonly values?: readonly DecodedPair[] }
}

export interface DecodedPair {
  readonly key: string
  readonly value?: DecodedValue
}

export interface DecodedRecord {
  readonly timeUnixNano: string
  readonly observedTimeUnixNano: string
  readonly severityNumber?: number
  readonly severityText?: string
  readonly body?: DecodedValue
  readonly attributes: readonly DecodedPair[]
  readonly eventName?: string
}

export interface DecodedRequest {
  readonly resourceLogs?: readonly {
    readonly resource: { readonly attributes: readonly DecodedPair[] }
    readonly scopeLogs: readonly { readonly scope: { readonly name: string }; readonly logRecords: DecodedRecord[] }[]
  }[]
}

export function decode(request: Pick<Arrived, 'headers' | 'body'>): DecodedRequest {
  if (request.headers['content-type'] !== 'application/x-protobuf') return JSON.parse(request.body.toString('utf8'))
  return decodeProto(request.body)
}

export function decodeProto(bytes: Uint8Array): DecodedRequest {
  const { ExportLogsServiceRequest } = logs
  return ExportLogsServiceRequest.toObject(ExportLogsServiceRequest.decode(bytes), {
    longs: String,
    bytes: String,
  }) as DecodedRequest
}

export function recordsOf(request: DecodedRequest): DecodedRecord[] {
  return (request.resourceLogs ?? []).flatMap((resource) => resource.scopeLogs.flatMap((scope) => scope.logRecords))
}

export function recordIds(request: DecodedRequest): string[] {
  return recordsOf(request).map(
    (record) => record.attributes.find((pair) => pair.key === 'log.record.uid')?.value?.stringValue ?? '',
  )
}

/** A partial success as protobuf. */
export function encodeResponse(rejectedLogRecords: number, errorMessage: string): Uint8Array {
  return logs.ExportLogsServiceResponse.encode({ partialSuccess: { rejectedLogRecords, errorMessage } }).finish()
}
