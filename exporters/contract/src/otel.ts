// OpenTelemetry JS's side of the bridge, as shapes. No OpenTelemetry package is imported at run time, so that one build
// of this package serves SDK 3.x and the 0.2xx generation, whose interfaces are the same in this shape.
import type { Refusal, StopCause } from './exporter.ts'
import { CONTRACT_VERSION } from './module.ts'
import type { LogRecord } from './record.ts'

/**
 * Under this an OpenTelemetry exporter that was made of one of ours holds it. The same in every copy of this package that
 * knows the same contract.
 */
export const OWN: unique symbol = Symbol.for(`circleci-audit-forwarder exporter ${CONTRACT_VERSION}`) as never

/** `@opentelemetry/core`'s ExportResult: 0 is success, 1 is failure. */
export interface OtelExportResult {
  code: 0 | 1
  error?: Error
}

/** The LogRecordExporter of `@opentelemetry/sdk-logs`, 0.2xx and 3.x: one shape for both. */
export interface OtelLogRecordExporter {
  export(logs: LogRecord[], resultCallback: (result: OtelExportResult) => void): void
  forceFlush(): Promise<void>
  shutdown(): Promise<void>
}

/** What an ExportError tells a caller that looks: the parts of an Outcome. */
export interface ExportErrorFields {
  /** Whether the same records may get through later. */
  readonly retryable: boolean
  /** How long the destination asked to wait, in milliseconds. */
  readonly retryAfterMillis?: number | undefined
  /** These records never; all others of the batch are delivered. Indexes into the exported array. */
  readonly rejected?: readonly Refusal[] | undefined
  /** Nothing goes through until someone mends this. */
  readonly stopped?: StopCause | undefined
  /** Whether the records, or some of them, may have been stored although the export failed. */
  readonly ambiguous?: boolean | undefined
}

/** Why an export failed, with what OpenTelemetry's result has no room for. */
export class ExportError extends Error implements ExportErrorFields {
  readonly retryable: boolean
  /** In milliseconds. */
  readonly retryAfterMillis: number | undefined
  readonly rejected: readonly Refusal[] | undefined
  readonly stopped: StopCause | undefined
  readonly ambiguous: boolean | undefined

  constructor(message: string, fields: ExportErrorFields) {
    super(message)
    this.name = 'ExportError'
    this.retryable = fields.retryable
    this.retryAfterMillis = fields.retryAfterMillis
    this.rejected = fields.rejected
    this.stopped = fields.stopped
    this.ambiguous = fields.ambiguous
  }
}
