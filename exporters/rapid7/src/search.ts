// Whether an event that was sent is there: the only proof of a 204. The log that has the token is searched for the event's
// id through the account's API. A search may take a while: 202 names the link under which it is asked for again, so every
// call is one question (a search of its own, or how the one before gets on), and waiting is the caller's. What was sent
// can be found some ten seconds later; that it is not found proves nothing. So this is no `stored`: a lane would wait for
// the index at every lost answer, and take one that is behind for a loss.
// Source: Rapid7, "GET Query", "POST Query" and "Insight Platform API overview".
import {
  type Batch,
  describe,
  type Encoded,
  type Held,
  type HttpAnswer,
  httpOutcome,
  type NotNow,
  type Stopped,
} from '@circleci-audit-forwarder/contract'
import { type Account, logsIn, type Result, resultIn } from './account.ts'

/** Where the event is (`[0]`, or `[]` where it is not found by now), or why nobody says so. */
export type Searched = Held | NotNow

/** Entries are filed under the time they arrive: as far may our clock and Rapid7's be apart, in milliseconds. */
const AROUND_MS = 60 * 60 * 1000

/** What is said where there is nobody to be asked. */
export const unsearchable: Stopped = stop(
  'configuration',
  'the webhook answers 204 whatever becomes of an event, and the log can be searched with an API key only: set api_key and region',
)

/** Looks for events in the log that has the token. Never rejects for what is answered. */
export class Search {
  readonly #account: Account
  readonly #token: string
  /** The log's id in the account. */
  #log: string | undefined
  /** Where to ask how a search gets on, by the event it looks for. */
  readonly #links = new WeakMap<Encoded, string>()

  constructor(account: Account, token: string) {
    this.#account = account
    this.#token = token.toLowerCase()
  }

  /** One question after the batch's event, of which there is one. */
  async find({ members: [line], now }: Batch, signal: AbortSignal): Promise<Searched> {
    const id = line === undefined ? undefined : idOf(line)
    if (line === undefined || id === undefined) return []
    const link = this.#links.get(line)
    if (link !== undefined) return this.#heard(await this.#account.follow(link, signal), line, id)
    const log = await this.#findLog(signal)
    if (typeof log !== 'string') return log
    const query = { log, leql: `where(event_id=${quoted(id)})`, from: now - AROUND_MS, to: now + AROUND_MS }
    return this.#heard(await this.#account.search(query, signal), line, id)
  }

  async #findLog(signal: AbortSignal): Promise<string | Searched> {
    if (this.#log !== undefined) return this.#log
    const answer = await this.#account.list(signal)
    const logs = logsIn(answer)
    if (logs === undefined) return refusal(answer)
    const log = logs.find(({ tokens }) => tokens.includes(this.#token))
    if (log === undefined)
      return stop('configuration', `none of the ${logs.length} logs that api_key sees has this token`)
    if (log.id === undefined) return again(`the account lists log "${log.name}" without an id`)
    this.#log = log.id
    return log.id
  }

  #heard(answer: HttpAnswer, line: Encoded, id: string): Searched {
    const result = resultIn(answer)
    if (result !== undefined) return this.#read(result, line, id)
    // A search that is forgotten there is begun anew; one that is throttled is asked for again.
    if (answer.status === 404 && this.#links.delete(line)) return again('the search was given up')
    return refusal(answer)
  }

  #read({ messages, running, link }: Result, line: Encoded, id: string): Searched {
    this.#links.delete(line)
    if (messages.some((message) => message.includes(JSON.stringify(id)))) return [0]
    if (!running) return []
    // Whoever is asked is shown the key.
    if (link === undefined || !this.#account.owns(link))
      return again('its result is to be had at no address of the account')
    this.#links.set(line, link)
    return again('the search was still running')
  }
}

function idOf({ bytes }: Encoded): string | undefined {
  const { event_id: id } = JSON.parse(Buffer.from(bytes).toString('utf8')) as { event_id?: unknown }
  return typeof id === 'string' ? id : undefined
}

/** A text of LEQL. */
function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`
}

/** Why the account did not answer the question. */
function refusal(answer: HttpAnswer): Searched {
  const outcome = httpOutcome(answer)
  if (answer.status === 'failed') return outcome.status === 'stopped' ? outcome : again(answer.reason)
  const said = `the account's API says ${describe(answer)}`
  if (answer.status === 401) return stop('credentials', `${said}: keys belong to one region and organisation`)
  if (answer.status === 403) return stop('credentials', `${said}: give the key the right to read logs`)
  if (outcome.status === 'retry')
    return again(said, outcome.retryAfterMs ?? resetMs(answer.headers['x-ratelimit-reset']))
  return outcome.status === 'delivered' ? again(`${said}, which is no list`) : stop('configuration', said)
}

/** How long the account throttles, by the header it has for that: seconds. */
function resetMs(header: string | readonly string[] | undefined): number | undefined {
  return typeof header === 'string' && /^\d+$/.test(header) ? Number(header) * 1000 : undefined
}

function again(reason: string, retryAfterMs?: number): NotNow {
  return { status: 'retry', reason, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
}

function stop(cause: Stopped['cause'], reason: string): Stopped {
  return { status: 'stopped', cause, reason }
}
