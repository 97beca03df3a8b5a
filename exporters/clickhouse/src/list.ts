// Answers to queries: one list per line (JSONCompactEachRow).
import type { HttpAnswer, Outcome } from '@circleci-audit-forwarder/contract'
import { insertOutcome } from './answer.ts'
import { exceptionIn } from './exception.ts'

/** Why a query was not answered. */
export class QueryFailure extends Error {
  /** ClickHouse's exception code; undefined where it was none of ClickHouse's. */
  readonly code: number | undefined
  /** What the failure would mean for an insert. */
  readonly outcome: Outcome

  constructor(message: string, code?: number, outcome: Outcome = { status: 'retry', reason: message }) {
    super(message)
    this.code = code
    this.outcome = outcome
  }
}

/**
 * The lines of an answer. Throws QueryFailure where there is no list; one that was cut short is none, or what it lacks
 * would count as not there.
 */
export function listIn(answer: HttpAnswer): readonly (readonly unknown[])[] {
  if (answer.status !== 200 || Number(answer.headers['x-clickhouse-exception-code'] ?? 0) !== 0) throw failure(answer)
  // From the bytes: in the text, secrets are masked, and a row's id or time may hold the same characters.
  const body = Buffer.from(answer.bytes).toString('utf8')
  try {
    const lists = body.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as readonly unknown[]]))
    if (body === '' || body.endsWith('\n')) return lists
  } catch {
    // An exception is never a list, while an id in a list may read like an exception.
    if (exceptionIn(answer) !== undefined) throw failure(answer)
    if (body.endsWith('\n')) throw new QueryFailure('the answer is no list: is this ClickHouse?')
  }
  throw new QueryFailure('the answer was cut short')
}

function failure(answer: HttpAnswer): QueryFailure {
  const outcome = insertOutcome(answer, 1)
  const refused = outcome.status === 'rejected' ? outcome.records[0]?.reason : undefined
  const reason = 'reason' in outcome ? outcome.reason : (refused ?? 'no list came back')
  return new QueryFailure(reason, answer.status === 'failed' ? undefined : exceptionIn(answer)?.code, outcome)
}
