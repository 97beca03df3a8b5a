// One event, one request: of a body with several lines Rapid7 stores the first and answers 204. The rate comes from many
// requests at once over connections that stay open, which is the lane's business.
import {
  type Batch,
  type Encoded,
  type Exporter,
  type Finding,
  HttpClient,
  type HttpOptions,
  type LogRecord,
  type Outcome,
  SettingError,
} from '@circleci-audit-forwarder/contract'
import { Account, apiOptions } from './account.ts'
import { type ApiUrls, apiOf, type Webhook, webhookOf } from './addresses.ts'
import { isDoubt, outcomeOf } from './answer.ts'
import { checkRapid7, type Seen } from './check.ts'
import { encodeLine, LINE_BYTES_MAX, type Oversize, type Rapid7Line } from './encode.ts'
import { Search, type Searched, unsearchable } from './search.ts'

/** Which log events go to, and how. */
export interface Rapid7Options {
  /** `us`, `us2`, `us3`, `eu`, `ca`, `au` or `ap`. Required unless there is an endpoint. */
  readonly region?: string | undefined
  /** GUID of the log. */
  readonly token: string
  /** In place of the region's host; `/v1/noformat/` and the token are appended. */
  readonly endpoint?: string | undefined
  /** For `check`, which proves token and region with it, and for `readBack`. Needs the region. */
  readonly apiKey?: string | undefined
  /** Where the account's APIs are. Default: the region's. */
  readonly api?: ApiUrls | undefined
  /** Default: trim. */
  readonly oversize?: Oversize | undefined
  readonly http?: HttpOptions | undefined
}

/**
 * Sends one record a request to a Rapid7 webhook. 204 is the best answer there is, and proves neither token nor region.
 * Only the constructor throws (SettingError).
 */
export class Rapid7Exporter implements Exporter {
  readonly limits = { records: 1, bytes: LINE_BYTES_MAX }
  readonly #client: HttpClient
  readonly #webhook: Webhook
  readonly #account: Account | undefined
  readonly #search: Search | undefined
  readonly #oversize: Oversize
  readonly #seen: Seen
  /** Members refused once with 400 or 422. */
  readonly #doubted = new WeakSet<Encoded>()

  /** Opens no connection. Throws SettingError for options that cannot work. */
  constructor(options: Rapid7Options) {
    const { region, token, endpoint, apiKey, http = {} } = options
    if ((http.compression ?? 'none') !== 'none') throw new SettingError('compression', 'must be none')
    this.#webhook = webhookOf(token, region, endpoint)
    const secrets = [...(http.secrets ?? []), token, token.toLowerCase(), token.toUpperCase()]
    const common: HttpOptions = { ...http, compression: 'none', secrets }
    this.#client = new HttpClient({ ...common, redactUrl: ({ href }) => href.replace(token, '***') })
    const api = options.api ?? (region === undefined ? undefined : apiOf(region))
    const apiHttp = apiOptions(common, endpoint !== undefined)
    this.#account = apiKey === undefined || api === undefined ? undefined : new Account(apiKey, api, apiHttp)
    this.#search = this.#account === undefined ? undefined : new Search(this.#account, token)
    this.#oversize = options.oversize ?? 'trim'
    this.#seen = { token, region, hasKey: apiKey !== undefined, insecure: http.tls?.insecureSkipVerify === true }
  }

  encode(record: LogRecord): Rapid7Line {
    return encodeLine(record, this.#oversize)
  }

  async send({ members }: Batch, signal: AbortSignal): Promise<Outcome> {
    const [line, ...others]: readonly Rapid7Line[] = members
    if (line === undefined) return { status: 'delivered' }
    if (others.length > 0) return { status: 'split', reason: 'Rapid7 stores the first line of a request only' }
    if (line.refusal !== undefined) {
      return { status: 'rejected', records: [{ index: 0, reason: line.refusal, certain: true }] }
    }
    const headers = { 'content-type': 'application/json' }
    const body = [line.bytes]
    const answer = await this.#client.request({ method: 'POST', url: this.#webhook.url, headers, body }, signal)
    const again = this.#doubted.has(line)
    if (isDoubt(answer)) this.#doubted.add(line)
    const outcome = outcomeOf(answer, again)
    return outcome.status === 'delivered' && line.trimmed === true ? { ...outcome, changed: { trimmed: 1 } } : outcome
  }

  async check(signal: AbortSignal): Promise<readonly Finding[]> {
    const host = await this.#client.request({ method: 'GET', url: this.#webhook.root }, signal)
    return checkRapid7(host, this.#account, this.#seen, signal)
  }

  /** Whether a search finds the event by now (`[0]`); `stopped` without an API key, or with one that may not search. */
  async readBack(batch: Batch, signal: AbortSignal): Promise<Searched> {
    return this.#search === undefined ? unsearchable : this.#search.find(batch, signal)
  }

  async close(): Promise<void> {
    await Promise.all([this.#client.close(), this.#account?.close()])
  }
}
