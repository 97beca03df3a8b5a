// The two requests this protocol knows: logs to the intake, and the question to the API whether the key is good.
import { type HttpAnswer, HttpClient, type HttpOptions } from '@circleci-audit-forwarder/contract'
import { type DatadogUrls, datadogUrls, type Place } from './sites.ts'

export class DatadogRequests {
  readonly urls: DatadogUrls
  readonly #client: HttpClient

  /** Opens no connection. Throws SettingError for options that cannot work. */
  constructor(place: Place, apiKey: string, http: HttpOptions, now: () => number) {
    this.urls = datadogUrls(place)
    const headers = { ...http.headers, 'DD-API-KEY': apiKey }
    this.#client = new HttpClient({ ...http, headers, secrets: [...(http.secrets ?? []), apiKey] }, now)
  }

  logs(body: readonly Uint8Array[], signal: AbortSignal): Promise<HttpAnswer> {
    const headers = { 'content-type': 'application/json', 'dd-evp-origin': 'circleci-audit-forwarder' }
    return this.#client.request({ method: 'POST', url: this.urls.intake, headers, body }, signal)
  }

  validate(url: string, signal: AbortSignal): Promise<HttpAnswer> {
    return this.#client.request({ method: 'GET', url }, signal)
  }

  close(): Promise<void> {
    return this.#client.close()
  }
}
