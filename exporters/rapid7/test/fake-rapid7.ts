// A webhook and an account that answer and store as the EU endpoint was measured to: 204 to any GUID, of a body its first
// line, of a long line pieces of 32,767 bytes whatever they cut through; 404 to what is no GUID, 413 from 64 KiB on.
// The account searches as documented: 202 with a link to the search itself, 200 with the entries that were indexed.
import {
  type Arrived,
  canary,
  canaryGuid,
  type Scripted,
  type VendorAnswer,
} from '@circleci-audit-forwarder/contract/testing'

export const TOKEN: string = canaryGuid(1)
export const OTHER_TOKEN: string = canaryGuid(2)
export const API_KEY: string = canary('k3y')
export const LOG_ID = '34634d9e-89e8-4e02-a255-f10baf0e9f2b'

const GUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i
const PIECE_BYTES = 32_767
const BODY_BYTES_MAX = 65_535

/** A search that was begun. */
interface FakeSearch {
  readonly log: FakeLog
  readonly id: string
  /** So many times it is still said to run. */
  left: number
}

export interface FakeLog {
  readonly id?: unknown
  readonly name: unknown
  readonly tokens: readonly string[]
}

export class FakeRapid7 {
  /** Entries of each log, by token, in order of arrival. */
  readonly entries = new Map<string, string[]>([[TOKEN, []]])
  /** What the account lists. */
  logs: readonly FakeLog[] = [{ id: LOG_ID, name: 'CircleCI audit', tokens: [TOKEN] }]
  /** Given to every request, if set. */
  fixed: VendorAnswer | undefined
  /** Given to every search, if set. */
  searching: VendorAnswer | undefined
  /** What the key may do: everything, all but search, validate itself only, or nothing. */
  key: 'good' | 'may not search' | 'may not list' | 'bad' = 'good'
  /** So many searches are done before what was sent can be found. */
  behind = 0
  /** So many times a search is said to run on. */
  slow = 0
  /** With what a search that is followed is said to run on. Both are documented. */
  followed: 200 | 202 = 202
  /** Where searches are to be followed. Default: here. */
  elsewhere: string | undefined
  /** The headers of a 429 that searches are answered with. */
  throttle: Readonly<Record<string, string>> | undefined
  readonly searches = new Map<string, FakeSearch>()

  /** Entries of the log with the configured token. */
  get stored(): readonly string[] {
    return this.entries.get(TOKEN) ?? []
  }

  get ids(): readonly unknown[] {
    return this.stored.map((entry) => JSON.parse(entry).event_id)
  }

  /** A VendorBehaviour. */
  behave = (request: Arrived, scripted: Scripted = { kind: 'accept' }): VendorAnswer | undefined => {
    if (this.fixed !== undefined) return this.fixed
    // Careless servers echo the address, and with it the token.
    if (scripted.kind === 'refuse credentials') return { status: 401, body: `not allowed: ${request.path}` }
    if (scripted.kind !== 'accept') return undefined
    if (request.method === 'GET') return this.#account(request)
    return this.#webhook(request)
  }

  #webhook({ path, body }: Arrived): VendorAnswer {
    const token = /^\/v1\/noformat\/([^/]+)$/.exec(path)?.[1]
    if (token === undefined || !GUID.test(token)) return { status: 404, body: `no route for ${path}` }
    if (body.length > BODY_BYTES_MAX) return { status: 413 }
    this.entries.get(token)?.push(...entriesOf(body))
    return { status: 204 }
  }

  #account({ path, headers }: Arrived): VendorAnswer {
    if (path === '/') return { status: 404 }
    if (headers['x-api-key'] !== API_KEY || this.key === 'bad') return json(401, { message: 'Unauthorized' })
    if (path === '/validate') return json(200, { message: 'Authorized' })
    if (path.startsWith('/query/')) return this.#query(new URL(path, `http://${headers['host']}`))
    if (path !== '/management/logs') return { status: 404 }
    return this.key === 'may not list' ? json(403, { message: 'Forbidden' }) : json(200, { logs: this.logs })
  }

  #query(url: URL): VendorAnswer {
    if (this.searching !== undefined) return this.searching
    if (this.key === 'may not search') return json(403, { message: 'Forbidden' })
    if (this.throttle !== undefined) return { ...json(429, { message: 'Too many requests' }), headers: this.throttle }
    const [, logId] = /^\/query\/logs\/([^/]+)$/.exec(url.pathname) ?? []
    if (logId === undefined) return this.#follow(url)
    const log = this.logs.find(({ id }) => id === logId)
    if (log === undefined) return json(404, { message: 'no such log' })
    const id = /^where\(event_id="((?:[^"\\]|\\.)*)"\)$/.exec(url.searchParams.get('query') ?? '')?.[1]
    const [from, to] = ['from', 'to'].map((name) => Number(url.searchParams.get(name) ?? Number.NaN))
    if (id === undefined || !((from ?? 0) < (to ?? 0))) return json(400, { message: 'the query cannot be parsed' })
    const name = `deace1fd-e605-41cd-a45c-5bf1ff0c3402-${this.searches.size}`
    this.searches.set(name, { log, id: id.replaceAll(/\\(.)/g, '$1'), left: this.slow })
    return this.#progress(name, url.origin, 202)
  }

  #follow({ pathname, origin }: URL): VendorAnswer {
    const name = pathname.slice('/query/'.length)
    return this.searches.has(name)
      ? this.#progress(name, origin, this.followed)
      : json(404, { message: 'no such query' })
  }

  #progress(name: string, origin: string, runs: 200 | 202): VendorAnswer {
    const search = this.searches.get(name) as FakeSearch
    const logs = [search.log.id]
    if (search.left-- > 0) {
      const links = [{ rel: 'Self', href: this.elsewhere ?? `${origin}/query/${name}` }]
      return json(runs, { logs, id: name, progress: 0, query: { statement: 'where(…)' }, links })
    }
    const indexed = this.behind-- > 0 ? [] : search.log.tokens.flatMap((token) => this.entries.get(token) ?? [])
    const found = indexed.filter((entry) => JSON.parse(entry).event_id === search.id)
    const events = found.map((message, sequence_number) => ({ labels: [], log_id: logs[0], message, sequence_number }))
    return json(200, { logs, events, leql: { statement: 'where(…)' } })
  }
}

/** The first line, cut where Rapid7 cuts it. A line ends at a line feed; a carriage return alone is kept. */
function entriesOf(body: Buffer): readonly string[] {
  const end = body.indexOf('\n')
  const line = end < 0 ? body : body.subarray(0, body[end - 1] === 0x0d ? end - 1 : end)
  const pieces: string[] = []
  for (let from = 0; from < line.length; from += PIECE_BYTES) {
    pieces.push(line.subarray(from, from + PIECE_BYTES).toString('utf8'))
  }
  return pieces
}

function json(status: number, body: unknown): VendorAnswer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}

/** The id in a request's body, for requests that carry an event. */
export function idsOf({ method, body }: Arrived): readonly string[] {
  return method === 'POST' ? [JSON.parse(body.toString('utf8')).event_id] : []
}
