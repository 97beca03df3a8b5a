import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../../src/cli/clock.ts'
import { type Finding, isWrong } from '../../../src/domain/finding.ts'
import { signatureFindings } from '../../../src/receiver/azure/sas.ts'
import { openAzureBlobStore } from '../../../src/receiver/azure-blob/store.ts'
import { openAzureQueue } from '../../../src/receiver/azure-queue/queue.ts'
import { checkStore } from '../../../src/receiver/check/store.ts'
import { type AzuriteBlobs, type AzuriteQueue, account, startBlobs, startQueue } from '../azure/azurite.ts'
import { about, event, hour, keyAt, never } from './bench.ts'

const container = 'circleci'
let blobs: AzuriteBlobs
let queued: AzuriteQueue
beforeAll(async () => {
  blobs = await startBlobs(container)
  queued = await startQueue('audit')
})
afterAll(() => Promise.all([blobs.close(), queued.close()]))

const storeOf = (sas_token: string, prefix = 'audit-logs') =>
  openAzureBlobStore(
    { account, container, prefix, endpoint: blobs.endpoint, sas_token },
    { clock: systemClock, attempts: 1 },
  )

function silent(findings: readonly Finding[], token: string): readonly Finding[] {
  const signature = new URLSearchParams(token).get('sig') ?? 'no signature'
  expect(JSON.stringify(findings)).not.toContain(signature)
  expect(JSON.stringify(findings)).not.toContain(encodeURIComponent(signature))
  return findings
}

describe('a container of Azure', () => {
  const check = async (token: string, prefix?: string) =>
    silent(await checkStore(await storeOf(token, prefix), Date.now, never), token)
  beforeEach(async () => {
    const body = Buffer.from(event)
    await blobs.container.getBlockBlobClient(keyAt(Date.now() - hour)).upload(body, body.length)
  })

  test('that is as it should be, and what cannot be seen from here', async () => {
    const findings = await check(blobs.signature('rl', { expiresOn: new Date(Date.now() + 90 * 24 * hour) }))
    expect(findings.map(({ level }) => level)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok', 'ok', 'unknown'])
    expect(about(findings, 'archive tier').next).toContain(`--account-name ${account}`)
  })

  test('whose signature may list and not read', async () => {
    const findings = await check(blobs.signature('l'))
    expect(about(findings, 'decoded')).toMatchObject({ level: 'error', next: expect.stringContaining('sp=rl') })
    expect(about(findings, 'allows what is needed')).toMatchObject({
      level: 'error',
      detail: expect.stringContaining('read (r)'),
    })
    expect(isWrong(findings)).toBe(true)
  })

  test('whose objects lie beside the prefix', async () => {
    const findings = await check(blobs.signature('rl'), 'audit-log')
    expect(about(findings, 'lie under').next).toBe('set store.azure_blob.prefix: "audit-logs"')
  })
})

describe('a shared access signature', () => {
  const needed = { r: 'read', l: 'list' }
  const now = Date.parse('2026-03-15T12:00:00Z')
  const levels = (token: string): readonly string[] =>
    signatureFindings(token, needed, now).map(({ level, detail = '' }) => `${level} ${detail}`.trim())

  test.each([
    ['sp=rl&se=2026-09-15T12:00:00Z&sig=s', ['ok for 184.0 d more', 'ok']],
    ['?sp=lr&se=2026-03-20T12:00:00Z&sig=s', ['warning for 5.0 d more', 'ok']],
    ['sp=rl&se=2026-03-14T12:00:00Z&sig=s', ['error it expired 1.0 d ago', 'ok']],
    ['sp=rl&st=2026-03-16&se=2026-09-15&sig=s', ['error not before 2026-03-16', 'ok']],
    ['sp=racwdl&se=2026-09-15T12:00:00Z&sig=s', ['ok for 184.0 d more', 'warning it also allows "acwd"']],
    ['sp=w&se=2026-09-15T12:00:00Z&sig=s', ['ok for 184.0 d more', 'error it does not allow to read (r), list (l)']],
    [
      'si=policy&sig=s',
      ['unknown a stored access policy says until when', 'unknown a stored access policy says what it allows'],
    ],
  ])('%s', (token, expected) => {
    expect(levels(token).map((text) => text.replace(/(\d+) d/, '$1.0 d'))).toEqual(expected)
  })

  test('that is not used says nothing', () => {
    expect(signatureFindings(undefined, needed, now)).toEqual([])
  })
})

describe('a queue of Azure', () => {
  beforeEach(async () => void (await queued.queue.clearMessages()))
  const check = async (permissions: string, queue = 'audit') => {
    const token = queued.signature(permissions)
    const settings = { account, queue, endpoint: queued.endpoint, sas_token: token, visibility_timeout: 60 }
    const opened = await openAzureQueue(settings, { clock: systemClock, attempts: 1 })
    return silent(await opened.check(await storeOf(blobs.signature('rl')), never), token)
  }
  const send = (subject: string, type = 'Microsoft.Storage.BlobCreated') => {
    const topic = `/subscriptions/1/resourceGroups/a/providers/Microsoft.Storage/storageAccounts/${account}`
    return queued.queue.sendMessage(Buffer.from(JSON.stringify({ topic, subject, eventType: type })).toString('base64'))
  }
  const ours = `/blobServices/default/containers/${container}/blobs/${keyAt(Date.now())}`

  test('that is as it should be: its messages are looked at, and none is taken', async () => {
    await send(ours)
    const findings = await check('rup')
    expect(isWrong(findings)).toBe(false)
    expect(about(findings, 'is there').detail).toBe('1 message waiting')
    expect(about(findings, 'announce objects')).toMatchObject({ level: 'ok' })
    expect(about(findings, 'may be deleted')).toMatchObject({ level: 'ok' })
    expect(about(findings, 'may be given back')).toMatchObject({ level: 'ok' })
    expect(about(findings, 'allows what is needed')).toMatchObject({ level: 'ok' })
    expect(about(findings, 'may be received')).toMatchObject({ level: 'unknown' })
    const { receivedMessageItems } = await queued.queue.receiveMessages()
    expect(receivedMessageItems).toMatchObject([{ dequeueCount: 1 }])
  })

  test('into which events of other containers go, or of other services', async () => {
    await send(ours.replace(container, 'invoices'))
    expect(about(await check('rup'), 'announce objects')).toMatchObject({
      level: 'warning',
      detail: `some are of ${account}/invoices`,
      next: expect.stringContaining(`/containers/${container}/`),
    })
    await send('secret', 'Microsoft.KeyVault.SecretNewVersionCreated')
    expect(about(await check('rup'), 'announce objects')).toMatchObject({
      level: 'warning',
      detail: expect.stringContaining('Microsoft.KeyVault'),
    })
  })

  test('that may be looked into and not used', async () => {
    const findings = await check('r')
    expect(about(findings, 'may be deleted')).toMatchObject({ level: 'error', next: expect.stringContaining('sp=up') })
    expect(about(findings, 'allows what is needed')).toMatchObject({ level: 'error' })
  })

  test('that may be used and not looked into is no fault', async () => {
    const findings = await check('up')
    expect(about(findings, 'is there')).toMatchObject({ level: 'unknown' })
    expect(isWrong(findings)).toBe(false)
  })
})
