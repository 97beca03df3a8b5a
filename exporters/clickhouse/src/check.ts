// What can be proven without a row: who answers, whether it lets us in, what the table is, and that an insert would go
// through. An INSERT … SELECT of no rows passes every check of an insert (rights, columns, types, settings) and writes
// nothing. No table functions: they take rights of their own.
import { type Finding, findingOf, type HttpAnswer } from '@circleci-audit-forwarder/contract'
import { insertOutcome } from './answer.ts'
import { describeException, exceptionIn } from './exception.ts'
import { hiding, isFiltered } from './holdings.ts'
import type { Layout } from './layout.ts'
import { listIn, QueryFailure } from './list.ts'
import { grant, harmlessQuestion } from './lookup.ts'
import type { ClickHouseRequests } from './requests.ts'
import { identifier, literal, qualified } from './sql.ts'
import { columnFinding, versionFinding, windowFinding } from './table.ts'
import { deletions, fateQuestion, ttlFinding, ttlOf } from './ttl.ts'

/** What is to be compared with what is there. */
export interface Subject {
  readonly layout: Layout
  /** Days; 0 for ever. */
  readonly retentionDays: number
  readonly endpoint: string
  readonly username: string
  /** Certificates are not verified. */
  readonly insecure: boolean
}

type Lists = readonly (readonly unknown[])[]
type Ask = (sql: string) => Promise<Lists | undefined>

/** Everything at once. */
export async function checkTable(
  requests: ClickHouseRequests,
  subject: Subject,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const ping = await requests.ping(signal)
  const reached = pingFinding(ping)
  const safe = transportFindings(subject)
  if (ping.status === 'failed') return [reached, ...safe]
  const { database } = requests.target
  const databases = `(SELECT count() FROM system.databases WHERE name = ${literal(database)})`
  const hello = await requests.query(`SELECT version(), timezone(), currentUser(), ${databases}`, signal)
  const [said] = lists(hello) ?? []
  if (said === undefined) return [reached, ...safe, loginFinding(hello)]
  const [version, timezone, user, found] = said.map(String)
  const known = [reached, ...safe, { level: 'ok', what: 'credentials are accepted', detail: `user ${user}` } as const]
  const server = versionFinding(version ?? '', timezone ?? '')
  if (Number(found) === 0) return [...known, server, absent('database', database)]
  await requests.learn(signal)
  return [...known, server, ...(await tableFindings(requests, subject, signal))]
}

function pingFinding(answer: HttpAnswer): Finding {
  const what = 'the server answers'
  if (answer.status === 'failed') return findingOf(what, insertOutcome(answer, 0))
  if (answer.status === 200 && answer.body.startsWith('Ok.')) return { level: 'ok', what }
  return { level: 'unknown', what, detail: `/ping is answered with HTTP ${answer.status}: a proxy in between?` }
}

function transportFindings({ endpoint, insecure }: Subject): readonly Finding[] {
  const { protocol, hostname } = new URL(endpoint)
  const what = 'the way there is safe'
  if (insecure) {
    const detail = 'insecure_skip_verify is on: whoever answers gets the credentials and the events'
    return [{ level: 'warning', what, detail, next: 'set tls.ca_file' }]
  }
  if (protocol === 'https:' || /^(localhost|127\..*|\[::1\])$/.test(hostname)) return []
  return [{ level: 'warning', what, detail: 'credentials and events go over plain http', next: 'use https, port 8443' }]
}

/** Why nobody was let in. */
function loginFinding(answer: HttpAnswer): Finding {
  const outcome = insertOutcome(answer, 0)
  if (outcome.status !== 'delivered') return findingOf('credentials are accepted', outcome)
  return { level: 'warning', what: 'credentials are accepted', detail: 'the answer is no list: is this ClickHouse?' }
}

function absent(kind: 'database' | 'table', name: string): Finding {
  const next =
    kind === 'table'
      ? 'create it (command: schema clickhouse), or grant rights on it'
      : 'create it, or grant rights on it'
  return { level: 'error', what: `${kind} ${name} exists`, detail: 'it does not, or the user may not see it', next }
}

async function tableFindings(
  requests: ClickHouseRequests,
  subject: Subject,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const { target } = requests
  const ask: Ask = async (sql) => lists(await requests.query(sql, signal))
  const where = (name: string) => `database = ${literal(target.database)} AND ${name} = ${literal(target.table)}`
  const tables = await ask(`SELECT engine, engine_full FROM system.tables WHERE ${where('name')}`)
  if (tables === undefined) return [{ level: 'unknown', what: `table ${target.table} exists`, detail: 'no answer' }]
  const [table] = tables
  if (table === undefined) return [absent('table', target.table)]
  const [engine, full] = table.map(String) as [string, string]
  const columns = (await ask(`SELECT name, type, default_kind FROM system.columns WHERE ${where('table')}`)) ?? []
  const found = columns.map(([name, type, kind]) => ({
    name: String(name),
    type: String(type),
    defaultKind: String(kind),
  }))
  const replicas = engine.startsWith('Replicated')
    ? await ask(`SELECT is_readonly, absolute_delay FROM system.replicas WHERE ${where('table')}`)
    : undefined
  return [
    { level: 'ok', what: `table ${target.table} exists`, detail: `engine ${engine}` },
    columnFinding(subject.layout, target, found),
    windowFinding(target, engine, full, await tableDefaults(ask)),
    ...replicaFindings(replicas),
    await insertFinding(requests, subject, signal),
    await lookupFinding(requests, subject, signal),
    await retentionFinding(ask, requests, subject, full),
  ]
}

async function tableDefaults(ask: Ask): Promise<ReadonlyMap<string, number>> {
  const settings = await ask(
    "SELECT name, value FROM system.merge_tree_settings WHERE name LIKE '%deduplication_window'",
  )
  return new Map((settings ?? []).map(([name, value]) => [String(name), Number(value)]))
}

/** Whether the table remembers tokens; undefined where the server does not say. */
export async function checkWindow(requests: ClickHouseRequests, signal: AbortSignal): Promise<Finding | undefined> {
  const { target } = requests
  const ask: Ask = async (sql) => lists(await requests.query(sql, signal))
  const where = `database = ${literal(target.database)} AND name = ${literal(target.table)}`
  const [table] = (await ask(`SELECT engine, engine_full FROM system.tables WHERE ${where}`)) ?? []
  if (table === undefined) return undefined
  const [engine, full] = table.map(String) as [string, string]
  return windowFinding(target, engine, full, await tableDefaults(ask))
}

function replicaFindings(replicas: Lists | undefined): readonly Finding[] {
  const [replica] = replicas ?? []
  if (replica === undefined) return []
  const what = 'the replica is in order'
  const [isReadonly, delay] = replica.map(Number) as [number, number]
  if (isReadonly === 1) {
    return [{ level: 'warning', what, detail: 'it is read-only', next: 'check its connection to Keeper' }]
  }
  return delay > 300 ? [{ level: 'warning', what, detail: `it is ${delay} s behind` }] : [{ level: 'ok', what }]
}

async function insertFinding(
  requests: ClickHouseRequests,
  { layout, username }: Subject,
  signal: AbortSignal,
): Promise<Finding> {
  const what = 'rows can be inserted'
  const written = layout.columns.filter(({ computed }) => computed !== true)
  const names = written.map(({ name }) => identifier(name)).join(', ')
  const values = written.map(({ type }) => `defaultValueOfTypeName(${literal(type)})`).join(', ')
  const target = qualified(requests.target)
  const answer = await requests.query(`INSERT INTO ${target} (${names}) SELECT ${values} WHERE 0`, signal, {
    asInsert: true,
  })
  const exception = answer.status === 'failed' ? undefined : exceptionIn(answer)
  if (exception === undefined) {
    const finding = findingOf(what, insertOutcome(answer, 0))
    return finding.level === 'ok'
      ? { ...finding, detail: 'an insert of no rows went through, under all settings' }
      : finding
  }
  const next = exception.code === ACCESS_DENIED ? `GRANT INSERT ON ${target} TO ${username}` : 'see the message'
  return { level: 'error', what, detail: describeException(exception), next }
}

const ACCESS_DENIED = 497

async function lookupFinding(
  requests: ClickHouseRequests,
  { layout, username }: Subject,
  signal: AbortSignal,
): Promise<Finding> {
  const what = 'the table can be asked which rows it holds'
  const answer = await requests.query(harmlessQuestion(layout, requests.target), signal)
  const refusal = refusalIn(answer)
  if (refusal !== undefined) {
    const detail = `${refusal.message}: a batch whose answer was lost cannot be resolved`
    return { level: 'error', what, detail, next: grant(layout, requests.target, username) }
  }
  const holdings = { requests, layout, username }
  const filtered = await isFiltered(holdings, signal).catch((error: Error) => error)
  if (filtered instanceof Error) return { level: 'unknown', what, detail: filtered.message }
  return filtered ? { level: 'warning', what, ...hiding(holdings) } : { level: 'ok', what }
}

function refusalIn(answer: HttpAnswer): QueryFailure | undefined {
  try {
    listIn(answer)
    return undefined
  } catch (error) {
    if (error instanceof QueryFailure) return error
    throw error
  }
}

async function retentionFinding(
  ask: Ask,
  { target }: ClickHouseRequests,
  { retentionDays }: Subject,
  full: string,
): Promise<Finding> {
  const ttl = ttlOf(full)
  const rules = ttl === undefined ? [] : deletions(ttl)
  if (rules.length === 0) return ttlFinding(target, undefined, retentionDays, undefined)
  const [fate] = (await ask(fateQuestion(rules, retentionDays))) ?? []
  return ttlFinding(target, ttl, retentionDays, fate)
}

/** The lines of an answer; undefined for a failure, which shows in what is asked next. */
function lists(answer: HttpAnswer): Lists | undefined {
  try {
    return listIn(answer)
  } catch (error) {
    if (error instanceof QueryFailure) return undefined
    throw error
  }
}
