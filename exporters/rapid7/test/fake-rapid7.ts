// A webhook and an account that answer and store as the EU endpoint was measured to: 204 to any GUID, of a body its first
// line, of a long line pieces of 32,767 bytes whatever they cut through; 404 to what is no GUID, 413 from 64 KiB on.
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

const GUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i
const PIECE_BYTES = 32_767
const BODY_BYTES_MAX = 65_535

export interface FakeLog {
  readonly name: unknown
  readonly tokens: readonly string[]
}

export class FakeRapid7 {
  /** Entries of each log, by token, in order of arrival. */
  readonly entries = new Map<string, string[]>([[TOKEN, []]])
  /** What the account lists. */
  logs: readonly FakeLog[] = [{ name: 'CircleCI audit', tokens: [TOKEN] }]
  /** Given to every request, if set. */
  fixed: VendorAnswer | undefined
  /** What the key may do: everything, validate itself only, or nothing. */
  key: 'good' | 'may not list' | 'bad' = 'good'

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
    if (path !== '/management/logs') return { status: 404 }
    return this.key === 'may not list' ? json(403, { message: 'Forbidden' }) : json(200, { logs: this.logs })
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
