// Which of a batch's rows the table holds, told so that "not there" can be believed, because such a row goes again.
//
// An insert whose client has given up goes on at the server, and its rows appear when it is done. So nothing is told while
// one is under way: each insert of a batch bears the batch's own query id, and a server refuses a statement with the id of
// one that is running (216). Asking under that id needs no right, and is decided by the server in one step. Rejected:
// KILL QUERY and system.processes, since both may take a grant and a killed insert may have stored its rows all the same;
// and waiting for as long as an insert may take, which nobody knows. Of several servers behind one address, only the one
// that is asked can be heard of.
//
// A row that a policy hides from this user is there too. The plan of a question tells whether one filters the table; then
// only what is found counts. What a profile filters is switched off with each question (see requests.ts).
import type { Stopped } from '@circleci-audit-forwarder/contract'
import type { Layout, Row } from './layout.ts'
import { listIn, QueryFailure } from './list.ts'
import { grant, harmlessQuestion, keyOf, questions } from './lookup.ts'
import type { ClickHouseRequests } from './requests.ts'
import { qualified } from './sql.ts'

/** Who asks what. */
export interface Holdings {
  readonly requests: ClickHouseRequests
  readonly layout: Layout
  readonly username: string
}

/** Nothing can be told until someone mends it. */
export class Unaskable extends Error {
  readonly stopped: Stopped

  constructor({ cause, reason }: Omit<Stopped, 'status'>) {
    super(reason)
    this.stopped = { status: 'stopped', cause, reason }
  }
}

const ACCESS_DENIED = 497
const ALREADY_RUNNING = 216

/** The query id of inserts under this token. */
export function queryIdOf(token: string): string {
  return `circleci-audit-forwarder ${token}`
}

/** The token, and the query id, under which rows of a batch go that its first token did not bring. */
export function againOf(token: string): string {
  return `${token}-again`
}

/** Keys of those of the rows that are in the table. Throws Unaskable, or an Error where it cannot be told just now. */
export async function holdingsOf(
  rows: readonly Row[],
  token: string,
  parts: Holdings,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  for (const each of [token, againOf(token)]) await awaitEnd(queryIdOf(each), parts, signal)
  const found = new Set<string>()
  for (const question of questions(rows, parts.layout, parts.requests.target)) {
    for (const [id, time] of await ask(question, parts, signal))
      found.add(keyOf({ id: String(id), time: Number(time) }))
  }
  const isMissing = rows.some((row) => !found.has(keyOf(row)))
  if (!isMissing || !(await isFiltered(parts, signal))) return found
  const { detail, next } = hiding(parts)
  throw new Unaskable({ cause: 'configuration', reason: `${detail}; ${next}` })
}

/** Rejects while an insert with this id is running. */
async function awaitEnd(queryId: string, parts: Holdings, signal: AbortSignal): Promise<void> {
  try {
    await ask('SELECT 1', parts, signal, queryId)
  } catch (error) {
    if (!isCode(error, ALREADY_RUNNING)) throw error
    const mend = `should it never end: KILL QUERY WHERE query_id = '${queryId}'`
    throw new Error(`an insert of these rows is still under way at the server; ${mend}`)
  }
}

/** The answer's lists. Throws Unaskable, or an Error with the QueryFailure as its cause. */
export async function ask(
  question: string,
  { requests, layout, username }: Holdings,
  signal: AbortSignal,
  queryId?: string,
): Promise<readonly (readonly unknown[])[]> {
  try {
    return listIn(await requests.query(question, signal, { queryId }))
  } catch (error) {
    if (!(error instanceof QueryFailure)) throw error
    const { target } = requests
    const next = error.code === ACCESS_DENIED ? `; grant it: ${grant(layout, target, username)}` : ''
    const reason = `cannot ask which rows ${qualified(target)} holds: ${error.message}${next}`
    if (error.outcome.status === 'stopped') throw new Unaskable({ cause: error.outcome.cause, reason })
    throw new Error(reason, { cause: error })
  }
}

/** Whether a row policy stands between this user and the table's rows. Told by the plan of a question, under the same right. */
export async function isFiltered(parts: Holdings, signal: AbortSignal): Promise<boolean> {
  const { requests, layout } = parts
  const plan = await ask(`EXPLAIN PLAN actions = 1 ${harmlessQuestion(layout, requests.target)}`, parts, signal)
  return plan.some(([line]) => /^[│└─\s]*(Row level filter\b|.*Row-level security filter)/.test(String(line)))
}

/** What a row policy means, and what to do about it. */
export function hiding({ requests: { target }, username }: Holdings): {
  readonly detail: string
  readonly next: string
} {
  const table = qualified(target)
  const detail = `a row policy hides rows of ${table} from ${username}: whether what is not seen is there, nobody can say`
  return { detail, next: `exempt it: ALTER ROW POLICY … ON ${table} TO ALL EXCEPT ${username}` }
}

function isCode(error: unknown, code: number): boolean {
  return error instanceof Error && error.cause instanceof QueryFailure && error.cause.code === code
}
