import { request } from 'node:http'
import { connect } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { AdminServer } from '../../src/admin/admin-server.ts'
import { MetricsServer } from '../../src/admin/metrics-server.ts'
import { Pulse } from '../../src/admin/pulse.ts'
import { statusDocument } from '../../src/admin/status.ts'
import { SetupError } from '../../src/domain/failures.ts'
import { Metrics } from '../../src/telemetry/metrics.ts'
import { account, now } from './accounts.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const server of open.splice(0)) await server.close()
})

const status = () =>
  statusDocument({
    accounts: [account()],
    retired: [],
    totals: { objects: 1, events: 2, bad: 0, altered: 0 },
    receivers: [],
    now,
  })

const hours = () => ({ at: new Date(now).toISOString(), receivers: [] })

async function admin(options: { token?: string; status?: typeof status } = {}): Promise<string> {
  const server = new AdminServer({ endpoint: '127.0.0.1:0', status, hours, ...options })
  open.push(server)
  return `http://${await server.listen()}`
}

type Said = () => string | undefined

async function metrics(options: { notReady?: Said; remark?: Said; pulse?: Pulse } = {}): Promise<string> {
  const numbers = new Metrics({ version: '0.1.0', now: () => now })
  const server = new MetricsServer({
    endpoint: '127.0.0.1:0',
    scrape: (asked, answer) => numbers.handle(asked, answer),
    notReady: () => undefined,
    ...options,
  })
  open.push(server)
  return `http://${await server.listen()}`
}

/** Like fetch, which sets the Host header itself. */
function asked(url: string, options: { host?: string; method?: string; body?: string }): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = options.host === undefined ? {} : { host: options.host }
    const call = request(url, { method: options.method ?? 'GET', headers, agent: false }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode))
    })
    call.on('error', reject).end(options.body)
  })
}

test('the status API is the status document', async () => {
  const answer = await fetch(`${await admin()}/api/status`)
  expect(answer.headers.get('content-type')).toContain('application/json')
  expect(answer.headers.get('cache-control')).toBe('no-store')
  expect(await answer.json()).toEqual(status())
})

test('the root is the page, whose parts come from here alone', async () => {
  const answer = await fetch(await admin())
  const text = await answer.text()
  expect([answer.headers.get('content-type'), text]).toEqual([
    'text/html; charset=utf-8',
    expect.stringContaining('api/status'),
  ])
  expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'")
  const parts = [...text.matchAll(/(?:src|href)="(page[^"]+)"/g)].map(([, path]) => path)
  expect(parts).toEqual(['page/page.css', 'page/page.ts'])
  for (const path of parts) expect((await fetch(`${answer.url}${path}`)).status).toBe(200)
})

test('with a token nobody is told anything without it', async () => {
  const url = await admin({ token: 'open sesame 5ec4e7ca4a4e' })
  for (const path of ['/api/status', '/api/hours', '/nothing']) expect((await fetch(url + path)).status).toBe(401)
  const wrong = await fetch(`${url}/api/status`, { headers: { authorization: 'Bearer open' } })
  expect([wrong.status, await wrong.text()]).toEqual([401, expect.not.stringContaining('sesame')])
  const right = await fetch(`${url}/api/status`, { headers: { authorization: 'Bearer open sesame 5ec4e7ca4a4e' } })
  expect(right.status).toBe(200)
  // The page itself knows nothing, and is where the token is asked for.
  expect((await fetch(url)).status).toBe(200)
})

test('beyond loopback a token is needed', () => {
  for (const endpoint of ['0.0.0.0:0', '[::]:0', 'audit.acme.test:0', '10.0.0.1:0']) {
    expect(() => new AdminServer({ endpoint, status, hours })).toThrow(SetupError)
    expect(() => new AdminServer({ endpoint, status, hours, token: 'x' })).not.toThrow()
  }
  expect(() => new AdminServer({ endpoint: '127.0.0.1:0', status, hours, token: '' })).toThrow(SetupError)
})

test('a web page cannot read loopback under its own name', async () => {
  const url = await admin()
  expect(await asked(`${url}/api/status`, { host: 'evil.test' })).toBe(421)
  expect(await asked(`${url}/api/status`, { host: 'localhost:8686' })).toBe(200)
  expect(await asked(`${url}/api/status`, { host: '[::1]:8686' })).toBe(200)
})

test('shows, never changes: GET and HEAD only, no bodies', async () => {
  for (const url of [`${await admin()}/api/status`, `${await metrics()}/metrics`]) {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) expect(await asked(url, { method })).toBe(405)
    expect(await asked(url, { method: 'POST', body: 'x'.repeat(100_000) })).toBe(413)
    const head = await fetch(url, { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
  }
})

test('endless headers and unknown paths get nowhere', async () => {
  const url = await admin()
  expect((await fetch(`${url}/api/status`, { headers: { long: 'x'.repeat(20_000) } })).status).toBe(431)
  for (const path of ['/api', '/api/status/', '/__proto__', '/constructor', '/../etc/passwd']) {
    expect((await fetch(url + path)).status).toBe(404)
  }
})

test('a failing status answers 500 and says nothing of why', async () => {
  const url = await admin({
    status: () => {
      throw new Error('secret path')
    },
  })
  const answer = await fetch(`${url}/api/status`)
  expect([answer.status, await answer.text()]).toEqual([500, 'cannot answer; see the log\n'])
})

test('a taken port is said once, with the setting to change', async () => {
  const first = await metrics()
  const second = new MetricsServer({ endpoint: first.slice(7), scrape: () => {}, notReady: () => undefined })
  await expect(second.listen()).rejects.toThrow(SetupError)
  await expect(second.listen()).rejects.toThrow(/service\.telemetry\.metrics\.endpoint\): another process has taken/)
  await second.close()
})

test.each(['8686', 'localhost', '127.0.0.1:99999', ':8686', '::1:8686', 'http://x:1'])(
  '"%s" is no endpoint',
  (endpoint) => {
    expect(() => new AdminServer({ endpoint, status, hours })).toThrow(/expected host:port/)
  },
)

test('metrics, liveness and readiness on one door', async () => {
  const url = await metrics()
  expect(await (await fetch(`${url}/metrics`)).text()).toContain('circleci_audit_forwarder_build_info')
  expect(await (await fetch(`${url}/livez`)).text()).toBe('alive\n')
  expect(await (await fetch(`${url}/readyz`)).text()).toBe('ready\n')
})

test('not ready says why', async () => {
  let reason: string | undefined = 'the ledger is not open'
  const url = await metrics({ notReady: () => reason })
  const before = await fetch(`${url}/readyz`)
  expect([before.status, await before.text()]).toEqual([503, 'not ready: the ledger is not open\n'])
  expect((await fetch(`${url}/livez`)).status).toBe(200)
  reason = undefined
  expect((await fetch(`${url}/readyz`)).status).toBe(200)
})

test('a replica that stands by is ready, and says for whom', async () => {
  const url = await metrics({ notReady: () => undefined, remark: () => 'standing by: owner app-7d9f, epoch 7' })
  const answer = await fetch(`${url}/readyz`)
  expect([answer.status, await answer.text()]).toEqual([200, 'standing by: owner app-7d9f, epoch 7\n'])
})

test('a loop that was blocked for long is not alive, for a while', async () => {
  let time = 0
  const pulse = new Pulse({ monotonic: () => time })
  const url = await metrics({ pulse })
  time = 9000
  expect((await fetch(`${url}/livez`)).status).toBe(200)
  time += 15_000
  const blocked = await fetch(`${url}/livez`)
  expect([blocked.status, await blocked.text()]).toEqual([503, 'the event loop was blocked for 14 s\n'])
  for (let second = 0; second < 31; second += 1) {
    time += 1000
    pulse.beat()
  }
  expect((await fetch(`${url}/livez`)).status).toBe(200)
})

test('closes at once, whoever is connected, and twice', async () => {
  const url = await admin()
  const idle = connect(Number(new URL(url).port), '127.0.0.1')
  await new Promise((resolve) => idle.once('connect', resolve))
  idle.on('error', () => {})
  const gone = new Promise((resolve) => idle.once('close', resolve))
  await open[0]?.close()
  await gone
  await open[0]?.close()
})
