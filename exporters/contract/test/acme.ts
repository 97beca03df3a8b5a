import {
  type Batch,
  type Encoded,
  type Exporter,
  type Finding,
  findingOf,
  HttpClient,
  httpOptions,
  httpOutcome,
  httpSettings,
  jsonText,
  type LogRecord,
  type Outcome,
  secret,
  utf8,
} from '@circleci-audit-forwarder/contract'
import { z } from 'zod'

export const config = z.strictObject({
  ...httpSettings,
  endpoint: z.url().meta({ description: 'Where to post.' }),
  token: secret.meta({ description: 'API token.', secret: true }),
})

export class AcmeExporter implements Exporter {
  readonly limits = { records: 1_000, bytes: 4_000_000 }
  readonly #client: HttpClient
  readonly #settings: z.output<typeof config>

  constructor(settings: z.output<typeof config>) {
    this.#settings = settings
    this.#client = new HttpClient({ ...httpOptions(settings), secrets: [settings.token] })
  }

  encode(record: LogRecord): Encoded {
    return { bytes: utf8(`${jsonText(record.attributes)}\n`) }
  }

  async send(batch: Batch, signal: AbortSignal): Promise<Outcome> {
    return this.#post(
      batch.members.map((member) => member.bytes),
      signal,
    )
  }

  async check(signal: AbortSignal): Promise<readonly Finding[]> {
    return [findingOf('Acme takes the token', await this.#post([], signal))]
  }

  close(): Promise<void> {
    return this.#client.close()
  }

  async #post(body: readonly Uint8Array[], signal: AbortSignal): Promise<Outcome> {
    const headers = { authorization: `Bearer ${this.#settings.token}`, 'content-type': 'application/x-ndjson' }
    const answer = await this.#client.request({ method: 'POST', url: this.#settings.endpoint, headers, body }, signal)
    return httpOutcome(answer)
  }
}
