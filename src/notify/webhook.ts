// One HTTP address where people are told: a POST for each notice. It is an exporter like those of the destinations, so
// that the same lane sends it: written down first, tried again for as long as it takes, in order. What is its own is how
// such addresses answer: chats say `ok` and call it HTML, and the address itself is the credential.
import {
  type Batch,
  type Encoded,
  type Exporter,
  type Finding,
  findingOf,
  type HttpAnswer,
  HttpClient,
  type HttpOptions,
  httpOutcome,
  isHtml,
  type LogRecord,
  type Outcome,
} from '@circleci-audit-forwarder/contract'
import { noticeOf } from './notice.ts'

/** A notice is some hundred bytes; this is for those that quote much. */
const NOTICE_BYTES_MAX = 256 * 1024
/** What is too short to be a credential of an address; hiding it would hide ordinary words. */
const SHORT = 6

export class Webhook implements Exporter {
  readonly limits = { records: 1, bytes: NOTICE_BYTES_MAX }
  readonly #client: HttpClient
  readonly #url: URL

  /** Opens no connection, and compresses nothing: few such addresses take that. Throws SettingError for a certificate, proxy or header that cannot work. */
  constructor(endpoint: string, http: HttpOptions) {
    this.#url = new URL(endpoint)
    const secrets = [...(http.secrets ?? []), ...partsOf(this.#url)]
    this.#client = new HttpClient({ ...http, compression: 'none', secrets, redactUrl: ({ origin }) => origin })
  }

  encode(record: LogRecord): Encoded {
    return { bytes: noticeOf(record) }
  }

  async send({ members }: Batch, signal: AbortSignal): Promise<Outcome> {
    if (members.length > 1) return { status: 'split', reason: 'a notice is told alone' }
    const headers = { 'content-type': 'application/json' }
    const body = members.map(({ bytes }) => bytes)
    return outcomeOf(await this.#client.request({ method: 'POST', url: this.#url.href, headers, body }, signal))
  }

  /** The address itself would take anything for a notice, so its host is asked for nothing. */
  async check(signal: AbortSignal): Promise<readonly Finding[]> {
    const what = `${this.#url.origin} answers`
    const answer = await this.#client.request({ method: 'GET', url: this.#url.origin }, signal)
    if (answer.status === 'failed' || answer.status === 407) return [findingOf(what, httpOutcome(answer))]
    return [{ level: 'ok', what, detail: `HTTP ${answer.status}` }, unproven]
  }

  close(): Promise<void> {
    return this.#client.close()
  }
}

const unproven: Finding = {
  level: 'unknown',
  what: 'a notice is taken',
  detail: 'cannot be verified without sending one',
  next: 'run doctor --canary, which sends one that asks for nothing',
}

/** By its beginning, not by its type: Slack says `ok` and calls that HTML. */
function outcomeOf(answer: HttpAnswer): Outcome {
  if (answer.status === 'failed' || answer.status < 200 || answer.status > 299) return httpOutcome(answer)
  return isHtml({ ...answer, headers: {} }) ? httpOutcome(answer) : { status: 'delivered' }
}

/** What of the address is to be shown nowhere: whoever has it can write there. */
function partsOf({ pathname, search, searchParams }: URL): readonly string[] {
  const steps = pathname.split('/')
  const parts = [pathname, search, ...steps, ...steps.map(decoded), ...searchParams.values()]
  return parts.filter((part) => part.length >= SHORT)
}

function decoded(step: string): string {
  try {
    return decodeURIComponent(step)
  } catch {
    return step
  }
}
