// A read that fails because the object is not what was seen: expired, replaced, deleted, refused and archived are told
// apart by what a bucket really answers, over the wire.
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import type { ReadFailure } from '../../../src/domain/failures.ts'
import { openS3Store } from '../../../src/receiver/s3/store.ts'
import { collect } from '../../tools/collect.ts'
import { FakeClock } from '../../tools/fake-clock.ts'

const never = new AbortController().signal
const now = Date.parse('2026-03-20T12:00:00Z')
const key = 'audit-logs/year=2026/month=03/day=10/hour=09/x'
const object = { key, version: 'abc', size: 10, modified: Date.parse('2026-03-10T09:00:00Z') }

beforeAll(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAFORWARDERTEST')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'thesecretkey')
})
afterAll(() => vi.unstubAllEnvs())

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

interface Answer {
  readonly status?: number
  readonly headers?: Record<string, string>
  readonly body: string
}

interface Bucket {
  readonly read: Answer
  readonly list?: Answer
  readonly lifecycle?: Answer
}

function refusal(status: number, code: string, headers: Record<string, string> = {}): Answer {
  const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>No.</Message></Error>`
  return { status, headers: { 'content-type': 'application/xml', ...headers }, body }
}

function rules(...expirations: string[]): Answer {
  const each = expirations.map((rule) => `<Rule><Status>Enabled</Status>${rule}</Rule>`)
  return { body: `<?xml version="1.0"?><LifecycleConfiguration>${each.join('')}</LifecycleConfiguration>` }
}

function listing(version?: string): Answer {
  const found =
    version === undefined
      ? ''
      : `<Contents><Key>${key}</Key><ETag>"${version}"</ETag><Size>10</Size><LastModified>2026-03-10T09:00:00Z</LastModified></Contents>`
  return { body: `<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated>${found}</ListBucketResult>` }
}

const denied = refusal(403, 'AccessDenied')

function which({ url = '' }: IncomingMessage): keyof Bucket {
  if (url.includes('list-type=2')) return 'list'
  return url.includes('?lifecycle') ? 'lifecycle' : 'read'
}

/** The failure of reading `times` over, and what was asked. */
async function failing(bucket: Bucket, times = 1): Promise<{ failure: ReadFailure; asked: string[] }> {
  const { store, asked } = await opened(bucket)
  let failure: ReadFailure | undefined
  for (let time = 0; time < times; time += 1) {
    failure = await (async () => collect(await store.read(object, never)))().then(
      () => expect.unreachable('the read succeeded'),
      (error: ReadFailure) => error,
    )
  }
  store.close()
  return { failure: failure as ReadFailure, asked }
}

async function opened(bucket: Bucket) {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const what = which(request)
    asked.push(what)
    const { status = 200, headers, body } = bucket[what] ?? denied
    response.writeHead(status, headers).end(body)
  }).listen(0, '127.0.0.1')
  servers.push(server)
  await new Promise((resolve) => server.once('listening', resolve))
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const clock = new FakeClock(new Date(now).toISOString())
  const settings = { bucket: 'acme-audit', prefix: 'audit-logs', endpoint, force_path_style: true }
  return { store: await openS3Store(settings, { clock }), asked }
}

const missing = refusal(404, 'NoSuchKey')
const prefixed = '<Filter><Prefix>audit-logs/</Prefix></Filter>'
const after = (days: number) => `${prefixed}<Expiration><Days>${days}</Days></Expiration>`

test.each([
  ['the shortest of the rules', rules(after(30), after(9)), 9 * 86_400_000],
  [
    'no rule for these objects',
    rules('<Filter><Prefix>build/</Prefix></Filter><Expiration><Days>1</Days></Expiration>'),
    Infinity,
  ],
  ['no rules at all', refusal(404, 'NoSuchLifecycleConfiguration'), Infinity],
  ['rules that may not be read', denied, undefined],
] as const)('how long objects are kept, by %s', async (_, lifecycle, kept) => {
  const { store } = await opened({ read: missing, lifecycle })
  expect(await store.retention()).toBe(kept)
  store.close()
})

test.each([
  ['a rule whose days are over', rules(after(9)), 'expired', 'a lifecycle rule expired it, 2026-03-20 at the earliest'],
  ['a rule whose days are not over', rules(after(10)), 'vanished', 'somebody deleted it'],
  [
    'a date that has passed',
    rules('<Prefix/><Expiration><Date>2026-03-15T00:00:00Z</Date></Expiration>'),
    'expired',
    '2026-03-15',
  ],
  [
    'a rule for another prefix',
    rules('<Filter><Prefix>build/</Prefix></Filter><Expiration><Days>1</Days></Expiration>'),
    'vanished',
    'somebody deleted it',
  ],
  [
    'a rule for tagged objects',
    rules('<Filter><Tag><Key>a</Key><Value>b</Value></Tag></Filter><Expiration><Days>1</Days></Expiration>'),
    'vanished',
    'somebody deleted it',
  ],
  [
    'a rule for larger objects',
    rules(
      '<Filter><ObjectSizeGreaterThan>1000</ObjectSizeGreaterThan></Filter><Expiration><Days>1</Days></Expiration>',
    ),
    'vanished',
    'somebody deleted it',
  ],
  ['no rules', refusal(404, 'NoSuchLifecycleConfiguration'), 'vanished', 'somebody deleted it'],
  ['rules nobody may read', denied, 'vanished', 'cannot be told (AccessDenied: No.)'],
  ['a service without rules', refusal(501, 'NotImplemented'), 'vanished', 'cannot be told (NotImplemented'],
])('a 404 under %s', async (_, lifecycle, absence, text) => {
  const { failure } = await failing({ read: missing, lifecycle })
  expect(failure).toMatchObject({ kind: 'gone', absence, message: expect.stringContaining(text) })
})

test('a delete marker is no expiry that could be told', async () => {
  const read = refusal(404, 'NoSuchKey', { 'x-amz-delete-marker': 'true' })
  const { failure } = await failing({ read, lifecycle: rules(after(1)) })
  expect(failure).toMatchObject({ kind: 'gone', absence: 'vanished', hint: expect.stringContaining('delete marker') })
})

test('a thousand lost objects ask for the rules once', async () => {
  const { asked } = await failing({ read: missing, lifecycle: rules(after(9)) }, 20)
  expect(asked.filter((what) => what === 'lifecycle')).toHaveLength(1)
})

test.each([
  ['a failed If-Match', { read: refusal(412, 'PreconditionFailed') }],
  ['another version than was asked for', { read: { headers: { etag: '"other"' }, body: '0123456789' } }],
  ['a 403, and another version in the listing', { read: denied, list: listing('other') }],
])('%s is a replacement', async (_, bucket) => {
  const { failure } = await failing(bucket)
  expect(failure).toMatchObject({ kind: 'gone', absence: 'replaced' })
})

test('a 403 is a refusal where the listing shows the object, and where it cannot be listed', async () => {
  for (const list of [listing('abc'), denied, refusal(503, 'SlowDown')]) {
    const { failure } = await failing({ read: denied, list, lifecycle: rules(after(1)) })
    expect(failure).toMatchObject({ kind: 'denied', absence: undefined, hint: expect.stringContaining('s3:GetObject') })
  }
})

test('a 403 is a loss only where the listing proves it', async () => {
  const gone = await failing({ read: denied, list: listing(), lifecycle: rules(after(9)) })
  expect(gone.failure).toMatchObject({ kind: 'gone', absence: 'expired' })
})

test('a key, a credential and an archive are no riddle: nothing more is asked', async () => {
  for (const [status, code, kind] of [
    [403, 'KMS.AccessDeniedException', 'denied'],
    [403, 'ExpiredToken', 'denied'],
    [403, 'InvalidObjectState', 'archived'],
  ] as const) {
    const { failure, asked } = await failing({ read: refusal(status, code) })
    expect(failure.kind).toBe(kind)
    expect(asked).toEqual(['read'])
  }
})
