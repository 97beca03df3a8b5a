// What can be proven about a queue of Azure without taking a message: peeking neither hides one nor counts as a receive, so
// what waits can be read and understood. Rights to delete and to give back show with a message that is in no queue: where
// we may ask, it is not found, and otherwise we are refused for who we are. The right to receive has no such question.
// Which events are sent to the queue is a setting of the storage account that its data does not show.
import type { QueueClient } from '@azure/storage-queue'
import { type Finding, failedFinding } from '../../domain/finding.ts'
import { count } from '../../telemetry/units.ts'
import { refusal } from '../azure/refusal.ts'
import { signatureFindings } from '../azure/sas.ts'
import { parseNotification } from '../envelope.ts'
import type { InspectedStore } from '../inspection.ts'
import type { Notification } from '../notification.ts'
import { type QueuePlace, queueFailure } from './failures.ts'

/** A queue to be asked. */
export interface Asked {
  readonly client: QueueClient
  readonly place: QueuePlace
  readonly signature: string | undefined
  /** Milliseconds since 1970. */
  readonly now: number
}

/** In no queue, with a receipt that has the form of one. */
const nobody = { id: '00000000-0000-4000-8000-000000000000', receipt: 'AgAAAAMAAAAAAAAAAAAAAAAAAAA=' }
const MOST = 32

export async function checkAzureQueue(
  asked: Asked,
  store: InspectedStore,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const { client, place, signature, now } = asked
  const [waiting, deleting, returning] = await Promise.all([
    waitingFindings(asked, store, signal),
    proof('messages may be deleted', place, () =>
      client.deleteMessage(nobody.id, nobody.receipt, { abortSignal: signal }),
    ),
    proof('messages may be given back', place, () =>
      client.updateMessage(nobody.id, nobody.receipt, undefined, 0, { abortSignal: signal }),
    ),
  ])
  // Reading is for looking into it and for counting its messages.
  const needed = { p: 'process messages', u: 'update them' }
  const findings = [...waiting, ...signatureFindings(signature, needed, now, 'r')]
  // Where there is no queue, or no answer, one sentence says it all.
  if (waiting.some(({ level }) => level === 'error') && deleting.level === 'error') return findings
  return [...findings, deleting, returning, unproven, unseen(store)]
}

async function waitingFindings(
  { client, place }: Asked,
  store: InspectedStore,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const there = 'the queue is there'
  try {
    const options = { numberOfMessages: MOST, abortSignal: signal }
    const { peekedMessageItems } = await client.peekMessages(options)
    const bodies = peekedMessageItems.map(({ messageText }) => parseNotification(messageText))
    const detail =
      bodies.length < MOST ? `${count(bodies.length, 'message')} waiting` : `${MOST} messages or more waiting`
    return [{ level: 'ok', what: there, detail }, ...understood(bodies, store)]
  } catch (error) {
    const failed = failedFinding(there, queueFailure('look into', place, error))
    // Peeking has a right of its own, which a signature need not give.
    return [/^Authorization(?:Permission|Failure)/.test(refusal(error).code) ? { ...failed, level: 'unknown' } : failed]
  }
}

function understood(bodies: readonly Notification[], { uri }: InspectedStore): readonly Finding[] {
  if (bodies.length === 0) return []
  const what = 'the messages waiting announce objects of the store'
  const strange = bodies.find((body) => body.kind === 'unknown')
  if (strange !== undefined) {
    const next =
      'let only Microsoft.Storage.BlobCreated events of the container go to this queue; others are quarantined'
    return [{ level: 'warning', what, detail: `some do not: ${strange.reason}`, next }]
  }
  const objects = bodies.flatMap((body) => (body.kind === 'objects' ? body.objects : []))
  const elsewhere = objects.find(({ bucket }) => !uri.endsWith(`://${bucket}`))
  if (elsewhere === undefined) return [{ level: 'ok', what }]
  const next = `filter the event subscription: subject begins with /blobServices/default/containers/${uri.split('/').at(-1)}/`
  return [{ level: 'warning', what, detail: `some are of ${elsewhere.bucket}`, next }]
}

async function proof(what: string, place: QueuePlace, ask: () => Promise<unknown>): Promise<Finding> {
  try {
    await ask()
    return { level: 'ok', what }
  } catch (error) {
    const { code } = refusal(error)
    if (/^(?:MessageNotFound|PopReceiptMismatch|InvalidQueryParameterValue)$/.test(code)) return { level: 'ok', what }
    return failedFinding(what, queueFailure('use', place, error))
  }
}

const unproven: Finding = {
  level: 'unknown',
  what: 'messages may be received',
  detail: 'not tried: a message received here would be hidden from the forwarder for a while',
  next: 'the log of `run` says "cannot receive from" if it may not',
}

function unseen({ uri }: InspectedStore): Finding {
  return {
    level: 'unknown',
    what: `${uri} announces new objects to this queue`,
    detail: 'event subscriptions are settings of the storage account, which its data does not show',
    next: 'look with: az eventgrid event-subscription list --source-resource-id <the storage account>',
  }
}
