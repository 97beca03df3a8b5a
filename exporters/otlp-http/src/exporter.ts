import {
  type Batch,
  type Exporter,
  type Finding,
  HttpClient,
  httpOptions,
  type LogRecord,
  type Outcome,
  urlSecrets,
} from '@circleci-audit-forwarder/contract'
import { checkOtlp } from './check.ts'
import { logsUrl, type OtlpHttpSettings } from './config.ts'
import { type Encoding, encodeRecord, type Format, formats, type OtlpMember, requestBody } from './encode.ts'
import { outcomeOf } from './send.ts'

/**
 * Sends log records to any OTLP/HTTP receiver and reports every answer as it is, partial success included: a 200 may say
 * of how many records it is none, and never of which. Source: https://opentelemetry.io/docs/specs/otlp/#otlphttp-response.
 */
export class OtlpHttpExporter implements Exporter {
  /**
   * The protocol advises receivers to take 20 MiB (uncompressed); the rest is room for resources, scopes and separators,
   * which belong to no record. The lane's own defaults are far lower.
   */
  readonly limits = { records: 10_000, bytes: 16 * 1024 * 1024 }
  readonly encodingKey: string
  readonly #client: HttpClient
  readonly #url: string
  readonly #encoding: Encoding
  readonly #original: boolean
  readonly #format: Format

  /** Opens no connection. Throws SettingError for a certificate, proxy or header that cannot work. */
  constructor(settings: OtlpHttpSettings) {
    this.#client = new HttpClient({ ...httpOptions(settings), secrets: urlSecrets(settings.endpoint) })
    this.#url = logsUrl(settings.endpoint)
    this.#encoding = settings.encoding
    this.#original = settings.original
    this.#format = formats[settings.encoding]
    this.encodingKey = `otlp ${settings.encoding} ${settings.original}`
  }

  encode(record: LogRecord): OtlpMember {
    return encodeRecord(this.#format, record, this.#original)
  }

  async send(batch: Batch, signal: AbortSignal): Promise<Outcome> {
    const body = requestBody(this.#format, batch.members as readonly OtlpMember[])
    const bytes = body.reduce((sum, part) => sum + part.length, 0)
    return outcomeOf(await this.#post(this.#format, body, signal, batch.members), batch.members.length, bytes)
  }

  async check(signal: AbortSignal): Promise<readonly Finding[]> {
    const { origin, pathname } = new URL(this.#url)
    const probe = (encoding: Encoding) => this.#post(formats[encoding], formats[encoding].request(new Map()), signal)
    return checkOtlp(probe, origin + pathname, this.#encoding)
  }

  close(): Promise<void> {
    return this.#client.close()
  }

  #post(format: Format, body: readonly Uint8Array[], signal: AbortSignal, members: readonly object[] = []) {
    const headers = { 'content-type': format.contentType }
    return this.#client.request({ method: 'POST', url: this.#url, headers, body, members }, signal)
  }
}
