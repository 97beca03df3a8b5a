// What `check` says, for each thing that can be so.

import type { Finding } from '@circleci-audit-forwarder/contract'
import { canaryGuid } from '@circleci-audit-forwarder/contract/testing'
import { describe, expect, test } from 'vitest'
import { Rapid7Exporter, type Rapid7Options } from '../src/index.ts'
import { API_KEY, OTHER_TOKEN, TOKEN } from './fake-rapid7.ts'
import { never, type Rapid7World, rapid7World } from './rapid7-world.ts'

const keyed = (options: Partial<Rapid7Options> = {}) => rapid7World({ apiKey: API_KEY, region: 'eu', ...options })

async function findings({ exporter }: Rapid7World): Promise<Record<string, Finding>> {
  return Object.fromEntries((await exporter.check(never)).map((finding) => [finding.what, finding]))
}

const host = 'the webhook host answers'
const proof = 'a log has this token'
const key = 'api_key is accepted in region eu'

test('without an API key it says that nothing can be proven', async () => {
  const world = await rapid7World()
  expect(await findings(world)).toEqual({
    [host]: { level: 'ok', what: host, detail: 'HTTP 404' },
    [proof]: {
      level: 'unknown',
      what: proof,
      detail: expect.stringContaining('cannot be verified without sending'),
      next: 'set api_key and region, or look for an event in Log Search',
    },
  })
})

test('with one it proves token and region, and sends neither an event nor the token', async () => {
  const world = await keyed()
  expect(await findings(world)).toEqual({
    [host]: { level: 'ok', what: host, detail: 'HTTP 404' },
    [key]: { level: 'ok', what: key },
    [proof]: { level: 'ok', what: proof, detail: 'log "CircleCI audit"' },
  })
  expect(world.server.arrived.map(({ method }) => method)).not.toContain('POST')
  expect(JSON.stringify(world.server.arrived)).not.toContain(TOKEN)
})

test('a token in another spelling is the same token', async () => {
  const world = await keyed({ token: canaryGuid(0xabcdef).toUpperCase() })
  world.vendor.logs = [{ name: 'a', tokens: [canaryGuid(0xabcdef)] }]
  expect(await findings(world)).toMatchObject({ [proof]: { level: 'ok' } })
})

test('a token that no log has is an error: the webhook would take everything and keep nothing', async () => {
  const world = await keyed({ token: OTHER_TOKEN })
  expect(await findings(world)).toMatchObject({
    [key]: { level: 'ok' },
    [proof]: { level: 'error', detail: expect.stringContaining('none of the 1 logs'), next: expect.anything() },
  })
})

test('a thousand logs are looked through', async () => {
  const world = await keyed()
  const others = Array.from({ length: 3_000 }, (_, n) => ({
    name: `log ${n} ${'x'.repeat(400)}`,
    tokens: [OTHER_TOKEN],
  }))
  world.vendor.logs = [...others, { name: 'the last', tokens: [OTHER_TOKEN, TOKEN] }]
  expect(await findings(world)).toMatchObject({ [proof]: { level: 'ok', detail: 'log "the last"' } })
})

test('a key of another region or organisation is an error, and the token unknown', async () => {
  const world = await keyed()
  world.vendor.key = 'bad'
  expect(await findings(world)).toMatchObject({
    [key]: { level: 'error', detail: expect.stringContaining('HTTP 401'), next: expect.stringContaining('region') },
    [proof]: { level: 'unknown' },
  })
})

test('a key that may not list logs is told from one that is wrong', async () => {
  const world = await keyed()
  world.vendor.key = 'may not list'
  expect(await findings(world)).toMatchObject({
    [key]: { level: 'warning', next: 'give the key the right to read log management' },
    [proof]: { level: 'unknown' },
  })
})

test('a list that is none proves nothing', async () => {
  const world = await keyed()
  for (const logs of [undefined, null, {}, 'logs']) {
    world.vendor.logs = logs as never
    expect(await findings(world)).toMatchObject({ [proof]: { level: 'unknown' } })
  }
  world.vendor.logs = [null, { name: 7, tokens: null }, { tokens: [null, TOKEN] }] as never
  expect(await findings(world)).toMatchObject({ [proof]: { level: 'ok', detail: 'log "without a name"' } })
})

test('an API key without a region has nowhere to be asked', async () => {
  const world = await rapid7World({ apiKey: API_KEY, api: undefined })
  expect(await findings(world)).toMatchObject({ [proof]: { level: 'unknown', next: 'set region' } })
  expect(world.server.arrived).toHaveLength(1)
})

test('nobody at the address is told as such, with certificates that are not verified', async () => {
  const exporter = new Rapid7Exporter({
    endpoint: 'http://127.0.0.1:1',
    token: TOKEN,
    http: { tls: { insecureSkipVerify: true } },
  })
  const said = await exporter.check(never)
  expect(said).toMatchObject([
    { what: host, detail: expect.stringContaining('ECONNREFUSED') },
    { level: 'unknown' },
    { level: 'warning', what: 'certificates are verified' },
  ])
})

describe('the account', () => {
  test("gets the key and not the gateway's headers, the webhook the headers and not the key", async () => {
    const world = await keyed({ http: { headers: { 'x-gateway': 'g4teway-secret' } } })
    await world.exporter.check(never)
    const [webhook, logs] = world.server.arrived
    expect(webhook?.headers).toMatchObject({ 'x-gateway': 'g4teway-secret' })
    expect(webhook?.headers).not.toHaveProperty('x-api-key')
    expect(logs?.headers).toMatchObject({ 'x-api-key': API_KEY })
    expect(logs?.headers).not.toHaveProperty('x-gateway')
  })
})
