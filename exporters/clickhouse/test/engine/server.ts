// A small HTTP front over the engine, run as a process of its own: it can be killed like a server, and the engine's half
// gigabyte of library stays out of the tests' process. Started by front.ts, which also sends the faults. What is not the
// engine's own (framing, compression, credentials, statuses, headers) is done here as the documentation says.
import { randomBytes, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { type Access, refusal } from './access.ts'
import { Engine } from './engine.ts'
import { type Exception, exceptionOf, httpStatus, trailer, worded } from './exception.ts'
import { type Fault, Faults } from './faults.ts'
import type { InsertNews } from './inserts.ts'
import { readBody, type Statement, statementOf } from './statement.ts'

/** What the parent may say. Each is answered with `done` and its number. */
export type Order = { readonly number: number } & (
  | { readonly kind: 'faults'; readonly faults: readonly Fault[] }
  | { readonly kind: 'forget' }
  | { readonly kind: 'release' }
  | { readonly kind: 'seen' }
)

/** A statement that came in, whatever became of it. */
export interface Seen {
  readonly kind: Statement['kind']
  /** Its beginning, without rows. */
  readonly sql: string
  readonly settings: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

interface Options {
  readonly path: string
  readonly port: number
  readonly access: Access | undefined
  readonly profile: Readonly<Record<string, string>> | undefined
}

const options = JSON.parse(process.argv[2] ?? '{}') as Options
const engine = new Engine(options.path, options.profile)
const faults = new Faults()
const seen: Seen[] = []
/** Ids of statements that are under way: no two with the same. */
const running = new Set<string>()
/** What lets go those that are held. */
const held: (() => void)[] = []
/** Answers that will not come, since the connection was cut here. */
const cut = new WeakSet<ServerResponse>()
let inserts = 0

const server = createServer((request, response) => {
  serve(request, response).catch((error: unknown) => fail(response, exceptionOf(error)))
})
server.keepAliveTimeout = 10_000
server.listen(options.port, '127.0.0.1', () => {
  process.send?.({ kind: 'listening', port: (server.address() as AddressInfo).port })
})
process.on('message', (order: Order) => obey(order))
process.on('disconnect', () => process.exit(0))

function obey(order: Order): void {
  if (order.kind === 'faults') faults.add(order.faults)
  if (order.kind === 'forget') {
    faults.clear()
    seen.length = 0
  }
  if (order.kind === 'release') for (const release of held.splice(0)) release()
  process.send?.({ kind: 'done', number: order.number, seen: order.kind === 'seen' ? seen : [] })
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const address = new URL(request.url ?? '/', 'http://localhost')
  response.setHeader('X-ClickHouse-Server-Display-Name', 'front')
  response.setHeader('X-ClickHouse-Timezone', 'UTC')
  if (address.pathname === '/ping') return void response.end('Ok.\n')
  const body = await readBody(request).catch((error: Error) => error)
  if (body instanceof Error)
    return fail(response, { code: 89, message: `${body.message} (UNKNOWN_COMPRESSION_METHOD)` })
  const denied = refusal(request.headers, address, options.access)
  if (denied !== undefined) return fail(response, denied)
  const statement = statementOf(address, body)
  const id = statement.queryId ?? randomUUID()
  response.setHeader('X-ClickHouse-Query-Id', id)
  seen.push({
    kind: statement.kind,
    sql: statement.sql.slice(0, 2000).split('\n{')[0] ?? '',
    settings: statement.settings,
    headers: request.headers,
  })
  if (request.method === 'GET' && statement.kind === 'insert') return fail(response, readOnly)
  if (running.has(id)) return fail(response, alreadyRunning(id))
  running.add(id)
  const tell = statement.kind === 'insert' ? reporter(response) : () => undefined
  try {
    const fault = faults.take(statement.kind)
    if (fault === undefined || !(await happens(fault, response))) await carryOut(response, statement, fault, tell)
  } finally {
    running.delete(id)
  }
}

/** Tells the parent what becomes of an insert, from now to its answer; the engine's part is told by who knows it. */
function reporter(response: ServerResponse): (stage: InsertNews['stage']) => void {
  const number = ++inserts
  const tell = (stage: InsertNews['stage']): void =>
    void process.send?.({ kind: 'insert', number, stage } satisfies InsertNews)
  response.once('close', () => {
    if (cut.has(response)) tell('cut')
    else if (!response.writableFinished) tell('abandoned')
    else tell(response.hasHeader('X-ClickHouse-Exception-Code') ? 'refused' : 'answered')
  })
  tell('begun')
  return tell
}

function cutOff(response: ServerResponse): void {
  cut.add(response)
  response.req.socket.resetAndDestroy()
}

/** ProcessList::insert, where `replace_running_query` is not set. */
function alreadyRunning(id: string): Exception {
  return {
    code: 216,
    message: `Query with id = ${id} is already running. (QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING)`,
  }
}

const readOnly: Exception = {
  code: 164,
  message: 'Cannot execute query in readonly mode. For queries over HTTP, method GET implies readonly. (READONLY)',
}

/** Whether the fault is all that happens. */
async function happens(fault: Fault, response: ServerResponse): Promise<boolean> {
  if (fault.kind === 'slow') await sleep(fault.ms)
  if (fault.kind === 'held') await new Promise<void>((release) => held.push(release))
  if (fault.kind === 'cut' && fault.when === 'before') cutOff(response)
  if (fault.kind === 'answer') response.writeHead(fault.status, fault.headers).end(fault.body)
  if (fault.kind === 'exception') {
    if (fault.as === 'status') fail(response, fault)
    else raiseBehind200(fault, response)
  }
  return fault.kind !== 'slow' && fault.kind !== 'held' && !(fault.kind === 'cut' && fault.when === 'after commit')
}

function raiseBehind200(fault: Extract<Fault, { kind: 'exception' }>, response: ServerResponse): void {
  const tag = randomBytes(8).toString('hex')
  response.statusCode = 200
  if (fault.as === '200 and header') response.setHeader('X-ClickHouse-Exception-Code', String(fault.code))
  if (fault.as === '200 and trailer') response.setHeader('X-ClickHouse-Exception-Tag', tag)
  response.end(fault.as === '200 and trailer' ? trailer(fault, tag) : worded(fault))
}

async function carryOut(
  response: ServerResponse,
  statement: Statement,
  fault: Fault | undefined,
  tell: (stage: 'committed') => void,
): Promise<void> {
  const request = response.req
  const { bytes, elapsedMs, rows } = await engine.run(statement)
  tell('committed')
  if (fault?.kind === 'cut') return cutOff(response)
  const summary = {
    ...{ read_rows: rows, read_bytes: 0, written_rows: rows, written_bytes: 0, total_rows_to_read: 0 },
    ...{ result_rows: rows, result_bytes: bytes.length, elapsed_ns: Math.round(elapsedMs * 1e6) },
  }
  const texts = Object.entries(summary).map(([name, value]) => [name, String(value)])
  response.setHeader('X-ClickHouse-Summary', JSON.stringify(Object.fromEntries(texts)))
  response.setHeader('X-ClickHouse-Format', statement.format)
  const asked = new URL(request.url ?? '/', 'http://localhost').searchParams.get('enable_http_compression') === '1'
  if (!asked || !`${request.headers['accept-encoding']}`.includes('gzip')) return void response.end(bytes)
  response.setHeader('Content-Encoding', 'gzip').end(gzipSync(bytes))
}

function fail(response: ServerResponse, exception: Exception): void {
  response.statusCode = httpStatus(exception.code)
  response.setHeader('X-ClickHouse-Exception-Code', String(exception.code))
  response.setHeader('Content-Type', 'text/plain; charset=UTF-8')
  response.end(worded(exception))
}
