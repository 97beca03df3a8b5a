// The account's own APIs, asked by `check` alone: they list the logs with their tokens, which is the only proof of token
// and region without an event. Source: Rapid7, "Insight Platform API overview" and "REST API: Logs".
import { excerpt, type HttpAnswer, HttpClient, type HttpOptions } from '@circleci-audit-forwarder/contract'
import type { ApiUrls } from './addresses.ts'

/** A log of the account, by the names people gave it. */
export interface AccountLog {
  readonly name: string
  readonly tokens: readonly string[]
}

/** An account has up to thousands of logs, half a kilobyte each; more than this is not read. */
const LIST_BYTES_MAX = 16 * 1024 * 1024

export class Account {
  readonly #client: HttpClient
  readonly #urls: ApiUrls

  constructor(apiKey: string, urls: ApiUrls, http: HttpOptions) {
    this.#urls = urls
    this.#client = new HttpClient({ ...http, headers: { 'x-api-key': apiKey } })
  }

  /** 200 where the key is good in this region, whatever it may do. */
  validate(signal: AbortSignal): Promise<HttpAnswer> {
    return this.#client.request({ method: 'GET', url: this.#urls.validate }, signal)
  }

  list(signal: AbortSignal): Promise<HttpAnswer> {
    return this.#client.request({ method: 'GET', url: this.#urls.logs, answerBytes: LIST_BYTES_MAX }, signal)
  }

  close(): Promise<void> {
    return this.#client.close()
  }
}

/**
 * How to reach the account's APIs, where the webhook is reached so. Headers, client certificate and server name are for the
 * webhook alone. With a gateway before it, so are its authorities, and that it need not be verified.
 */
export function apiOptions({ headers: _, tls = {}, ...http }: HttpOptions, hasGateway: boolean): HttpOptions {
  const { caFile, insecureSkipVerify } = tls
  return hasGateway ? http : { ...http, tls: { caFile, insecureSkipVerify } }
}

/** The logs an answer lists, tokens in lower case; undefined where it is no such list. Never throws. */
export function logsIn(answer: HttpAnswer): readonly AccountLog[] | undefined {
  if (answer.status !== 200) return undefined
  try {
    // From the bytes: in the text the token is masked already.
    const logs: unknown = JSON.parse(Buffer.from(answer.bytes).toString('utf8'))?.logs
    return Array.isArray(logs) ? logs.map(logOf) : undefined
  } catch {
    return undefined
  }
}

function logOf(log: { name?: unknown; tokens?: unknown } | null): AccountLog {
  const tokens = Array.isArray(log?.tokens) ? log.tokens.map((token) => `${token}`.toLowerCase()) : []
  return { name: excerpt(`${log?.name ?? 'without a name'}`, 80), tokens }
}
