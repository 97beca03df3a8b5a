// Indexer acknowledgement: a request answered with an ackId is in an indexer's memory; it is stored when a poll says
// true for that id on that channel. True is told once and forgotten, false means pending, unknown, lost or another
// indexer. So nothing is persisted: what is not acknowledged in time goes again on a new channel, and receipts of an
// earlier process are unknown here and go again too. Source: Splunk, "About HTTP Event Collector Indexer Acknowledgment".
//
// Indexers count for themselves. Behind a balancer without sessions two requests can carry the same id on the same
// channel, and one indexer's true must not settle the other's request: such requests share a claim, which is stored when
// it has heard true as often as it is shared, and lost as a whole.
import type { HttpAnswer, Outcome } from '@circleci-audit-forwarder/contract'
import { replyOf, stopped } from './answer.ts'
import type { Channel, Channels, Claim } from './channel.ts'
import { codes } from './codes.ts'
import type { HecRequests } from './requests.ts'

/** auto: used when the token has it. required: stop when it has not. off: 200 is delivered. */
export type AckMode = 'auto' | 'required' | 'off'

const ACK_TIMEOUT_MS = 300_000
const FIRST_POLL_MS = 1000
const HURRIED_POLL_MS = 250
const IDS_PER_POLL = 1000
/** More than any lane keeps in flight; the oldest are forgotten and go again. */
const PENDING_MAX = 100_000
const ACK_DISABLED = 14

interface Pending {
  readonly channel: Channel
  readonly claim: Claim
}

export class Acknowledgements {
  /** A poll was answered with code 14: this token acknowledges nothing, whatever it said before. */
  disabled = false
  readonly #requests: HecRequests
  readonly #channels: Channels
  readonly #mode: AckMode
  readonly #now: () => number
  readonly #pending = new Map<string, Pending>()
  #accepted = 0

  constructor(requests: HecRequests, channels: Channels, mode: AckMode, now: () => number) {
    this.#requests = requests
    this.#channels = channels
    this.#mode = mode
    this.#now = now
  }

  /** Remembers a request that was taken but not yet acknowledged. `full`: to be asked for sooner. */
  accepted(channel: Channel, ackId: number, full = false): Outcome {
    const claim = channel.claim(ackId, this.#now())
    const receipt = `${channel.id}/${ackId}/${claim.since}/${this.#accepted++}`
    const [oldest] = this.#pending.keys()
    if (this.#pending.size >= PENDING_MAX && oldest !== undefined) this.#pending.delete(oldest)
    this.#pending.set(receipt, { channel, claim })
    return { status: 'accepted', receipt, pollAfterMs: full ? HURRIED_POLL_MS : FIRST_POLL_MS }
  }

  /** What is known of these receipts by now; those still pending are absent. */
  async confirm(receipts: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, Outcome>> {
    for (const [channel, claims] of this.#openClaims(receipts)) {
      const open = [...claims]
      for (let from = 0; from < open.length && !channel.lost; from += IDS_PER_POLL) {
        await this.#poll(channel, open.slice(from, from + IDS_PER_POLL), signal)
      }
    }
    const settled = new Map<string, Outcome>()
    for (const receipt of receipts) {
      const outcome = this.#outcome(this.#pending.get(receipt))
      if (outcome !== undefined) settled.set(receipt, outcome)
    }
    for (const receipt of settled.keys()) this.#pending.delete(receipt)
    return settled
  }

  #openClaims(receipts: readonly string[]): ReadonlyMap<Channel, ReadonlySet<Claim>> {
    const byChannel = new Map<Channel, Set<Claim>>()
    for (const receipt of receipts) {
      const pending = this.#pending.get(receipt)
      if (pending?.claim.state !== 'open') continue
      const claims = byChannel.get(pending.channel) ?? new Set()
      byChannel.set(pending.channel, claims.add(pending.claim))
    }
    return byChannel
  }

  async #poll(channel: Channel, claims: readonly Claim[], signal: AbortSignal): Promise<void> {
    const sent = channel.cookies
    const ackIds = claims.map((claim) => claim.ackId)
    const answer = await this.#requests.acknowledged(ackIds, channel.headers(), signal)
    if (replyOf(answer)?.code === ACK_DISABLED) {
      this.disabled = true
      for (const claim of claims) channel.close(claim, 'unacknowledgeable')
      return
    }
    const acks = acksIn(answer)
    const heard = claims.filter((claim) => acks?.[String(claim.ackId)] === true)
    for (const claim of heard) channel.heard(claim)
    if (heard.length > 0) this.#channels.acknowledged()
    this.#channels.answered(channel, sent, answer)
  }

  #outcome(pending: Pending | undefined): Outcome | undefined {
    if (pending === undefined) return again('its receipt is of an earlier connection')
    const { channel, claim } = pending
    if (claim.state === 'stored') return { status: 'delivered' }
    if (claim.state === 'unacknowledgeable') return this.#withoutAcks()
    if (channel.lost) return again('the load balancer moved to another indexer')
    if (claim.state === 'open' && this.#now() - claim.since < ACK_TIMEOUT_MS) return undefined
    channel.close(claim, 'lost')
    this.#channels.replace(channel)
    return again(`within ${ACK_TIMEOUT_MS / 1000} s`)
  }

  /** The token acknowledges no more: all that was taken counts as delivered, unless the operator insists. */
  #withoutAcks(): Outcome {
    const code = codes.get(ACK_DISABLED)
    if (this.#mode !== 'required' || code === undefined) return { status: 'delivered' }
    return stopped(code, { code: ACK_DISABLED, text: code.text, ackId: undefined, eventNumber: undefined })
  }
}

function again(why: string): Outcome {
  return { status: 'retry', reason: `not acknowledged: ${why}`, ambiguous: true }
}

/** `{"acks":{"0":true,"1":false}}`. Anything else says nothing: ask again. */
function acksIn(answer: HttpAnswer): Record<string, unknown> | undefined {
  if (answer.status !== 200) return undefined
  try {
    const acks = JSON.parse(answer.body)?.acks
    return typeof acks === 'object' && acks !== null ? acks : undefined
  } catch {
    return undefined
  }
}
