// What can be proven about a queue without taking a message. Rights to delete and to give back show with a receipt that
// belongs to no message: SQS refuses it for what it is, where we may ask, and otherwise for who we are. The right to
// receive has no such question; receiving would hide messages from the forwarder and count against maxReceiveCount.
import type { SQS } from '@aws-sdk/client-sqs'
import { type Finding, failedFinding } from '../../domain/finding.ts'
import { queuePlace, regionOf } from '../aws/partition.ts'
import { isDenial, type Refusal, refusal } from '../aws/refusal.ts'
import { wiringFindings } from '../check/wiring.ts'
import type { InspectedStore } from '../inspection.ts'
import { type Attributes, attributeFindings } from './attributes.ts'
import { queueFailure } from './failures.ts'

/** A queue to be asked. */
export interface Asked {
  readonly client: SQS
  readonly url: string
  /** Whether it is AWS itself that answers. */
  readonly isAws: boolean
}

/** Belongs to no message of any queue. */
const ReceiptHandle = 'AQEBY2lyY2xlY2ktYXVkaXQtZm9yd2FyZGVyLWRvY3Rvcg=='

export async function checkQueue(
  asked: Asked,
  store: InspectedStore,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const [region, attributes, deleting, returning] = await Promise.all([
    regionFindings(asked),
    attributesOf(asked, signal),
    mayDelete(asked, signal),
    mayReturn(asked, signal),
  ])
  const known = 'attributes' in attributes
  // Where there is no queue, or no answer, one sentence says it all.
  if (!known && !attributes.denied) return [attributes.finding, ...region]
  const there = known || [deleting, returning].some(({ level }) => level === 'ok')
  const arn = (known ? attributes.attributes['QueueArn'] : undefined) ?? queuePlace(asked.url)?.arn
  return [
    ...(known ? attributeFindings(attributes.attributes, asked.isAws) : [unread(attributes.finding, there)]),
    ...region,
    deleting,
    returning,
    ...(there ? [unproven] : []),
    ...(await wiringFindings(store, arn, signal)),
  ]
}

/** A queue's URL names its region; requests signed for another one are refused as if the credentials were wrong. */
async function regionFindings({ client, url }: Asked): Promise<readonly Finding[]> {
  const region = regionOf(url)
  if (region === undefined) return []
  const what = 'the region is right'
  const asked = await client.config.region().catch(() => undefined)
  if (asked === region) return [{ level: 'ok', what, detail: `the queue lies in ${region}` }]
  const detail = `the queue lies in ${region}, and we ask ${asked ?? 'no region at all'}`
  return [{ level: 'error', what, detail, next: 'leave notifications.sqs.region out, or correct it' }]
}

async function attributesOf(
  { client, url }: Asked,
  signal: AbortSignal,
): Promise<{ readonly attributes: Attributes } | { readonly finding: Finding; readonly denied: boolean }> {
  try {
    const request = { QueueUrl: url, AttributeNames: ['All' as const] }
    const { Attributes = {} } = await client.getQueueAttributes(request, { abortSignal: signal })
    return { attributes: Attributes }
  } catch (error) {
    const refused = refusal(error)
    const failure = queueFailure('read the attributes of', url, refused, 'sqs:GetQueueAttributes')
    return { finding: failedFinding('the queue is there', failure), denied: isDenial(refused) }
  }
}

/** Attributes are a courtesy: without the right to them, and with the others proven, nothing is wrong. */
function unread(finding: Finding, there: boolean): Finding {
  if (!there) return finding
  const next =
    'to have messages counted, and retention, dead-letter queue and encryption looked at, grant sqs:GetQueueAttributes'
  return { ...finding, level: 'unknown', what: "the queue's settings are sound", next }
}

async function mayDelete({ client, url }: Asked, signal: AbortSignal): Promise<Finding> {
  return proof('messages may be deleted (sqs:DeleteMessage)', url, 'sqs:DeleteMessage', () =>
    client.deleteMessage({ QueueUrl: url, ReceiptHandle }, { abortSignal: signal }),
  )
}

async function mayReturn({ client, url }: Asked, signal: AbortSignal): Promise<Finding> {
  const what = 'messages may be given back (sqs:ChangeMessageVisibility)'
  return proof(what, url, 'sqs:ChangeMessageVisibility', () =>
    client.changeMessageVisibility({ QueueUrl: url, ReceiptHandle, VisibilityTimeout: 0 }, { abortSignal: signal }),
  )
}

async function proof(what: string, url: string, permission: string, ask: () => Promise<unknown>): Promise<Finding> {
  try {
    await ask()
    return { level: 'ok', what }
  } catch (error) {
    const refused = refusal(error)
    if (isForTheReceipt(refused)) return { level: 'ok', what }
    const level = isDenial(refused) || refused.status === undefined || refused.status >= 500 ? 'error' : 'unknown'
    const missing = /QueueDoesNotExist|NonExistentQueue/.test(refused.code)
    return failedFinding(what, queueFailure('use', url, refused, permission), missing ? 'error' : level)
  }
}

function isForTheReceipt({ code }: Refusal): boolean {
  return /ReceiptHandleIsInvalid|MessageNotInflight|InvalidParameterValue/.test(code)
}

const unproven: Finding = {
  level: 'unknown',
  what: 'messages may be received (sqs:ReceiveMessage)',
  detail: 'not tried: a message received here would be hidden from the forwarder for a while',
  next: 'the log of `run` says "cannot receive from" if it may not',
}
