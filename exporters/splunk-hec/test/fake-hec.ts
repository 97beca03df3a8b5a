// A collector that answers and stores as Splunk Enterprise 10.4 and Cloud 10.5 were measured to: it stores what stands
// before a bad event, loses what follows an unknown envelope key with a 200, counts acknowledgements per channel and
// indexer, and tells each of them once.
import {
  type Arrived,
  canary,
  type FakeServer,
  type Scripted,
  type VendorAnswer,
} from '@circleci-audit-forwarder/contract/testing'

/** What the collector takes unless told otherwise. */
export const TOKEN: string = canary('hec')

export interface HecSetup {
  readonly token?: string
  readonly useAck?: boolean
  /** Cloud says 28 where Enterprise says 10. */
  readonly cloud?: boolean
  readonly indexes?: readonly string[]
  readonly indexers?: number
  /** sticky: one cookie per indexer. renewed: AWS's, another value with every answer. noisy: the same under another name. */
  readonly cookies?: 'none' | 'sticky' | 'renewed' | 'noisy'
  readonly acknowledges?: boolean
  /** Event ids that it cannot read, whatever the event holds. */
  readonly poison?: readonly string[]
  /** It says code 6 without a number and stores nothing of the request, as older releases were reported to. */
  readonly nameless?: boolean
}

type Json = Record<string, unknown>

/** The keys the collector knows beside each other. */
export const ENVELOPE: readonly string[] = ['time', 'host', 'source', 'sourcetype', 'index', 'event', 'fields']
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const EVENT_BYTES_MAX = 5_242_880

export class FakeHec {
  /** Envelopes on disk, in order of arrival. */
  readonly stored: Json[] = []
  token: string
  useAck: boolean
  acknowledges: boolean
  disabled = false
  /** The answer to what is taken: 24 and 25 say that queues or acknowledgements run full. */
  pressure: 0 | 24 | 25 = 0
  /** Acknowledgements are told, and the answer does not arrive. */
  losesAcks = false
  /** Takes no compression at all. */
  unsupported = false
  /** Indexers that store nothing of what they took. */
  readonly silent = new Set<string>()
  readonly #setup: HecSetup
  readonly #counters = new Map<string, number>()
  readonly #unacknowledged = new Set<string>()
  #onDisk = 0
  #turn = 0
  #answers = 0

  constructor(setup: HecSetup = {}) {
    this.#setup = setup
    this.token = setup.token ?? TOKEN
    this.useAck = setup.useAck ?? false
    this.acknowledges = setup.acknowledges ?? true
  }

  /** The indexer dies: what it took since it last acknowledged anything was in its memory only. */
  crash(): void {
    this.stored.length = this.#onDisk
    this.#unacknowledged.clear()
    this.#counters.clear()
  }

  get ids(): readonly unknown[] {
    return this.stored.map((envelope) => (envelope['event'] as Json)['event_id'])
  }

  /** A VendorBehaviour. */
  behave = (request: Arrived, scripted: Scripted = { kind: 'accept' }): VendorAnswer | undefined => {
    switch (scripted.kind) {
      case 'accept':
        return this.#answer(request)
      case 'refuse record':
        return this.#take(request, envelopesIn(request), '0', scripted.index)
      case 'throttle':
        return { ...said(429, 26, 'Queue at capacity'), headers: { 'retry-after': `${scripted.afterSeconds}` } }
      case 'refuse credentials':
        return said(403, 4, `Invalid token ${JSON.stringify(request.headers)}`)
      case 'not found':
        return said(404, 404, `The requested URL was not found on this server. ${request.headers['authorization']}`)
      case 'too large':
        return said(413, 413, 'Content-Length of request is too large')
      default:
        return undefined
    }
  }

  #answer(request: Arrived): VendorAnswer {
    const indexer = this.#indexerFor(request)
    const answer = this.#route(request, indexer)
    return { ...answer, headers: { ...answer.headers, ...this.#cookie(request, indexer) } }
  }

  #route(request: Arrived, indexer: string): VendorAnswer {
    const path = request.path.replace(/\/1\.0$/, '')
    if (path === '/services/collector/health') return said(200, 17, 'HEC is healthy')
    const known = ['/services/collector', '/services/collector/event', '/services/collector/ack'].includes(path)
    if (!known || request.method !== 'POST') return said(404, 404, 'The requested URL was not found on this server.')
    const refusal = this.#refusal(request)
    if (refusal) return refusal
    if (path.endsWith('/ack')) return this.#acks(request, indexer)
    return this.#take(request, envelopesIn(request), indexer)
  }

  #refusal(request: Arrived): VendorAnswer | undefined {
    const authorization = `${request.headers['authorization'] ?? ''}`
    if (authorization === '') return said(401, 2, 'Token is required')
    if (!authorization.startsWith('Splunk ')) return said(401, 3, 'Invalid authorization')
    if (authorization !== `Splunk ${this.token}`) return said(403, 4, 'Invalid token')
    if (this.disabled) return said(403, 1, 'Token disabled')
    const encoding = request.headers['content-encoding']
    if (encoding === undefined || (encoding === 'gzip' && !this.unsupported)) return undefined
    return {
      status: 415,
      headers: { 'content-type': 'text/html' },
      body: '<html><body>Unsupported Media Type</body></html>',
    }
  }

  #take(request: Arrived, envelopes: readonly string[], indexer: string, refused?: number): VendorAnswer {
    const channel = request.headers['x-splunk-request-channel']
    if (this.useAck && channel === undefined) return this.#channelMissing()
    if (this.useAck && !GUID.test(`${channel}`)) return said(400, 11, 'Invalid data channel')
    if (envelopes.length === 0) return said(400, 5, 'No data')
    const answer = this.#store(envelopes, refused)
    return `${answer.body}`.includes('"code":5')
      ? answer
      : { ...answer, body: this.#withAckId(answer.body, channel, indexer) }
  }

  /** Stores what stands before the first fault. */
  #store(envelopes: readonly string[], refused: number | undefined): VendorAnswer {
    if (this.#setup.nameless && envelopes.some((text, n) => this.#verdict(text, n) !== undefined)) return syntaxError()
    for (const [number, text] of envelopes.entries()) {
      const verdict = number === refused ? syntaxError(number) : this.#verdict(text, number)
      if (verdict === 'unknown key') return number === 0 ? said(400, 5, 'No data') : said(200, 0, 'Success')
      if (verdict === undefined) this.stored.push(JSON.parse(text))
      else if (verdict !== 'skipped') return verdict
    }
    return this.#taken()
  }

  #taken(): VendorAnswer {
    const texts = { 0: 'Success', 24: 'HEC is healthy, queue approaching capacity', 25: 'ACK approaching capacity' }
    return said(200, this.pressure, texts[this.pressure])
  }

  #verdict(text: string, number: number): VendorAnswer | 'unknown key' | 'skipped' | undefined {
    const envelope = parsed(text)
    if (envelope === undefined || Buffer.byteLength(text) > EVENT_BYTES_MAX) return syntaxError(number)
    if (this.#setup.poison?.includes(`${(envelope['event'] as Json | null)?.['event_id']}`)) return syntaxError(number)
    if (Object.keys(envelope).some((key) => !ENVELOPE.includes(key))) return 'unknown key'
    if (envelope['event'] === undefined && envelope['fields'] !== undefined) return 'skipped'
    if (envelope['event'] === undefined || envelope['event'] === null) {
      return said(400, 12, 'Event field is required', number)
    }
    if (envelope['event'] === '') return said(400, 13, 'Event field cannot be blank', number)
    if (!isIndexable(envelope, text)) return said(400, 15, 'Error in handling indexed fields', number)
    return this.#isAllowed(envelope['index']) ? undefined : said(400, 7, 'Incorrect index', number + 1)
  }

  #isAllowed(index: unknown): boolean {
    return index === undefined || (this.#setup.indexes?.includes(index as string) ?? true)
  }

  #channelMissing(): VendorAnswer {
    if (!this.#setup.cloud) return said(400, 10, 'Data channel is missing')
    return said(
      400,
      28,
      'Data channel is missing. If you have multiple indexers, sticky session load balancers must be provisioned',
    )
  }

  #withAckId(body: VendorAnswer['body'], channel: unknown, indexer: string): string {
    const json = `${body}`
    if (!this.useAck) return json
    const counter = `${indexer}/${channel}`
    const ackId = this.#counters.get(counter) ?? 0
    this.#counters.set(counter, ackId + 1)
    this.#unacknowledged.add(`${counter}/${ackId}`)
    return JSON.stringify({ ...JSON.parse(json), ackId })
  }

  #acks(request: Arrived, indexer: string): VendorAnswer {
    if (!this.useAck) return said(400, 14, 'ACK is disabled')
    const channel = request.headers['x-splunk-request-channel']
    const { acks } = JSON.parse(`${request.body}`) as { acks: number[] }
    const told = acks.map((id) => [
      id,
      this.acknowledges && !this.silent.has(indexer) && this.#unacknowledged.delete(`${indexer}/${channel}/${id}`),
    ])
    if (told.some(([, stored]) => stored)) this.#onDisk = this.stored.length
    if (this.losesAcks) return { status: 502, body: '<html>Bad Gateway</html>' }
    return { status: 200, body: JSON.stringify({ acks: Object.fromEntries(told) }) }
  }

  #indexerFor(request: Arrived): string {
    const count = this.#setup.indexers ?? 1
    const stuck = /\b\w+=indexer-(\d+)/.exec(`${request.headers['cookie'] ?? ''}`)?.[1]
    const alive = stuck !== undefined && Number(stuck) >= this.firstAlive
    return alive ? stuck : `${this.firstAlive + (this.#turn++ % (count - this.firstAlive))}`
  }

  /** Indexers with a lower number are dead. */
  firstAlive = 0

  #cookie(request: Arrived, indexer: string): Record<string, string> {
    const name = { none: undefined, sticky: 'lb', renewed: 'AWSALB', noisy: 'session' }[this.#setup.cookies ?? 'none']
    if (name === undefined) return {}
    if (name !== 'lb') return { 'set-cookie': `${name}=indexer-${indexer}-${this.#answers++}; Path=/` }
    const known = `${request.headers['cookie'] ?? ''}`.includes(`lb=indexer-${indexer}`)
    return known ? {} : { 'set-cookie': `lb=indexer-${indexer}; Path=/; HttpOnly` }
  }
}

/** The event ids of a request that carries events. */
export function idsOf(request: Arrived): readonly string[] {
  if (!/\/(event|collector)$/.test(request.path)) return []
  return envelopesIn(request).map((text) => JSON.parse(text).event.event_id)
}

/** Requests that carry events. */
export function eventRequests(server: FakeServer): readonly Arrived[] {
  return server.arrived.filter((request) => request.path.endsWith('/event') && request.body.length > 0)
}

function said(status: number, code: number, text: string, eventNumber?: number): VendorAnswer {
  const body = { text, code, ...(eventNumber === undefined ? {} : { 'invalid-event-number': eventNumber }) }
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}

function syntaxError(number?: number): VendorAnswer {
  return said(400, 6, 'Invalid data format', number)
}

/** Flat fields of strings; a time without exponent. */
function isIndexable({ fields, time }: Json, text: string): boolean {
  const written = /^\{"time":([^,}]*)/.exec(text)?.[1]
  const goodTime = time === undefined || /^"?\d+(\.\d+)?"?$/.test(written ?? '')
  return goodTime && Object.values((fields ?? {}) as Json).every((value) => typeof value === 'string')
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

/** Objects one after another, found by their braces and not by line feeds. */
function envelopesIn(request: Arrived): readonly string[] {
  const text = request.body.toString('utf8')
  const envelopes: string[] = []
  let depth = 0
  let begin = 0
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}]/g)) {
    if (token === '{' && depth++ === 0) begin = index
    if (token === '}' && --depth === 0) envelopes.push(text.slice(begin, index + 1))
  }
  return depth === 0 ? envelopes : [...envelopes, text.slice(begin)]
}
