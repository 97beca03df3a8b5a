// What can be proven without an event. The health route needs no token; an empty body proves the token, for only then
// does the collector get as far as "No data" (code 5); whether it acknowledges shows in whether it wants a channel.
// Whether the index is allowed shows only in an event.
import { type Finding, findingOf, type HttpAnswer } from '@circleci-audit-forwarder/contract'
import type { AckMode } from './acks.ts'
import { outcomeOf, reasonOf, replyOf } from './answer.ts'
import { codes } from './codes.ts'
import type { HecRequests } from './requests.ts'

/** What the exporter has seen so far and how it is set up. */
export interface Seen {
  readonly ackDisabled: boolean
  readonly insecure: boolean
  readonly index: string | undefined
}

interface Around {
  readonly now: () => number
  readonly signal: AbortSignal
}

const CHANNEL = { 'x-splunk-request-channel': '00000000-0000-4000-8000-000000000000' }
const SKEW_MAX_MS = 5 * 60_000
const HEALTHY = 17
const NO_DATA = 5

export async function checkHec(
  requests: HecRequests,
  mode: AckMode,
  seen: Seen,
  { now, signal }: Around,
): Promise<readonly Finding[]> {
  const health = await requests.health(signal)
  const probe = await requests.events([], {}, signal)
  const proven = tokenIsGood(probe)
  const findings = [healthFinding(health), tokenFinding(probe), ...clockFinding(health, now())]
  if (proven) findings.push(await ackFinding(requests, mode, seen, signal), indexFinding(seen.index))
  if (seen.insecure) findings.push(insecureFinding)
  return findings
}

function healthFinding(answer: HttpAnswer): Finding {
  const what = 'HTTP Event Collector is healthy'
  const reply = replyOf(answer)
  if (reply?.code === HEALTHY) return { level: 'ok', what }
  const outcome = outcomeOf(answer, [])
  if (outcome.status === 'delivered') return { level: 'warning', what, detail: reply ? reasonOf(reply) : '' }
  if (answer.status === 404 || answer.status === 405) {
    return { level: 'unknown', what, detail: 'no health route beside the endpoint' }
  }
  return findingOf(what, outcome)
}

function tokenIsGood(answer: HttpAnswer): boolean {
  const code = replyOf(answer)?.code
  return code === NO_DATA || codes.get(code ?? -1)?.meaning === 'channel'
}

function tokenFinding(answer: HttpAnswer): Finding {
  const what = 'token is accepted'
  if (tokenIsGood(answer)) return { level: 'ok', what }
  const outcome = outcomeOf(answer, [])
  if (outcome.status !== 'delivered') return findingOf(what, outcome)
  return {
    level: 'unknown',
    what,
    detail: 'an empty request was taken: this server does not say whether the token is good',
  }
}

async function ackFinding(requests: HecRequests, mode: AckMode, seen: Seen, signal: AbortSignal): Promise<Finding> {
  const what = 'indexer acknowledgement'
  const answer = await requests.acknowledged([], CHANNEL, signal)
  const off = seen.ackDisabled || codes.get(replyOf(answer)?.code ?? -1)?.text === 'ACK is disabled'
  if (mode === 'off' || off) return withoutAcks(mode, seen)
  if (answer.status === 200 && replyOf(answer) === undefined) return { level: 'ok', what, detail: 'on' }
  return { level: 'unknown', what, detail: 'the server does not say whether the token acknowledges' }
}

function withoutAcks(mode: AckMode, { ackDisabled }: Seen): Finding {
  const what = 'indexer acknowledgement'
  const next = 'enable indexer acknowledgement for the token'
  if (mode === 'required') return { level: 'error', what, detail: 'required, and the token does not acknowledge', next }
  const detail = 'off: HTTP 200 means an indexer has the events in memory; should it crash then, they are lost'
  if (ackDisabled) return { level: 'warning', what, detail: `was switched off while in use; ${detail}`, next }
  return { level: 'warning', what, detail, next: mode === 'off' ? 'set ack: auto' : next }
}

function indexFinding(index: string | undefined): Finding {
  const what = index === undefined ? "the token's default index takes events" : `index ${index} is allowed`
  return { level: 'unknown', what, detail: 'only an event can show it; a wrong one stops the destination (code 7)' }
}

function clockFinding(answer: HttpAnswer, now: number): readonly Finding[] {
  const header = answer.status === 'failed' ? undefined : answer.headers['date']
  const skew = Math.abs(Date.parse(`${header}`) - now)
  if (Number.isNaN(skew)) return []
  const what = "clock agrees with the server's"
  if (skew <= SKEW_MAX_MS) return [{ level: 'ok', what }]
  return [{ level: 'warning', what, detail: `${Math.round(skew / 1000)} s apart`, next: 'set the clocks by NTP' }]
}

const insecureFinding: Finding = {
  level: 'warning',
  what: 'certificates are verified',
  detail: 'insecure_skip_verify is on: whoever answers gets the token and the events',
  next: 'set tls.ca_file',
}
