import fc from 'fast-check'
import { expect, test } from 'vitest'
import { redact, redactDeep } from '../../src/telemetry/redact.ts'

test.each([
  ['Splunk token', 'sent Authorization: Splunk 11111111-2222-3333-4444-555555555555 and got 403', '11111111'],
  ['Splunk token alone', 'Splunk 11111111-2222-3333-4444-555555555555', '11111111'],
  ['token in a query', 'GET https://x.test/?a=1&token=s3cr3t&b=2', 's3cr3t'],
  ['basic auth in a URL', 'connect https://user:hunter2@ch.acme.test:8443/ refused', 'hunter2'],
  ['an @ in the password', 'connect https://user:hun@ter2@ch.acme.test:8443/ refused', 'ter2'],
  ['AWS access key', 'key AKIAIOSFODNN7EXAMPLE is inactive', 'AKIAIOSFODNN7'],
  ['AWS session key', 'key ASIAIOSFODNN7EXAMPLE is inactive', 'ASIAIOSFODNN7'],
  ['AWS signature', 'https://b.s3.test/k?X-Amz-Signature=abcdef0123&X-Amz-Date=1', 'abcdef0123'],
  ['Rapid7 webhook', 'POST https://eu.webhook.test/v1/noformat/9f0c1d2e-aaaa-bbbb-cccc-123456789abc', '9f0c1d2e'],
  ['bearer', 'Bearer eyJhbGciOiJIUzI1NiJ9.e30.x', 'eyJhbGci'],
  ['Datadog header', 'dd-api-key: 0123456789abcdef', '0123456789abcdef'],
  ['JSON field', '{"password":"hunter2","user":"x"}', 'hunter2'],
  ['environment', 'AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI', 'wJalrXUtnFEMI'],
])('%s leaves no trace', (_, text, secret) => {
  expect(redact(text, [])).toContain('[redacted]')
  expect(redact(text, [])).not.toContain(secret)
})

test('ordinary words stay readable', () => {
  const text = 'invalid token: expired; Basic authentication is off; 3 tokens left; see https://x.test/a@b'
  expect(redact(text, [])).toBe(text)
})

test('keeps what surrounds a secret', () => {
  expect(redact('GET https://x.test/?token=abc&b=2 failed', [])).toBe('GET https://x.test/?token=[redacted]&b=2 failed')
})

test('no known secret survives in any spelling, however deep, wherever cut', () => {
  const secret = fc
    .string({ minLength: 4, maxLength: 40 })
    .filter((text) => !'… characters [redacted]()'.includes(text))
  fc.assert(
    fc.property(secret, fc.string(), fc.nat(8300), (value, around, padding) => {
      fc.pre(!around.includes(value) && !'x'.repeat(5).includes(value))
      const text = `${'\n'.repeat(padding)}${value}\n${JSON.stringify(value)}\n${encodeURIComponent(value)}\n`
      fc.pre(!/^\n+$/.test(value))
      const clean = JSON.stringify(redactDeep({ a: [{ b: text }] }, [value]))
      expect(JSON.parse(clean).a[0].b).not.toContain(value)
    }),
    { numRuns: 200 },
  )
})

test('a secret within another one leaves no rest', () => {
  expect(redact('hunter2-longer', ['hunter2', 'hunter2-longer'])).toBe('[redacted]')
})

test('an endless text is cut', () => {
  expect(redact('ab '.repeat(100_000), []).length).toBeLessThan(9000)
})

test('a hostile text takes no time', () => {
  const started = process.cpuUsage().user
  redact('https://'.repeat(1000), [])
  redact('token'.repeat(1600), [])
  redact('-'.repeat(8000), [])
  expect(process.cpuUsage().user - started).toBeLessThan(2_000_000)
})
