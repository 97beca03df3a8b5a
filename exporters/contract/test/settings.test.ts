import { expect, test } from 'vitest'
import { z } from 'zod'
import { duration, endpoint, httpOptions, httpSettings, secret, size } from '../src/index.ts'
import { canariesIn, canary } from '../src/testing.ts'

test.each([
  ['200ms', 200],
  ['5s', 5_000],
  ['1m30s', 90_000],
  ['1.5h', 5_400_000],
  ['0.1h', 360_000],
  ['7d', 604_800_000],
  ['100us', 1],
  ['0', 0],
])('duration %s is %i ms', (text, ms) => expect(duration.parse(text)).toBe(ms))

test.each(['5', '', '-1s', '1 s', 's', '1y', '1s2', '١s'])('duration %j is refused', (text) => {
  expect(duration.safeParse(text).success).toBe(false)
})

test.each([
  ['4MiB', 4_194_304],
  ['512KiB', 524_288],
  ['5MB', 5_000_000],
  ['1.5 KiB', 1_536],
  ['10', 10],
  ['10B', 10],
  [4096, 4096],
])('size %s is %i bytes', (text, bytes) => expect(size.parse(text)).toBe(bytes))

test.each(['4 mebibytes', '-1', '', 1.5, -1])('size %j is refused', (text) => {
  expect(size.safeParse(text).success).toBe(false)
})

test('a secret with pasted white space is refused, and the message does not repeat it', () => {
  const result = secret.safeParse(`${canary('token')}\n`)
  expect(result.success).toBe(false)
  expect(canariesIn(result.error?.message ?? '')).toEqual([])
})

test('an endpoint is an http URL without credentials', () => {
  expect(endpoint.parse('https://splunk.example:8088/x')).toBe('https://splunk.example:8088/x')
  for (const bad of ['splunk:8088', 'https://', 'https://u:p4ssw0rd@host', 'http://a b']) {
    const result = endpoint.safeParse(bad)
    expect(result.success).toBe(false)
    expect(result.error?.message).not.toContain('p4ssw0rd')
  }
})

const schema = z.strictObject({ ...httpSettings, token: secret })

test('the shape parses with its defaults to what HttpClient takes', () => {
  expect(httpOptions(schema.parse({ token: 't' }))).toMatchObject({ compression: 'gzip', timeoutMs: 30_000 })
  const tls = { ca_file: '/ca.pem', server_name: 'ch', insecure_skip_verify: true }
  expect(httpOptions(schema.parse({ token: 't', timeout: '5s', tls, proxy_url: 'http://proxy:3128' }))).toMatchObject({
    timeoutMs: 5_000,
    tls: { caFile: '/ca.pem', serverName: 'ch', insecureSkipVerify: true },
    proxyUrl: 'http://proxy:3128',
  })
})

test('the JSON Schema is what a user writes: every field described, secrets marked, defaults as text', () => {
  const { properties } = z.toJSONSchema(schema, { io: 'input' }) as {
    properties: Record<string, Record<string, unknown>>
  }
  expect(properties['timeout']).toMatchObject({ type: 'string', default: '30s' })
  for (const name of Object.keys(httpSettings)) expect(properties[name]).toHaveProperty('description')
  for (const name of ['token', 'headers', 'proxy_url']) expect(properties[name]).toHaveProperty('secret', true)
})
