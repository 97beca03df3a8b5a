// A Datadog that answers and stores as Datadog's documentation says, its silences included: what is older than 18 hours or
// more than 2 ahead is answered 202 and dropped; what is above 1 MB is answered 202 and cut; date, status, host and service
// are taken from whatever stands at the root of a log under one of the names Datadog looks for.
import type { Arrived, Scripted, VendorAnswer } from '@circleci-audit-forwarder/contract/testing'

type Json = Record<string, unknown>

/** A log as Datadog files it. */
export interface Stored {
  readonly timestamp: number
  readonly host: unknown
  readonly service: unknown
  readonly status: unknown
  readonly tags: readonly string[]
  readonly source: unknown
  /** Cut by Datadog. */
  readonly cut: boolean
  readonly log: Json
}

const HOUR = 3_600_000
const BODY_MAX = 5_000_000
const LOG_MAX = 1_000_000
const LOGS_MAX = 1000

/** In the order in which Datadog looks. */
const dates = ['@timestamp', 'timestamp', '_timestamp', 'Timestamp', 'eventTime', 'date', 'published_date']
const hosts = ['host', 'hostname']
const statuses = ['status', 'severity', 'level']
const services = ['service']

export class FakeDatadog {
  /** What can be found in Datadog afterwards. */
  readonly stored: Stored[] = []
  /** Answered 202 and thrown away. */
  readonly dropped: Json[] = []
  /** Event ids that make a whole request malformed. */
  readonly poison = new Set<string>()
  readonly key: string
  /** Datadog's clock, in milliseconds since 1970. */
  now: number
  keyIsValid = true
  /** Whether answers carry a date; a proxy may leave it out. */
  tellsTime = true

  constructor(key: string, now: number) {
    this.key = key
    this.now = now
  }

  get ids(): readonly unknown[] {
    return this.stored.map(({ log }) => idOf(log))
  }

  /** A VendorBehaviour. */
  behave = (request: Arrived, scripted: Scripted = { kind: 'accept' }): VendorAnswer | undefined => {
    const answer = this.#scripted(request, scripted)
    return (
      answer && {
        ...answer,
        headers: { date: this.tellsTime ? new Date(this.now).toUTCString() : '', ...answer.headers },
      }
    )
  }

  #scripted(request: Arrived, scripted: Scripted): VendorAnswer | undefined {
    switch (scripted.kind) {
      case 'accept':
        return this.#answer(request)
      case 'throttle':
        return { ...said(429, 'Too Many Requests'), headers: { 'retry-after': `${scripted.afterSeconds}` } }
      case 'refuse credentials':
        return said(403, 'Forbidden', `API key is invalid ${JSON.stringify(request.headers)}`)
      case 'not found':
        return said(404, 'Not Found', `${request.path} ${JSON.stringify(request.headers)}`)
      case 'too large':
        return said(413, 'Payload Too Large')
      case 'refuse record':
        return said(400, 'Bad Request', 'malformed log')
      default:
        return undefined
    }
  }

  #answer(request: Arrived): VendorAnswer {
    const key = request.headers['dd-api-key']
    if (request.method === 'GET' && request.path === '/api/v1/validate') {
      return this.#isGood(key) ? { status: 200, body: '{"valid":true}' } : said(403, 'Forbidden')
    }
    if (request.method !== 'POST' || request.path !== '/api/v2/logs') return said(404, 'Not Found')
    if (key === undefined) return said(401, 'Unauthorized', 'API key is missing')
    if (!this.#isGood(key)) return said(403, 'Forbidden', 'API key is invalid')
    return this.#take(request)
  }

  #isGood(key: unknown): boolean {
    return this.keyIsValid && key === this.key
  }

  #take(request: Arrived): VendorAnswer {
    if (request.body.length > BODY_MAX) return said(413, 'Payload Too Large')
    const encoding = request.headers['content-encoding'] ?? 'identity'
    if (!['identity', 'gzip', 'zstd', 'deflate'].includes(`${encoding}`)) return said(400, 'Bad Request', 'encoding')
    const logs = logsIn(request.body.toString())
    if (logs === undefined) return said(400, 'Bad Request', 'malformed JSON')
    if (logs.length > LOGS_MAX) return said(413, 'Payload Too Large', 'too many logs')
    if (logs.some(({ log }) => this.poison.has(`${idOf(log)}`))) return said(400, 'Bad Request', 'malformed log')
    for (const { log, bytes } of logs) this.#file(log, bytes)
    return { status: 202, headers: { 'content-type': 'application/json' }, body: '{}' }
  }

  /** Asynchronously, at Datadog: nobody hears of it. */
  #file(log: Json, bytes: number): void {
    if (Object.keys(log).length === 0) return
    const timestamp = Number(first(log, dates) ?? this.now)
    const age = this.now - timestamp
    if (!(age <= 18 * HOUR && age >= -2 * HOUR)) {
      this.dropped.push(log)
      return
    }
    this.stored.push({
      timestamp,
      host: first(log, hosts),
      service: first(log, services),
      status: first(log, statuses),
      tags: `${log['ddtags'] ?? ''}`.split(',').filter((tag) => tag !== ''),
      source: log['ddsource'],
      cut: bytes > LOG_MAX,
      log,
    })
  }
}

/** The event ids of a request that carries logs. */
export function idsOf(request: Arrived): readonly string[] {
  if (!request.path.endsWith('/logs')) return []
  return (logsIn(request.body.toString()) ?? []).flatMap(({ log }) => (idOf(log) === undefined ? [] : [`${idOf(log)}`]))
}

function idOf(log: Json): unknown {
  return (log['evt'] as Json | undefined)?.['id']
}

function first(log: Json, names: readonly string[]): unknown {
  return log[names.find((name) => log[name] !== undefined) ?? '']
}

function said(status: number, title: string, detail?: string): VendorAnswer {
  const errors = [{ status: `${status}`, title, detail }]
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ errors }) }
}

/** Each log with its size as it came over the wire. A single object counts as one log. */
function logsIn(body: string): { log: Json; bytes: number }[] | undefined {
  try {
    const value = JSON.parse(body) as Json | Json[]
    const texts = textsIn(body)
    return [value].flat().map((log, index) => ({ log, bytes: Buffer.byteLength(texts[index] ?? '') }))
  } catch {
    return undefined
  }
}

function textsIn(body: string): readonly string[] {
  const texts: string[] = []
  let depth = 0
  let begin = 0
  for (const { 0: token, index } of body.matchAll(/"(?:[^"\\]|\\.)*"|[{}]/g)) {
    if (token === '{' && depth++ === 0) begin = index
    if (token === '}' && --depth === 0) texts.push(body.slice(begin, index + 1))
  }
  return texts
}
