// What a queue's attributes mean for us, in words. Pure.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html
import type { Finding } from '../../domain/finding.ts'
import { count, duration } from '../../telemetry/units.ts'

export type Attributes = Readonly<Partial<Record<string, string>>>

/** Fewer receives than this, and a minute without a ledger moves messages to the dead-letter queue. */
const FEW_RECEIVES = 5
/** A shorter retention does not outlive a night. */
const SHORT_RETENTION_MS = 86_400_000
const managedKey = 'alias/aws/sqs'

export function attributeFindings(attributes: Attributes, isAws: boolean): readonly Finding[] {
  return [
    existence(attributes),
    retention(attributes),
    redrive(attributes),
    encryption(attributes),
    ...(isAws ? [senders(attributes)] : []),
  ].flat()
}

function existence({ FifoQueue, ...attributes }: Attributes): Finding {
  const what = 'the queue is there'
  if (FifoQueue === 'true') {
    return { level: 'error', what, detail: 'and it is a FIFO queue: S3 sends to none', next: 'use a standard queue' }
  }
  const waiting = count(Number(attributes['ApproximateNumberOfMessages'] ?? 0), 'message')
  const held = attributes['ApproximateNumberOfMessagesNotVisible'] ?? '0'
  return { level: 'ok', what, detail: `about ${waiting} waiting, ${held} being read` }
}

function retention({ MessageRetentionPeriod: seconds }: Attributes): readonly Finding[] {
  if (seconds === undefined) return []
  const what = 'messages are kept long enough'
  const ms = Number(seconds) * 1000
  const detail = `for ${duration(ms)}; what expires unread is found by the sweep`
  return [{ level: ms < SHORT_RETENTION_MS ? 'warning' : 'ok', what, detail }]
}

function redrive({ RedrivePolicy }: Attributes): Finding {
  const what = 'a dead-letter queue takes what is not understood'
  const policy = parsed(RedrivePolicy)
  const target = policy?.['deadLetterTargetArn']
  if (typeof target !== 'string') {
    return { level: 'ok', what: 'no dead-letter queue', detail: 'none is needed: quarantine keeps such messages' }
  }
  const receives = Number(policy?.['maxReceiveCount'])
  const detail = `${target.slice(target.lastIndexOf(':') + 1)}, after ${count(receives, 'receive')}`
  if (receives >= FEW_RECEIVES) return { level: 'ok', what, detail }
  const next = `set maxReceiveCount to ${FEW_RECEIVES} or more: a ledger that cannot be written for a minute would use it up`
  return { level: 'warning', what, detail, next }
}

function encryption({ KmsMasterKeyId, SqsManagedSseEnabled }: Attributes): Finding {
  const fits = "the queue's encryption fits"
  if (KmsMasterKeyId === undefined || KmsMasterKeyId === '') {
    const detail = SqsManagedSseEnabled === 'true' ? 'with keys of SQS' : 'not encrypted at rest'
    return { level: 'ok', what: fits, detail }
  }
  if (KmsMasterKeyId.endsWith(managedKey)) {
    const detail = `encrypted with ${managedKey}, which S3 and SNS may not use: nothing they send arrives`
    return { level: 'error', what: fits, detail, next: 'use a customer managed key' }
  }
  const what = "the queue's key may be used"
  const detail = `${KmsMasterKeyId}: only receiving a message shows it`
  return { level: 'unknown', what, detail, next: 'see that kms:Decrypt is granted on it' }
}

// Conditions are not judged: they name the bucket or topic, and wiring is looked at from the bucket.
function senders({ Policy }: Attributes): Finding {
  const what = "the queue's policy lets S3, SNS or EventBridge send"
  const statements = [parsed(Policy)?.['Statement'] ?? []].flat()
  if (statements.some(letsServicesSend)) return { level: 'ok', what }
  const next = 'allow s3.amazonaws.com (or sns., events.) sqs:SendMessage on the queue, for the bucket as aws:SourceArn'
  return { level: 'error', what, detail: 'no statement of it does: nothing can be announced', next }
}

function letsServicesSend(statement: unknown): boolean {
  if (typeof statement !== 'object' || statement === null) return false
  const { Effect, Principal, Action } = statement as Readonly<Record<string, unknown>>
  const actions = [Action ?? []].flat().map((action) => String(action).toLowerCase())
  const may = actions.some((action) => ['sqs:sendmessage', 'sqs:*', 'sqs:send*', '*'].includes(action))
  return Effect === 'Allow' && may && principals(Principal).some(isSender)
}

function principals(principal: unknown): readonly string[] {
  if (typeof principal === 'string') return [principal]
  return Object.values((principal ?? {}) as Record<string, unknown>)
    .flat()
    .map(String)
}

function isSender(principal: string): boolean {
  return principal === '*' || /^(?:s3|sns|events)\.amazonaws\.com/.test(principal)
}

function parsed(text: string | undefined): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '')
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
