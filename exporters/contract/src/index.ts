export type {
  Batch,
  Changes,
  Encoded,
  Exporter,
  Finding,
  Held,
  NotNow,
  Outcome,
  Refusal,
  Remarks,
  StopCause,
  Stopped,
} from './exporter.ts'
export { type FromOtelOptions, fromLogRecordExporter } from './from-otel.ts'
export {
  type HttpAnswer,
  HttpClient,
  type HttpFailure,
  type HttpOptions,
  type HttpRequest,
  type HttpResponse,
  type TlsOptions,
} from './http.ts'
export { jsonText, oneLineJson, recordJson, recordLine } from './json.ts'
export { Members } from './members.ts'
export { CONTRACT_VERSION, type ExporterModule, type LaneDefaults } from './module.ts'
export { ExportError, type ExportErrorFields, type OtelExportResult, type OtelLogRecordExporter } from './otel.ts'
export {
  describe,
  excerpt,
  failureOutcome,
  findingOf,
  httpOutcome,
  isHtml,
  pageOutcome,
  redirectOutcome,
  retryOutcome,
} from './outcome.ts'
export { contentToken, pack } from './packing.ts'
export { isKnownWellFormed, type LogRecord, ORIGINAL, originalObject, recordId, WELL_FORMED } from './record.ts'
export { SettingError } from './setting-error.ts'
export { duration, endpoint, type HttpSettings, httpOptions, httpSettings, secret, size } from './settings.ts'
export { utf8, utf8Of } from './slab.ts'
export { type ToOtelOptions, toLogRecordExporter } from './to-otel.ts'
export { maskedUrl, urlSecrets } from './url-secrets.ts'
