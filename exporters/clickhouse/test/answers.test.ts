// What ClickHouse says and what follows from it: by code, not by status, wherever the exception stands.
import type { HttpResponse } from '@circleci-audit-forwarder/contract'
import { describe, expect, test } from 'vitest'
import { insertOutcome } from '../src/answer.ts'
import { codes } from '../src/index.ts'
import { httpStatus, trailer, worded } from './engine/exception.ts'

const own = { 'x-clickhouse-query-id': 'q-1' }
const ROWS = 10

function answer(status: number, body: string, headers: Readonly<Record<string, string>> = own): HttpResponse {
  return { status, body, headers, bytes: Buffer.from(body) }
}

function thrown(code: number, message: string): HttpResponse {
  return answer(httpStatus(code), worded({ code, message }), { ...own, 'x-clickhouse-exception-code': String(code) })
}

const outcomeOf = (code: number, message: string, rows = ROWS) => insertOutcome(thrown(code, message), rows)

describe('success', () => {
  test('is an empty body with a header of its own', () => {
    expect(insertOutcome(answer(200, ''), ROWS)).toEqual({ status: 'delivered' })
    expect(insertOutcome(answer(200, '\n'), ROWS)).toEqual({ status: 'delivered' })
  })

  test.each([
    ['nothing at all', answer(200, '', {})],
    ['a text', answer(200, 'It works!')],
    ['JSON', answer(200, '{"ok":true}', {})],
    ['a page', answer(200, '<!DOCTYPE html><p>Log in</p>', { 'content-type': 'text/html' })],
    ['a bad request', answer(400, 'Client sent an HTTP request to an HTTPS server.', {})],
    ['no such path', answer(404, '', {})],
  ])('is not %s', (_, given) => {
    expect(insertOutcome(given, ROWS)).toMatchObject({ status: 'stopped', cause: 'configuration' })
  })

  test('the native port is recognised', () => {
    const body = 'Port 9000 is for clickhouse-client program\r\nYou must use port 8123 for HTTP.\r\n'
    expect(insertOutcome(answer(400, body, {}), ROWS)).toMatchObject({ reason: expect.stringContaining('8123') })
  })
})

describe('an exception behind a 200', () => {
  const exception = { code: 241, message: '(total) memory limit exceeded (MEMORY_LIMIT_EXCEEDED)' }
  const expected = { status: 'retry', ambiguous: true, reason: expect.stringContaining('241 MEMORY_LIMIT_EXCEEDED') }

  test.each([
    ['in the header', answer(200, '', { 'x-clickhouse-exception-code': '241' })],
    ['in a trailer', answer(200, trailer(exception, 'abcdefgh'))],
    ['as text', answer(200, worded(exception))],
    ['as text of an old server', answer(200, 'Code: 241, e.displayText() = DB::Exception: too much')],
  ])('%s', (_, given) => {
    expect(insertOutcome(given, ROWS)).toMatchObject(expected)
  })

  test('in a trailer without words', () => {
    const outcome = insertOutcome(answer(200, '\r\n__exception__\r\nabc'), ROWS)
    expect(outcome).toMatchObject({ status: 'retry', ambiguous: true })
  })
})

describe('by code, whatever the status', () => {
  test.each([
    [516, 'credentials'],
    [497, 'credentials'],
    [164, 'credentials'],
    [60, 'configuration'],
    [81, 'configuration'],
    [16, 'configuration'],
    [115, 'configuration'],
    [452, 'configuration'],
  ])('%i stops: %s', (code, cause) => {
    expect(outcomeOf(code, 'x')).toMatchObject({ status: 'stopped', cause })
  })

  test.each([159, 209, 210, 236, 242, 243, 285, 319, 425, 439, 473, 499, 999])('%i is retried', (code) => {
    expect(outcomeOf(code, 'x').status).toBe('retry')
  })

  test('what was not begun is not ambiguous, what may have been stored is', () => {
    expect(outcomeOf(202, 'x')).not.toHaveProperty('ambiguous')
    expect(outcomeOf(242, 'x')).not.toHaveProperty('ambiguous')
    expect(outcomeOf(319, 'x')).toHaveProperty('ambiguous', true)
  })

  test.each([159, 202, 209, 745])('%i asks for fewer inserts at once', (code) => {
    expect(outcomeOf(code, 'x')).toMatchObject({ status: 'retry', strained: true })
  })

  test.each([210, 242, 319])('%i would not go better with fewer inserts at once', (code) => {
    expect(outcomeOf(code, 'x').status).toBe('retry')
    expect(outcomeOf(code, 'x')).not.toHaveProperty('strained')
  })

  test('too many parts wait long; too many partitions are split', () => {
    expect(outcomeOf(252, 'Too many parts (300 with average size of 1 MiB). Merges are slower than inserts')).toEqual({
      status: 'retry',
      reason: expect.stringContaining('252 TOO_MANY_PARTS'),
      retryAfterMs: 30_000,
      strained: true,
    })
    const partitions = 'Too many partitions for single INSERT block (more than 100).'
    expect(outcomeOf(252, partitions).status).toBe('split')
  })

  test("an insert's own memory limit splits, the server's is waited for", () => {
    expect(outcomeOf(241, 'Query memory limit exceeded: would use 10 GiB').status).toBe('split')
    expect(outcomeOf(241, 'Memory limit (for query) exceeded: would use').status).toBe('split')
    expect(outcomeOf(241, 'Query memory limit exceeded', 1).status).toBe('retry')
    expect(outcomeOf(241, '(total) memory limit exceeded').status).toBe('retry')
  })

  test('a code nobody has listed is never a reason to give up a row', () => {
    expect(outcomeOf(4242, 'news')).toMatchObject({ status: 'retry', ambiguous: true })
    const refused = answer(400, worded({ code: 4242, message: 'news' }), own)
    expect(insertOutcome(refused, ROWS)).toMatchObject({ status: 'stopped', cause: 'configuration' })
  })

  test('401 and 403 of a proxy stop, 429 and 503 wait', () => {
    expect(insertOutcome(answer(401, '', {}), ROWS)).toMatchObject({ status: 'stopped', cause: 'credentials' })
    expect(insertOutcome({ ...answer(429, '', {}), retryAfterMs: 5_000 }, ROWS)).toMatchObject({ retryAfterMs: 5_000 })
    expect(insertOutcome(answer(502, '', {}), ROWS)).toMatchObject({ status: 'retry', ambiguous: true })
  })
})

describe('a bad row', () => {
  test('named, it is refused alone', () => {
    const message =
      "Cannot parse input: expected '\"' before: 'hunter2': (while reading the value of key payload): (at row 3)"
    expect(outcomeOf(27, message)).toEqual({
      status: 'rejected',
      records: [{ index: 2, reason: 'ClickHouse exception 27 CANNOT_PARSE_INPUT_ASSERTION_FAILED in column payload' }],
    })
  })

  test('a constraint names it in other words', () => {
    const message =
      'Constraint `positive` for table a.b (123) is violated at row 10. Expression: (n > 0). Column values: n = 0.'
    expect(outcomeOf(469, message)).toMatchObject({
      records: [{ index: 9, reason: expect.stringContaining('positive') }],
    })
  })

  test.each([
    ['no row', 'Cannot parse boolean value here: maybe'],
    ['a row the batch does not have', 'Cannot parse: (at row 11)'],
    ['row 0', 'Cannot parse: (at row 0)'],
  ])('with %s it is searched', (_, message) => {
    expect(outcomeOf(467, message).status).toBe('unreadable')
  })

  test('a key that no row may have is no matter of one row', () => {
    const outcome = outcomeOf(117, 'Unknown field found while parsing JSONEachRow format: dstISP: (at row 1)')
    expect(outcome).toMatchObject({
      status: 'stopped',
      cause: 'configuration',
      reason: expect.stringContaining('no column dstISP'),
    })
    expect(outcomeOf(117, 'Duplicate field found while parsing JSONEachRow format: id: (at row 2)').status).toBe(
      'rejected',
    )
  })

  test('a view that fails is no matter of a row: the rows are in the table by then', () => {
    const message =
      "Cannot parse string 'hunter2' as UInt32: while executing: (at row 1): while pushing to view a.b (123)."
    const outcome = outcomeOf(6, message)
    expect(outcome).toMatchObject({
      status: 'stopped',
      cause: 'configuration',
      reason: expect.stringContaining('materialized view'),
    })
    expect(JSON.stringify(outcome)).not.toContain('hunter2')
  })
})

test('no reason quotes data, whatever the code', () => {
  for (const code of [...codes.keys(), 395, 4242]) {
    const { meaning } = codes.get(code) ?? {}
    if (meaning === 'credentials' || meaning === 'configuration') continue
    const told = JSON.stringify(outcomeOf(code, `Failed at 'hunter2' and "hunter2": (at row 3)`))
    expect(told, String(code)).not.toContain('hunter2')
  }
})
