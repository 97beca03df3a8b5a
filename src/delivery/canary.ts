// One record sent to one destination past the ledger, and looked for afterwards where the destination can be asked. One
// attempt, because the question is whether it goes through now; what would follow in a lane is told in words.
import {
  type Batch,
  contentToken,
  type Exporter,
  type LogRecord,
  type Outcome,
  type Stopped,
} from '@circleci-audit-forwarder/contract'
import type { Clock } from '../domain/clock.ts'
import { type Finding, failedFinding } from '../domain/finding.ts'
import { duration } from '../telemetry/units.ts'

export interface CanaryFlight {
  readonly exporter: Exporter
  readonly record: LogRecord
  /** By which people can look for it. */
  readonly id: string
  readonly clock: Clock
  /** How long to wait for an acknowledgement, and how long to look for it, in milliseconds. */
  readonly patienceMs: number
}

/** Pause between two questions, at first and at most, in milliseconds. */
const PAUSE_MS = 500
const LONGEST_PAUSE_MS = 5_000

const what = 'a canary is taken'

/** Sends it and looks for it. Never rejects for what the destination answers. */
export async function sendCanary(flight: CanaryFlight, signal: AbortSignal): Promise<readonly Finding[]> {
  const { exporter, record, clock } = flight
  try {
    const members = [exporter.encode(record)]
    const batch = { members, token: contentToken(members), now: clock.now() }
    const outcome = await exporter.send(batch, signal)
    if (outcome.status === 'accepted') return await acknowledged(flight, outcome, signal)
    if (outcome.status !== 'delivered') return [refusalFinding(outcome)]
    return [{ level: 'ok', what, detail: `id ${flight.id}` }, await readBack(flight, batch, signal)]
  } catch (error) {
    return [failedFinding(what, error)]
  }
}

async function acknowledged(
  flight: CanaryFlight,
  { receipt, pollAfterMs }: Extract<Outcome, { status: 'accepted' }>,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const taken: Finding = { level: 'ok', what, detail: `id ${flight.id}` }
  const read = 'the canary is acknowledged as stored'
  const reply = await ask<Exclude<Outcome, { status: 'accepted' }>>(flight, pollAfterMs, signal, async () => {
    const outcome = (await flight.exporter.confirm?.([receipt], signal))?.get(receipt)
    return outcome === undefined || outcome.status === 'accepted' ? notYetThere : { answer: outcome }
  })
  if (!('answer' in reply)) return [taken, notYet(flight, read, 'no acknowledgement came')]
  if (reply.answer.status === 'delivered') return [taken, { level: 'ok', what: read }]
  return [taken, { ...refusalFinding(reply.answer), what: read }]
}

async function readBack(flight: CanaryFlight, batch: Batch, signal: AbortSignal): Promise<Finding> {
  const { exporter, patienceMs } = flight
  const read = 'the canary is read back'
  const next = `search there for ${flight.id}`
  if (exporter.readBack === undefined && exporter.stored === undefined) {
    return { level: 'unknown', what: read, detail: 'this kind of destination cannot be asked what it holds', next }
  }
  try {
    const reply = await ask(flight, 0, signal, () => looked(exporter, batch, signal))
    if (!('answer' in reply)) {
      if (reply.because === undefined) return notYet(flight, read, 'it was not found')
      const detail = `the destination took it, and could not be asked within ${duration(patienceMs)}: ${reply.because}`
      return { level: 'unknown', what: read, detail, next }
    }
    if (reply.answer === 'found') return { level: 'ok', what: read }
    return { level: 'unknown', what: read, detail: reply.answer.reason, next }
  } catch (error) {
    return failedFinding(read, error, 'unknown')
  }
}

/** One look: by a search, where it can be searched. */
async function looked(exporter: Exporter, batch: Batch, signal: AbortSignal): Promise<Reply<'found' | Stopped>> {
  const held = await (exporter.readBack?.(batch, signal) ?? exporter.stored?.(batch, signal))
  if (held === undefined || !('status' in held)) return held?.includes(0) ? { answer: 'found' } : notYetThere
  return held.status === 'stopped' ? { answer: held } : { because: held.reason, afterMs: held.retryAfterMs }
}

function notYet({ patienceMs, id }: CanaryFlight, read: string, why: string): Finding {
  const detail = `the destination took it, and ${why} within ${duration(patienceMs)}`
  return { level: 'warning', what: read, detail, next: `search there for ${id}` }
}

/** What one question brought: an answer, or why it has to be asked again and how long to wait before. */
type Reply<T> = { readonly answer: T } | { readonly because?: string; readonly afterMs?: number | undefined }

const notYetThere = {}

/** Asks until there is an answer or the patience is over; not to the end where it is told to wait for longer than that. */
async function ask<T>(
  { clock, patienceMs }: CanaryFlight,
  firstMs: number,
  signal: AbortSignal,
  question: () => Promise<Reply<T>>,
): Promise<Reply<T>> {
  const end = clock.now() + patienceMs
  if (firstMs > 0) await clock.sleep(firstMs, signal)
  for (let pause = PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    const reply = await question()
    if ('answer' in reply) return reply
    const { afterMs = 0 } = reply
    const left = end - clock.now()
    if (left <= 0 || afterMs > left || signal.aborted) return reply
    await clock.sleep(Math.min(Math.max(pause, afterMs), left), signal)
  }
}

type NotTaken = Exclude<Outcome, { status: 'delivered' | 'accepted' }>

/** What an answer other than yes means for one record that nobody sends again. */
function refusalFinding(outcome: NotTaken): Finding {
  switch (outcome.status) {
    case 'retry': {
      const detail = outcome.ambiguous === true ? `${outcome.reason}; it may have arrived all the same` : outcome.reason
      return { level: 'error', what, detail, next: 'an event would be sent again until it is taken; see why it is not' }
    }
    case 'stopped': {
      const next = `mend ${outcome.cause === 'credentials' ? 'the credentials' : 'the configuration'}: the destination would stop`
      return { level: 'error', what, detail: outcome.reason, next }
    }
    case 'split':
      return { level: 'error', what, detail: `refused as too large: ${outcome.reason}`, next: mend }
    case 'unreadable':
      return { level: 'error', what, detail: `refused: ${outcome.reason}`, next: mend }
    case 'rejected':
      return { level: 'error', what, detail: `refused: ${outcome.records[0]?.reason ?? 'no reason'}`, next: mend }
  }
}

const mend = "an event refused like this would go into quarantine; compare the destination's settings with the reason"
