// The four requests this protocol knows, and where they go. Whatever path the operator wrote is used as it is, for
// gateways put the collector anywhere; acknowledgements and health live beside `event`.
import {
  type Encoded,
  type HttpAnswer,
  HttpClient,
  type HttpOptions,
  type HttpRequest,
  SettingError,
} from '@circleci-audit-forwarder/contract'

export interface HecUrls {
  readonly event: string
  readonly ack: string
  readonly health: string
}

/** Throws SettingError for an endpoint that cannot work. */
export function hecUrls(endpoint: string): HecUrls {
  if (!URL.canParse(endpoint) || !/^https?:/i.test(endpoint))
    throw new SettingError('endpoint', 'is no http or https URL')
  const url = new URL(endpoint)
  if (url.search || url.username || url.password) {
    throw new SettingError('endpoint', 'must not carry credentials or a query: the token has a setting of its own')
  }
  if (/\/raw(\/1\.0)?\/?$/.test(url.pathname)) {
    throw new SettingError('endpoint', 'is the raw endpoint, which takes no envelopes: use /services/collector/event')
  }
  const path = url.pathname === '/' ? '/services/collector/event' : url.pathname
  const base = path.replace(/\/(event(\/1\.0)?\/?)?$/, '')
  return { event: url.origin + path, ack: `${url.origin}${base}/ack`, health: `${url.origin}${base}/health` }
}

/** A channel's headers: the GUID, and the cookies that lead to the indexer that keeps it. */
export type ChannelHeaders = Readonly<Record<string, string>>

/** A body, and what it is wholly made of. */
type Content = Pick<HttpRequest, 'body' | 'members'>

export class HecRequests {
  readonly urls: HecUrls
  readonly #client: HttpClient

  /** Opens no connection. Throws SettingError for options that cannot work. */
  constructor(endpoint: string, token: string, http: HttpOptions, now: () => number) {
    this.urls = hecUrls(endpoint)
    if (http.compression === 'zstd')
      throw new SettingError('compression', 'must be gzip or none: HEC takes nothing else')
    const headers = { ...http.headers, Authorization: `Splunk ${token}` }
    this.#client = new HttpClient({ ...http, headers, secrets: [...(http.secrets ?? []), token] }, now)
  }

  /** Events, or nothing at all: an empty body proves the token without storing anything. */
  events(members: readonly Encoded[], channel: ChannelHeaders, signal: AbortSignal): Promise<HttpAnswer> {
    const body = members.map(({ bytes }) => bytes)
    return this.#post(this.urls.event, { body, members }, channel, signal)
  }

  acknowledged(ackIds: readonly number[], channel: ChannelHeaders, signal: AbortSignal): Promise<HttpAnswer> {
    return this.#post(this.urls.ack, { body: [Buffer.from(JSON.stringify({ acks: ackIds }))] }, channel, signal)
  }

  health(signal: AbortSignal): Promise<HttpAnswer> {
    return this.#client.request({ method: 'GET', url: this.urls.health }, signal)
  }

  close(): Promise<void> {
    return this.#client.close()
  }

  #post(url: string, content: Content, channel: ChannelHeaders, signal: AbortSignal): Promise<HttpAnswer> {
    const headers = { 'content-type': 'application/json', ...channel }
    return this.#client.request({ method: 'POST', url, headers, ...content }, signal)
  }
}
