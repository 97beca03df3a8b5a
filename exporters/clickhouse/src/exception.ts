// Exceptions in answers. Once a body has begun its status is fixed, so an exception may follow a 200: in a header, behind
// the body in a trailer (since 25.11), or as plain text (before). Messages quote the offending data, so they are told in
// full only where no data can be in them.
import { excerpt, type HttpResponse } from '@circleci-audit-forwarder/contract'
import { codes } from './codes.ts'

/** What the server threw. */
export interface Exception {
  readonly code: number
  /** As the server worded it, without code and version. Quotes data. */
  readonly message: string
}

const WORDED = /Code: (\d+)[.,] (?:DB::Exception|e\.displayText\(\)) ?[:=] (?:DB::Exception: )?/

/** The exception in an answer, whatever its status. */
export function exceptionIn(answer: HttpResponse): Exception | undefined {
  const found = WORDED.exec(answer.body)
  const header = Number(answer.headers['x-clickhouse-exception-code'] ?? 0)
  if (found !== null) {
    const message = answer.body.slice(found.index + found[0].length).replace(/ \(version [\s\S]*$/, '')
    return { code: header || Number(found[1]), message: message.trim() }
  }
  const isTold = header !== 0 || answer.body.includes('__exception__')
  return isTold ? { code: header || 1002, message: answer.body.trim() } : undefined
}

/** The row it is about, from 1; undefined where it names none. */
export function rowOf({ message }: Exception): number | undefined {
  const found = /\(at row (\d+)\)|violated at row (\d+)/.exec(message)
  return found === null ? undefined : Number(found[1] ?? found[2])
}

/** `ClickHouse exception 60 UNKNOWN_TABLE: Table a.b does not exist.` */
export function describeException(exception: Exception): string {
  return `${titled(exception)}: ${excerpt(exception.message.replace(/ \([A-Z0-9_]+\)$/, ''))}`
}

/** The same with nothing in it that may come from a record: quotes are left out, of bad data all but the column. */
export function describeDiscreetly(exception: Exception): string {
  const { message } = exception
  if (codes.get(exception.code)?.meaning !== 'data') {
    const unquoted = message.replaceAll(/'[^']*'|"[^"]*"|`[^`]*`/g, '…')
    return describeException({ ...exception, message: unquoted })
  }
  const column = /while reading the value of key (\w+)\)/.exec(message)?.[1]
  const constraint = /^Constraint `(\w+)`/.exec(message)?.[1]
  const where = column === undefined ? '' : ` in column ${column}`
  return `${titled(exception)}${where}${constraint === undefined ? '' : ` (${constraint})`}`
}

function titled({ code, message }: Exception): string {
  const name = codes.get(code)?.name ?? /\(([A-Z0-9_]{3,})\)$/.exec(message)?.[1]
  return `ClickHouse exception ${code}${name === undefined ? '' : ` ${name}`}`
}
