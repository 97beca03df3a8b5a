// What a search says of an event that was sent, for each answer the account is documented to give. A call is one question.
import type { Outcome } from '@circleci-audit-forwarder/contract'
import { auditRecord, bareRecord } from '@circleci-audit-forwarder/contract/testing'
import { describe, expect, test } from 'vitest'
import type { Rapid7Options } from '../src/index.ts'
import { API_KEY, LOG_ID, OTHER_TOKEN, TOKEN } from './fake-rapid7.ts'
import { never, type Rapid7World, rapid7World } from './rapid7-world.ts'

const NOW = Date.parse('2026-03-15T12:00:00Z')
const id = '5f0c3c1e-0000-4000-8000-00000000cafe'

interface Sent {
  readonly world: Rapid7World
  readonly outcome: Outcome
  /** One question after the event. */
  ask(): Promise<unknown>
  /** Where it was asked. */
  asked(): readonly string[]
}

/** An account with one event that was sent; and another, so that not all is what is looked for. */
async function sent(options: Partial<Rapid7Options> = {}, uid = id): Promise<Sent> {
  const world = await rapid7World({ apiKey: API_KEY, region: 'eu', ...options })
  await world.send(auditRecord({ id: 'another' }))
  const batch = {
    members: [world.exporter.encode({ ...bareRecord, attributes: { 'log.record.uid': uid } })],
    token: 't',
    now: NOW,
  }
  const outcome = await world.exporter.send(batch, never)
  const before = world.server.arrived.length
  return {
    world,
    outcome,
    ask: () => world.exporter.readBack(batch, never),
    asked: () => world.server.arrived.slice(before).map(({ path }) => path),
  }
}

test('the log with the token is searched for the id, an hour before and after', async () => {
  const one = await sent()
  expect(await one.ask()).toEqual([0])
  const [list, search, ...others] = one.asked()
  expect([list, others]).toEqual(['/management/logs', []])
  const url = new URL(search as string, 'http://a')
  expect(url.pathname).toBe(`/query/logs/${LOG_ID}`)
  expect(Object.fromEntries(url.searchParams)).toEqual({
    query: `where(event_id="${id}")`,
    from: `${NOW - 3_600_000}`,
    to: `${NOW + 3_600_000}`,
    per_page: '1',
  })
})

test('what is not indexed yet is not found, and found by a later search; the log is looked up once', async () => {
  const one = await sent()
  one.world.vendor.behind = 2
  expect([await one.ask(), await one.ask(), await one.ask()]).toEqual([[], [], [0]])
  expect(one.asked().filter((path) => path === '/management/logs')).toHaveLength(1)
  expect(one.world.vendor.searches.size).toBe(3)
})

test.each([200, 202] as const)(
  'a search that runs on (%i) is followed by its link, and not begun again',
  async (status) => {
    const one = await sent()
    one.world.vendor.slow = 2
    one.world.vendor.followed = status
    const running = { status: 'retry', reason: 'the search was still running' }
    expect([await one.ask(), await one.ask(), await one.ask()]).toEqual([running, running, [0]])
    expect(one.world.vendor.searches.size).toBe(1)
  },
)

test('a search that the account has forgotten is begun anew', async () => {
  const one = await sent()
  one.world.vendor.slow = 1
  await one.ask()
  one.world.vendor.searches.clear()
  one.world.vendor.slow = 0
  expect(await one.ask()).toMatchObject({ status: 'retry' })
  expect(await one.ask()).toEqual([0])
})

test('a search that is throttled while it runs is followed afterwards', async () => {
  const one = await sent()
  one.world.vendor.slow = 1
  await one.ask()
  one.world.vendor.throttle = { 'retry-after': '3' }
  expect(await one.ask()).toMatchObject({ status: 'retry', retryAfterMs: 3_000 })
  one.world.vendor.throttle = undefined
  expect(await one.ask()).toEqual([0])
  expect(one.world.vendor.searches.size).toBe(1)
})

test('the key goes to no other host, whatever link an answer has', async () => {
  const one = await sent()
  const other = await rapid7World()
  one.world.vendor.slow = 1
  for (const elsewhere of [
    `${other.server.url}/query/1`,
    'https://example.com/query/1',
    'file:///query/1',
    'no link',
  ]) {
    one.world.vendor.elsewhere = elsewhere
    expect(await one.ask()).toMatchObject({
      status: 'retry',
      reason: expect.stringContaining('no address of the account'),
    })
  }
  expect(other.server.arrived).toEqual([])
})

test('an id with quotes is searched for as it is', async () => {
  const one = await sent({}, 'a") OR where("\\b')
  expect(await one.ask()).toEqual([0])
})

describe('in words, who cannot be asked, and what to do', () => {
  test.each([
    ['no key', { apiKey: undefined }],
    ['a key without a region', { region: undefined, api: undefined }],
  ])('%s', async (_, options) => {
    const one = await sent(options)
    expect(await one.ask()).toMatchObject({
      status: 'stopped',
      cause: 'configuration',
      reason: expect.stringContaining('set api_key and region'),
    })
    expect(one.asked()).toEqual([])
  })

  test.each([
    ['bad', 'HTTP 401', 'keys belong to one region'],
    ['may not list', 'HTTP 403', 'give the key the right to read logs'],
    ['may not search', 'HTTP 403', 'give the key the right to read logs'],
  ] as const)('a key that is: %s', async (key, said, next) => {
    const one = await sent()
    one.world.vendor.key = key
    const answer = await one.ask()
    expect(answer).toMatchObject({ status: 'stopped', cause: 'credentials' })
    expect(answer).toMatchObject({ reason: expect.stringMatching(new RegExp(`${said}.*${next}`)) })
  })

  test('a token of no log: what was sent is nowhere, although the answer was 204', async () => {
    const one = await sent({ token: OTHER_TOKEN })
    expect(one.outcome).toEqual({ status: 'delivered' })
    expect(await one.ask()).toMatchObject({ status: 'stopped', reason: expect.stringContaining('none of the 1 logs') })
  })

  test('a log without an id', async () => {
    const one = await sent()
    one.world.vendor.logs = [{ name: 'a', tokens: [TOKEN] }]
    expect(await one.ask()).toMatchObject({ status: 'retry', reason: expect.stringContaining('without an id') })
  })

  test.each([
    [{ 'retry-after': '7' }, 7_000],
    [{ 'x-ratelimit-reset': '42' }, 42_000],
    [{ 'x-ratelimit-reset': 'soon' }, undefined],
    [{}, undefined],
  ])('throttled with %j', async (headers, retryAfterMs) => {
    const one = await sent()
    one.world.vendor.throttle = headers
    const answer = await one.ask()
    expect(answer).toMatchObject({ status: 'retry', reason: expect.stringContaining('HTTP 429') })
    expect((answer as { retryAfterMs?: number }).retryAfterMs).toBe(retryAfterMs)
  })

  test.each([
    [{ status: 500, body: 'oops' }, 'retry'],
    [{ status: 400, body: 'what?' }, 'stopped'],
    [{ status: 200, body: '{}' }, 'retry'],
    [{ status: 200, body: '[]' }, 'retry'],
    [{ status: 200, body: 'null' }, 'retry'],
    [{ status: 202, body: '{"links":[{"rel":"Self","href":7}]}' }, 'retry'],
    [{ status: 202, body: '{"links":[null],"events":{}}' }, 'retry'],
    [{ status: 200, headers: { 'content-type': 'text/html' }, body: '<html>log in' }, 'stopped'],
    [{ status: 302, headers: { location: 'https://example.com' } }, 'stopped'],
  ])('%j', async (fixed, status) => {
    const one = await sent()
    one.world.vendor.searching = fixed
    expect(await one.ask()).toMatchObject({ status, reason: expect.stringMatching(/./) })
  })

  test.each([401, 403, 404, 429, 500])('HTTP %i that quotes the key and the token: neither shows', async (status) => {
    const one = await sent()
    one.world.vendor.searching = { status, body: `no: x-api-key ${API_KEY} of ${TOKEN}` }
    const { reason } = (await one.ask()) as { readonly reason: string }
    expect(reason).toContain(`HTTP ${status}`)
    expect(reason).not.toContain(API_KEY)
    expect(reason).not.toContain(TOKEN)
  })

  test('nobody there', async () => {
    const one = await sent()
    await one.world.server.stop()
    expect(await one.ask()).toMatchObject({
      status: 'retry',
      reason: expect.stringMatching(/ECONNREFUSED|closed|reset/),
    })
  })
})

test('an entry that is none is not what was looked for', async () => {
  const one = await sent()
  one.world.vendor.searching = { status: 200, body: '{"events":[null,{},{"message":7},{"message":"other"}]}' }
  expect(await one.ask()).toEqual([])
})

test('a batch without an event, or with one without an id, is nowhere', async () => {
  const { exporter } = await rapid7World({ apiKey: API_KEY, region: 'eu' })
  expect(await exporter.readBack({ members: [], token: 't', now: NOW }, never)).toEqual([])
  const nameless = { bytes: Buffer.from('{}') }
  expect(await exporter.readBack({ members: [nameless], token: 't', now: NOW }, never)).toEqual([])
})
