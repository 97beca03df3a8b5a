import { describe, expect, test } from 'vitest'
import { excerpt, findingOf, type HttpResponse, httpOutcome, describe as said } from '../src/index.ts'

function answer(status: number, body = '', headers: HttpResponse['headers'] = {}): HttpResponse {
  return { status, headers, body, bytes: Buffer.from(body) }
}

test.each([
  [200, { status: 'delivered' }],
  [204, { status: 'delivered' }],
  [301, { status: 'stopped', cause: 'configuration' }],
  [400, { status: 'unreadable' }],
  [401, { status: 'stopped', cause: 'credentials' }],
  [403, { status: 'stopped', cause: 'credentials' }],
  [404, { status: 'stopped', cause: 'configuration' }],
  [405, { status: 'stopped', cause: 'configuration' }],
  [408, { status: 'retry', ambiguous: true, strained: true }],
  [413, { status: 'split' }],
  [415, { status: 'stopped', cause: 'configuration' }],
  [418, { status: 'stopped', cause: 'configuration' }],
  [429, { status: 'retry', ambiguous: false, strained: true }],
  [500, { status: 'retry', ambiguous: true }],
  [503, { status: 'retry', ambiguous: false }],
  [504, { status: 'retry', ambiguous: true, strained: true }],
])('HTTP %i', (status, expected) => expect(httpOutcome(answer(status))).toMatchObject(expected))

test('no answer: again, unless the handshake failed', () => {
  const failure = { status: 'failed', reason: 'why', ambiguous: true, tls: false } as const
  expect(httpOutcome(failure)).toEqual({ status: 'retry', reason: 'why', ambiguous: true })
  expect(httpOutcome({ ...failure, timedOut: true })).toMatchObject({ status: 'retry', strained: true })
  expect(httpOutcome({ ...failure, tls: true })).toMatchObject({ status: 'stopped', cause: 'configuration' })
})

test.each([500, 502, 503])('HTTP %i is no strain', (status) => {
  expect(httpOutcome(answer(status))).not.toHaveProperty('strained')
})

test('a wait is passed on', () => {
  expect(httpOutcome({ ...answer(429), retryAfterMs: 7_000 })).toMatchObject({ retryAfterMs: 7_000 })
})

test('a redirect names the host and nothing else of the address', () => {
  const outcome = httpOutcome(answer(302, '', { location: 'https://login.example:8443/sso?token=hunter22' }))
  expect(JSON.stringify(outcome)).toContain('redirected to host login.example:8443: is this the right port')
  expect(JSON.stringify(outcome)).not.toContain('hunter22')
})

test('a page for people is no success, whatever its type', () => {
  const page = '\n <!DOCTYPE html><html><head><style>p{}</style></head><body>Log <b>in</b></body></html>'
  expect(httpOutcome(answer(200, page))).toMatchObject({ status: 'stopped' })
  expect(httpOutcome(answer(200, 'x', { 'content-type': 'text/HTML; charset=utf-8' }))).toMatchObject({
    status: 'stopped',
  })
  expect(said(answer(503, page))).toBe('HTTP 503: Log in')
})

describe('an excerpt', () => {
  test('is one bounded line without control characters', () => {
    expect(excerpt('a\u001b[31m\r\n\tb\u2028c\u202ed\u0000')).toBe('a [31m b c d')
    expect(excerpt('x'.repeat(10_000))).toHaveLength(240)
  })

  test('never ends in half a character', () => expect(excerpt('😀'.repeat(200), 10).isWellFormed()).toBe(true))
  test('survives markup that never closes', () => expect(excerpt('<'.repeat(100_000))).toHaveLength(240))
})

test('a finding says what to do next', () => {
  expect(findingOf('w', { status: 'delivered' })).toEqual({ level: 'ok', what: 'w' })
  expect(findingOf('w', { status: 'retry', reason: 'r' })).toMatchObject({
    level: 'error',
    detail: 'r',
    next: expect.stringContaining('sent again'),
  })
  expect(findingOf('w', { status: 'stopped', cause: 'credentials', reason: 'r' })).toMatchObject({
    level: 'error',
    next: expect.stringContaining('credentials'),
  })
})
