// A channel is a GUID under which one indexer counts the requests it took. Behind a balancer only that indexer can
// acknowledge them, so the balancer's cookies belong to the channel. When a balancer answers with another cookie than it
// was sent, it has moved us: the old indexer is out of reach, a new channel begins and what was outstanding goes again.
// Two look-alikes are told apart: cookies that are renewed with every answer (AWS names them), and balancers that do
// the same under another name, recognised by moving us again and again without one acknowledgement between.
import type { HttpAnswer } from '@circleci-audit-forwarder/contract'
import type { ChannelHeaders } from './requests.ts'

/** What one ackId on one channel stands for: a request, or several where indexers count side by side. */
export interface Claim {
  readonly ackId: number
  /** When its first request was taken, in milliseconds since 1970. */
  readonly since: number
  requests: number
  heard: number
  state: 'open' | 'stored' | 'lost' | 'unacknowledgeable'
}

export class Channel {
  readonly id: string
  readonly #open = new Map<number, Claim>()
  /** The indexer that counts for this channel is out of reach. */
  lost = false
  cookies: ReadonlyMap<string, string>

  constructor(id: string, cookies: ReadonlyMap<string, string> = new Map()) {
    this.id = id
    this.cookies = cookies
  }

  /** The open claim on this id, shared with one more request, or a new one. */
  claim(ackId: number, now: number): Claim {
    const claim = this.#open.get(ackId) ?? { ackId, since: now, requests: 0, heard: 0, state: 'open' }
    claim.requests++
    this.#open.set(ackId, claim)
    return claim
  }

  /** An indexer said true: it says so once for each request it took. */
  heard(claim: Claim): void {
    claim.heard++
    if (claim.heard >= claim.requests) this.close(claim, 'stored')
  }

  close(claim: Claim, state: Claim['state']): void {
    if (claim.state !== 'open') return
    claim.state = state
    this.#open.delete(claim.ackId)
  }

  headers(): ChannelHeaders {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const channel = { 'x-splunk-request-channel': this.id }
    return cookie === '' ? channel : { ...channel, cookie }
  }
}

/** AWS load balancers renew these with every answer; the target stays. */
const renewed = /^AWSALB(TG)?(CORS)?$/
/** Moves in a row, without one acknowledgement, after which cookies are no sign of anything. */
const MOVES_MAX = 3

export class Channels {
  readonly #newId: () => string
  #current: Channel | undefined
  #moves = 0

  constructor(newId: () => string, on: boolean) {
    this.#newId = newId
    if (on) this.turnOn()
  }

  /** Undefined while acknowledgement is off. */
  get current(): Channel | undefined {
    return this.#current
  }

  turnOn(): void {
    this.#current ??= new Channel(this.#newId())
  }

  /** Later requests go to a new channel, wherever the balancer leads. */
  replace(old: Channel): void {
    if (old.id === this.#current?.id) this.#current = new Channel(this.#newId())
  }

  acknowledged(): void {
    this.#moves = 0
  }

  /**
   * Reads the balancer's cookies from an answer. `sent`: the cookies the request went with. Resolves to the channel
   * under which the request's acknowledgement can be asked for.
   */
  answered(channel: Channel, sent: ReadonlyMap<string, string>, answer: HttpAnswer): Channel {
    const set = answer.status === 'failed' ? new Map() : cookiesIn(answer.headers['set-cookie'])
    if (set.size === 0) return channel
    const cookies = new Map([...channel.cookies, ...set])
    if (sent.size === 0 && channel.cookies.size > 0 && differs(channel.cookies, set)) {
      return new Channel(channel.id, cookies) // sent before any cookie was known: another indexer, the same GUID
    }
    if (sent.size > 0 && differs(sent, set) && this.#moves < MOVES_MAX) return this.#moved(channel, cookies)
    channel.cookies = cookies
    return channel
  }

  #moved(channel: Channel, cookies: ReadonlyMap<string, string>): Channel {
    if (!channel.lost) this.#moves++
    channel.lost = true
    if (channel === this.#current) this.#current = new Channel(this.#newId(), cookies)
    return new Channel(channel.id, cookies)
  }
}

/** Whether a cookie that was known has another value now. */
function differs(known: ReadonlyMap<string, string>, set: ReadonlyMap<string, string>): boolean {
  return [...set].some(([name, value]) => known.has(name) && known.get(name) !== value && !renewed.test(name))
}

/** Names and values; attributes such as Path say nothing for a client of one server. */
function cookiesIn(header: string | readonly string[] | undefined): ReadonlyMap<string, string> {
  const lines = header === undefined ? [] : typeof header === 'string' ? [header] : header
  const pairs = lines.map((line) => line.split(';')[0]?.trim() ?? '').filter((pair) => /^[^=\s]+=/.test(pair))
  return new Map(
    pairs.slice(0, 20).map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  )
}
