// What an answer to an insert means. Exceptions are read before the status, and success must be ClickHouse's own: a 200
// from anyone else stores nothing.
import {
  failureOutcome,
  type HttpAnswer,
  type HttpResponse,
  httpOutcome,
  isHtml,
  type Outcome,
} from '@circleci-audit-forwarder/contract'
import { codes } from './codes.ts'
import { describeDiscreetly, describeException, type Exception, exceptionIn, rowOf } from './exception.ts'

/** Merging takes its time; every insert in the meantime makes it longer. */
const PARTS_WAIT_MS = 30_000

/** What came of an insert of so many rows. */
export function insertOutcome(answer: HttpAnswer, rows: number): Outcome {
  if (answer.status === 'failed') return failureOutcome(answer)
  const exception = exceptionIn(answer)
  if (exception !== undefined) return exceptionOutcome(exception, rows, answer)
  const outcome = httpOutcome(answer)
  if (outcome.status === 'unreadable') return notClickHouse(answer, outcome.reason)
  if (outcome.status !== 'delivered' || isOwnSuccess(answer)) return outcome
  return notClickHouse(answer, `HTTP ${answer.status} without a word of ClickHouse's`)
}

/** What an exception means for an insert of so many rows. */
export function exceptionOutcome(exception: Exception, rows: number, answer?: HttpResponse): Outcome {
  const special = specialOutcome(exception, rows)
  if (special !== undefined) return special
  const reason = describeDiscreetly(exception)
  switch (codes.get(exception.code)?.meaning) {
    case 'credentials':
      return { status: 'stopped', cause: 'credentials', reason: describeException(exception) }
    case 'configuration':
      return { status: 'stopped', cause: 'configuration', reason: describeException(exception) }
    case 'split':
      return { status: 'split', reason }
    case 'data':
      return badRow(exception, rows)
    case 'refused for now':
      return { status: 'retry', reason, ...strainOf(exception), ...waitOf(answer) }
    case 'retry':
      return { status: 'retry', reason, ambiguous: true, ...strainOf(exception), ...waitOf(answer) }
    default:
      return unlisted(exception, rows, answer)
  }
}

/** Where the same code means different things. */
function specialOutcome(exception: Exception, rows: number): Outcome | undefined {
  const { code, message } = exception
  // The rows are in the table by then. Halves under tokens of their own would be in it twice.
  if (/while pushing to view/i.test(message)) return behindTheTable(exception)
  if (code === 117 && /unknown field/i.test(message)) return missingColumn(message)
  const reason = describeDiscreetly(exception)
  if (code === 252 && /partitions? for single INSERT/i.test(message)) return { status: 'split', reason }
  if (code === 252) return { status: 'retry', reason, retryAfterMs: PARTS_WAIT_MS, strained: true }
  const ownLimit = /for query\)|query memory limit/i.test(message)
  return code === 241 && ownLimit && rows > 1 ? { status: 'split', reason } : undefined
}

function behindTheTable(exception: Exception): Outcome {
  const reason = `a materialized view on the table fails, and with it the insert: ${describeDiscreetly(exception)}`
  return { status: 'stopped', cause: 'configuration', reason }
}

/** All rows have the same keys, so it is no matter of one row. */
function missingColumn(message: string): Outcome {
  const name = /format: (\w+)/.exec(message)?.[1]
  const reason = `the table has no column ${name ?? 'for a key of the rows'} (ClickHouse exception 117 INCORRECT_DATA)`
  return { status: 'stopped', cause: 'configuration', reason }
}

function badRow(exception: Exception, rows: number): Outcome {
  const row = rowOf(exception)
  const reason = describeDiscreetly(exception)
  if (row === undefined || row < 1 || row > rows) return { status: 'unreadable', reason }
  return { status: 'rejected', records: [{ index: row - 1, reason }] }
}

/** A code nobody has listed. What names a row is about that row; else a server's fault passes, a client's does not. */
function unlisted(exception: Exception, rows: number, answer: HttpResponse | undefined): Outcome {
  const reason = describeDiscreetly(exception)
  if (rowOf(exception) !== undefined) return badRow(exception, rows)
  const isOurs = answer !== undefined && answer.status >= 400 && answer.status < 500
  return isOurs ? { status: 'stopped', cause: 'configuration', reason } : { status: 'retry', reason, ambiguous: true }
}

/** Too many inserts at once, or too slow a server: time limits, quotas, too many queries, overload. The names: codes.ts. */
const strains = new Set([159, 160, 201, 202, 203, 209, 745])

function strainOf({ code }: Exception): { readonly strained?: true } {
  return strains.has(code) ? { strained: true } : {}
}

function waitOf(answer: HttpResponse | undefined): { retryAfterMs?: number } {
  return answer?.retryAfterMs === undefined ? {} : { retryAfterMs: answer.retryAfterMs }
}

/** ClickHouse answers an insert with an empty body, and every answer carries headers of its own. */
function isOwnSuccess(answer: HttpResponse): boolean {
  const own = Object.keys(answer.headers).some((name) => name.startsWith('x-clickhouse-'))
  return own && answer.body.trim() === '' && !isHtml(answer)
}

function notClickHouse(answer: HttpResponse, said: string): Outcome {
  const port = /port 9000|clickhouse-client/i.test(answer.body)
  const hint = port ? 'this is the native port; HTTP is on 8123 or 8443' : 'is this the HTTP port (8123, 8443)?'
  return { status: 'stopped', cause: 'configuration', reason: `${said}: not an answer of ClickHouse; ${hint}` }
}
