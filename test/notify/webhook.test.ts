// The notify webhook is held to what every exporter must hold, over real HTTP, and to how such addresses answer.
import {
  type Arrived,
  type ConformanceHarness,
  canary,
  conformance,
  FakeServer,
  overheard,
  type VendorAnswer,
} from '@circleci-audit-forwarder/contract/testing'
import { afterEach, describe, expect, test } from 'vitest'
import { mapOwn } from '../../src/mapping/own.ts'
import { Webhook } from '../../src/notify/webhook.ts'
import { ownSamples } from '../mapping/own-samples.ts'

const secret = canary('hook-T0B0-XyZ')
const never = new AbortController().signal

describe('like every exporter', () => {
  conformance(
    {
      create: (address, { secret, timeoutMs }) =>
        new Webhook(`${address}/services/${encodeURIComponent(secret)}`, { timeoutMs }),
      behave: () => undefined,
      ids: ({ method, body }: Arrived) => (method === 'POST' ? [JSON.parse(body.toString('utf8')).id] : []),
      maxBodyBytes: 256 * 1024,
      cannot: {
        'reports which record was refused': 'a request is one notice, and a chat says 400 of an address too',
      },
    } satisfies ConformanceHarness,
    test,
  )
})

const open: { close(): Promise<void>; stop(): Promise<void> }[] = []

afterEach(async () => {
  for (const { close, stop } of open.splice(0)) {
    await close()
    await stop()
  }
})

async function told(answer: VendorAnswer, sample = 'gap opened') {
  const server = await FakeServer.start(() => answer)
  const webhook = overheard(
    new Webhook(`${server.url}/services/${secret}?room=night-watch`, { headers: { 'x-team': 'night' } }),
  )
  open.push({ close: () => webhook.close(), stop: () => server.stop() })
  const record = mapOwn(ownSamples[sample]!, { instance: 'audit-1', version: '1.2.3' })
  const outcome = await webhook.send({ members: [webhook.encode(record)], token: 't', now: 0 }, never)
  return { outcome, server, webhook }
}

test('a gap that opens is one POST that can be read by people and by programs', async () => {
  const { outcome, server } = await told({ status: 204 })
  expect(outcome).toEqual({ status: 'delivered' })
  const [request] = server.arrived
  expect(request).toMatchObject({ method: 'POST', path: `/services/${secret}?room=night-watch` })
  expect(request!.headers).toMatchObject({ 'content-type': 'application/json', 'x-team': 'night' })
  expect(request!.headers['content-encoding']).toBeUndefined()
  expect(JSON.parse(request!.body.toString('utf8'))).toEqual({
    event: 'circleci_audit_forwarder.gap.opened',
    id: ownSamples['gap opened']!.id,
    time: '2026-03-04T14:05:00.000Z',
    severity: 'critical',
    text: 'delivery_behind (datadog): its oldest outstanding object waits for 3 h; HTTP 403: the API key is not valid; next: give it a valid API key; nothing is lost meanwhile',
    forwarder: 'audit-1',
    attributes: ownSamples['gap opened']!.attributes,
  })
})

test('a gap that is over carries the same gap id', async () => {
  const opened = await told({ status: 200 })
  const closed = await told({ status: 200 }, 'gap closed')
  const [before, after] = [opened, closed].map(({ server }) => JSON.parse(server.arrived[0]!.body.toString('utf8')))
  expect([before.event, after.event]).toEqual([
    'circleci_audit_forwarder.gap.opened',
    'circleci_audit_forwarder.gap.closed',
  ])
  expect(after.attributes.gap_id).toBe(before.attributes.gap_id)
  expect(after.id).not.toBe(before.id)
})

test('Slack says ok and calls it HTML', async () => {
  const { outcome } = await told({ status: 200, headers: { 'content-type': 'text/html' }, body: 'ok' })
  expect(outcome).toEqual({ status: 'delivered' })
})

test.each([
  [401, 'no such team', { status: 'stopped', cause: 'credentials' }],
  [404, 'no_service', { status: 'stopped', cause: 'configuration' }],
  [410, 'channel_is_archived', { status: 'stopped', cause: 'configuration' }],
  [400, 'invalid_payload', { status: 'unreadable', reason: 'HTTP 400: invalid_payload' }],
  [500, 'rollup_error', { status: 'retry', ambiguous: true }],
])('%s %s drops nothing', async (status, body, expected) => {
  const { outcome } = await told({ status, body })
  expect(outcome).toMatchObject(expected)
})

test('nothing it says of itself holds the address, which is the credential', async () => {
  const { webhook, server, outcome } = await told({ status: 404, body: `no hook ${secret} in night-watch` })
  await server.stop()
  const gone = await webhook.send(
    { members: [webhook.encode(mapOwn(ownSamples['act']!, { instance: 'a', version: '1' }))], token: 't', now: 0 },
    never,
  )
  const said = JSON.stringify([outcome, gone, await webhook.check(never)])
  open.length = 0
  expect(said).not.toContain(secret)
  expect(said).not.toContain('night-watch')
  expect(said).toContain('127.0.0.1')
})

test('a check asks the host for nothing, and says what it has not proven', async () => {
  const { webhook, server } = await told({ status: 200 })
  const findings = await webhook.check(never)
  expect(findings.map(({ level }) => level)).toEqual(['ok', 'unknown'])
  expect(server.arrived.slice(1).map(({ method, path }) => [method, path])).toEqual([['GET', '/']])
})
