// The account's own APIs. They list the logs with their tokens, which is the only proof of token and region without an
// event; and they search a log, which is the only proof of an event. Nothing that is delivered asks them. Source: Rapid7,
// "Insight Platform API overview", "REST API: Logs" and "GET Query".
import {
  excerpt,
  type HttpAnswer,
  HttpClient,
  type HttpOptions,
  type HttpResponse,
} from '@circleci-audit-forwarder/contract'
import type { ApiUrls } from './addresses.ts'

/** A log of the account, by the names people gave it. */
export interface AccountLog {
  readonly id: string | undefined
  readonly name: string
  readonly tokens: readonly string[]
}

/** What to look for: in the log of this id, between two times in milliseconds since 1970. */
export interface Query {
  readonly log: string
  readonly leql: string
  readonly from: number
  readonly to: number
}

/** How a search gets on: entries as they were sent, and where to ask again while it is running. */
export interface Result {
  readonly messages: readonly string[]
  readonly running: boolean
  readonly link: string | undefined
}

/** An account has up to thousands of logs, half a kilobyte each; more than this is not read. */
const LIST_BYTES_MAX = 16 * 1024 * 1024
/** An entry has up to 64 KiB as text in JSON; one is asked for. */
const RESULT_BYTES_MAX = 1024 * 1024

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

  /** Begins a search: 200 with what it found, or 202 with a link to follow. */
  search({ log, leql, from, to }: Query, signal: AbortSignal): Promise<HttpAnswer> {
    const wanted = new URLSearchParams({ query: leql, from: `${from}`, to: `${to}`, per_page: '1' })
    return this.follow(`${this.#urls.query}/${encodeURIComponent(log)}?${wanted}`, signal)
  }

  /** How a search gets on. Only for a link that `owns` knows. */
  follow(link: string, signal: AbortSignal): Promise<HttpAnswer> {
    return this.#client.request({ method: 'GET', url: link, answerBytes: RESULT_BYTES_MAX }, signal)
  }

  /** Whether that is one of the account's own hosts. A search is asked for again at another one than it was begun at. */
  owns(link: string): boolean {
    if (!URL.canParse(link)) return false
    return Object.values(this.#urls).some((url) => new URL(url).origin === new URL(link).origin)
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
  const logs = answer.status === 200 ? objectIn(answer)?.['logs'] : undefined
  return Array.isArray(logs) ? logs.map(logOf) : undefined
}

function logOf(log: { id?: unknown; name?: unknown; tokens?: unknown } | null): AccountLog {
  const tokens = Array.isArray(log?.tokens) ? log.tokens.map((token) => `${token}`.toLowerCase()) : []
  const id = typeof log?.id === 'string' ? log.id : undefined
  return { id, name: excerpt(`${log?.name ?? 'without a name'}`, 80), tokens }
}

/**
 * What a search answers; undefined where that is none. One that runs says so with 202, and when it is followed with 200
 * as well ("when consuming a callback the status code will return 200"): then it has a link to itself in place of events.
 * Never throws.
 */
export function resultIn(answer: HttpAnswer): Result | undefined {
  if (answer.status !== 200 && answer.status !== 202) return undefined
  const { events, links } = objectIn(answer) ?? {}
  const link = listOf<{ rel?: unknown; href?: unknown }>(links).find((one) => /^self$/i.test(`${one?.rel}`))?.href
  const running = answer.status === 202 || !Array.isArray(events)
  if (answer.status === 200 && running && link === undefined) return undefined
  const messages = listOf<{ message?: unknown }>(events).map((event) => `${event?.message ?? ''}`)
  return { messages, running, link: typeof link === 'string' ? link : undefined }
}

function listOf<One>(value: unknown): readonly (One | null)[] {
  return Array.isArray(value) ? value : []
}

/** From the bytes: in the text the token is masked already. */
function objectIn({ bytes }: HttpResponse): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'))
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}
