import { S3 } from '@aws-sdk/client-s3'
import { SQS } from '@aws-sdk/client-sqs'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { systemClock } from '../../../src/cli/clock.ts'
import { type Finding, isWrong } from '../../../src/domain/finding.ts'
import { S3Inspection } from '../../../src/receiver/s3/inspection.ts'
import { openS3Store, type S3Store } from '../../../src/receiver/s3/store.ts'
import { checkQueue } from '../../../src/receiver/sqs/check.ts'
import { openSqsNotifications } from '../../../src/receiver/sqs/queue.ts'
import { Front, queueRefusal, refusal, type Script } from './front.ts'

const never = new AbortController().signal
const arn = 'arn:aws:sqs:us-east-1:000000000000:audit'
const policy = (service: string, action = 'sqs:SendMessage') =>
  JSON.stringify({ Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: action, Resource: arn }] })

let front: Front
let store: S3Store
let url: string

beforeAll(async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test')
  front = await Front.start()
  front.emulator.createBucket('acme')
  const settings = { bucket: 'acme', prefix: 'audit-logs', endpoint: front.address, force_path_style: true }
  store = await openS3Store(settings, { clock: systemClock })
})
afterAll(async () => {
  store.close()
  await front.stop()
  vi.unstubAllEnvs()
})
beforeEach(() => {
  front.script = () => undefined
  front.asked.splice(0)
  url = front.emulator.createQueue('audit').queueUrl
})
afterEach(() => front.emulator.deleteQueue('audit'))

const attributes = (more: Record<string, string>): Script => {
  const all = {
    QueueArn: arn,
    ApproximateNumberOfMessages: '12000',
    ApproximateNumberOfMessagesNotVisible: '3',
    ...more,
  }
  const answer = { status: 200, body: JSON.stringify({ Attributes: all }), headers: json }
  return ({ what }) => (what === 'GetQueueAttributes' ? answer : undefined)
}
const json = { 'content-type': 'application/x-amz-json-1.0' }

/** As AWS: no endpoint is set. */
const asAws = async (script: Script): Promise<readonly Finding[]> => {
  front.script = script
  const client = new SQS({ endpoint: front.address, region: 'us-east-1', useQueueUrlAsEndpoint: false })
  try {
    return await checkQueue({ client, url, isAws: true }, store, never)
  } finally {
    client.destroy()
  }
}

const check = async (script: Script = () => undefined, queue_url = url, signal = never) => {
  front.script = script
  const queue = await openSqsNotifications({ queue_url, endpoint: front.address })
  try {
    return await queue.check(store, signal)
  } finally {
    await queue.close()
  }
}

const lines = (findings: readonly Finding[]) => findings.map(({ level, what }) => `${level}: ${what}`)
const about = (findings: readonly Finding[], part: string): Finding | undefined =>
  findings.find(({ what }) => what.includes(part))

test('what is proven without taking a message, and what is not', async () => {
  front.emulator.sendMessage('audit', 'one')
  const findings = await check()
  expect(lines(findings)).toEqual([
    'ok: the queue is there',
    'ok: messages are kept long enough',
    'ok: no dead-letter queue',
    "ok: the queue's encryption fits",
    'ok: messages may be deleted (sqs:DeleteMessage)',
    'ok: messages may be given back (sqs:ChangeMessageVisibility)',
    'unknown: messages may be received (sqs:ReceiveMessage)',
    'unknown: s3://acme announces new objects to this queue',
  ])
  expect(isWrong(findings)).toBe(false)
  expect(front.asked.map(({ what }) => what)).not.toContain('ReceiveMessage')
  expect(front.emulator.inspectQueue('audit')?.messages.ready).toHaveLength(1)
})

test('a queue that is not there is said once', async () => {
  const findings = await check(undefined, `${url}-not`)
  expect(findings).toMatchObject([{ level: 'error', next: expect.stringContaining('queue_url') }])
  expect(isWrong(findings)).toBe(true)
})

test('nobody listens, and nobody answers', async () => {
  const nobody = await openSqsNotifications({ queue_url: url, endpoint: 'http://127.0.0.1:1' })
  const findings = await nobody.check(store, never)
  await nobody.close()
  expect(findings).toMatchObject([{ level: 'error', detail: expect.stringContaining('ECONNREFUSED') }])
  expect(await check(() => 'hang', url, AbortSignal.timeout(150))).toMatchObject([{ level: 'error' }])
})

test('each missing right is named; one that forwarding does not need is no fault', async () => {
  const without =
    (...rights: string[]): Script =>
    ({ what }) =>
      rights.includes(what) ? queueRefusal(403, 'AccessDenied') : undefined
  const blind = await check(without('GetQueueAttributes'))
  expect(blind[0]).toMatchObject({ level: 'unknown', next: expect.stringContaining('grant sqs:GetQueueAttributes') })
  expect(isWrong(blind)).toBe(false)
  const stuck = await check(without('DeleteMessage'))
  expect(about(stuck, 'deleted')).toMatchObject({ level: 'error', next: expect.stringContaining('sqs:DeleteMessage') })
  const none = await check(without('GetQueueAttributes', 'DeleteMessage', 'ChangeMessageVisibility'))
  expect(none[0]).toMatchObject({ level: 'error' })
  expect(isWrong(none)).toBe(true)
})

test.each([
  [{ FifoQueue: 'true' }, 'the queue is there', 'error', 'standard queue'],
  [{ MessageRetentionPeriod: '3600' }, 'kept long enough', 'warning', undefined],
  [{ MessageRetentionPeriod: '345600' }, 'kept long enough', 'ok', undefined],
  [
    { RedrivePolicy: `{"deadLetterTargetArn":"${arn}-dead","maxReceiveCount":2}` },
    'dead-letter',
    'warning',
    'maxReceiveCount',
  ],
  [{ RedrivePolicy: `{"deadLetterTargetArn":"${arn}-dead","maxReceiveCount":"10"}` }, 'dead-letter', 'ok', undefined],
  [{ KmsMasterKeyId: 'alias/aws/sqs' }, 'encryption', 'error', 'customer managed key'],
  [{ KmsMasterKeyId: 'arn:aws:kms:us-east-1:1:key/2' }, "queue's key", 'unknown', 'kms:Decrypt'],
  [{}, 'policy', 'error', 's3.amazonaws.com'],
  [{ Policy: policy('lambda.amazonaws.com') }, 'policy', 'error', 's3.amazonaws.com'],
  [{ Policy: policy('s3.amazonaws.com', 'sqs:ReceiveMessage') }, 'policy', 'error', 's3.amazonaws.com'],
  [{ Policy: policy('s3.amazonaws.com') }, 'policy', 'ok', undefined],
  [{ Policy: policy('sns.amazonaws.com', 'SQS:*') }, 'policy', 'ok', undefined],
  [{ Policy: 'no JSON' }, 'policy', 'error', undefined],
] as const)('attributes %j', async (more, part, level, next) => {
  const finding = about(await asAws(attributes(more)), part)
  expect(finding).toMatchObject({ level })
  if (next !== undefined) expect(finding?.next).toContain(next)
})

const notified = (xml: string): Script => {
  const body = `<NotificationConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${xml}</NotificationConfiguration>`
  return ({ what }) => (what === 'notification' ? { status: 200, body } : undefined)
}
const target = (kind: 'Queue' | 'Topic', to: string, event = 's3:ObjectCreated:*', filter = '') =>
  `<${kind}Configuration><Id>1</Id><${kind}>${to}</${kind}><Event>${event}</Event>${filter}</${kind}Configuration>`
const filter = (name: string, value: string) =>
  `<Filter><S3Key><FilterRule><Name>${name}</Name><Value>${value}</Value></FilterRule></S3Key></Filter>`

test.each([
  [target('Queue', arn), 'ok', undefined],
  [target('Queue', arn, undefined, filter('prefix', 'audit-logs/')), 'ok', undefined],
  [target('Queue', arn, 's3:ObjectCreated:Put'), 'warning', 's3:ObjectCreated:Put for keys'],
  [target('Queue', arn, undefined, filter('Prefix', 'audit-logs/year=2025')), 'warning', 'year=2025'],
  [target('Queue', arn, undefined, filter('prefix', 'other/')), 'error', 'other/'],
  [target('Queue', arn, undefined, filter('suffix', '.json')), 'error', '.json'],
  [target('Queue', `${arn}-other`) + target('Topic', 'arn:aws:sns:us-east-1:1:uploads'), 'unknown', 'arn:aws:sns'],
  ['<EventBridgeConfiguration></EventBridgeConfiguration>', 'unknown', 'EventBridge'],
  [target('Queue', arn, 's3:ObjectRemoved:*'), 'unknown', 'names no such queue'],
  ['', 'unknown', 'not every S3-compatible service'],
])('the bucket announces %s', async (xml, level, detail) => {
  const finding = about(await check(notified(xml)), 'announces')
  expect(finding).toMatchObject({ level })
  if (detail !== undefined) expect(finding?.detail).toContain(detail)
})

test('AWS is believed when it says that nothing is announced; a refusal is not proof', async () => {
  const client = new S3({ endpoint: front.address, region: 'us-east-1', forcePathStyle: true })
  const inspection = new S3Inspection(
    client,
    { arn: 'arn:aws:s3:::acme', bucket: 'acme', prefix: 'audit-logs', owner: undefined },
    true,
  )
  const bucket = { ...store, uri: store.uri, prefix: 'audit-logs', inspection: () => inspection } as never
  const checked = async (script: Script) => {
    front.script = script
    const sqs = new SQS({ endpoint: front.address, region: 'us-east-1', useQueueUrlAsEndpoint: false })
    const findings = await checkQueue({ client: sqs, url, isAws: true }, bucket, never)
    sqs.destroy()
    return about(findings, 'announces')
  }
  expect(await checked(notified(''))).toMatchObject({ level: 'error', next: expect.stringContaining(arn) })
  const denied: Script = ({ what }) => (what === 'notification' ? refusal(403, 'AccessDenied') : undefined)
  expect(await checked(denied)).toMatchObject({
    level: 'unknown',
    next: expect.stringContaining('s3:GetBucketNotification'),
  })
  client.destroy()
})

test.each([
  ['eu-west-1', 'ok', undefined],
  ['us-east-1', 'error', 'notifications.sqs.region'],
])('a queue of eu-west-1 asked for in %s', async (region, level, next) => {
  const announced = notified(target('Queue', 'arn:aws:sqs:eu-west-1:000000000000:audit'))
  const denied = queueRefusal(403, 'AccessDenied')
  front.script = (asked) => (asked.what === 'GetQueueAttributes' ? denied : announced(asked))
  const client = new SQS({ endpoint: front.address, region, useQueueUrlAsEndpoint: false })
  const aws = 'https://sqs.eu-west-1.amazonaws.com/000000000000/audit'
  const findings = await checkQueue({ client, url: aws, isAws: true }, store, never)
  client.destroy()
  expect(about(findings, 'region')).toMatchObject({ level })
  if (next !== undefined) expect(about(findings, 'region')?.next).toContain(next)
  // The ARN is read from the URL where the attributes may not be.
  expect(about(findings, 'announces')?.level).toBe('ok')
})
