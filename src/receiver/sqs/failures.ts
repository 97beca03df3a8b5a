import { SourceFailure } from '../../domain/failures.ts'
import { commonHint, isDenial, type Refusal } from '../aws/refusal.ts'

/** A queue that could not be used, and the permission that was asked for. */
export function queueFailure(doing: string, url: string, refused: Refusal, permission: string): SourceFailure {
  const hint = commonHint(refused) ?? queueHint(refused, permission)
  const message = `cannot ${doing} ${url}: ${refused.text}`
  return new SourceFailure(message, { cause: refused.cause, ...(hint === undefined ? {} : { hint }) })
}

function queueHint(refused: Refusal, permission: string): string | undefined {
  if (/QueueDoesNotExist|NonExistentQueue/.test(refused.code))
    return 'check notifications.sqs.queue_url, region and endpoint: there is no such queue where we asked'
  if (/kms/i.test(refused.text)) return "grant kms:Decrypt on the queue's key"
  if (!isDenial(refused)) return undefined
  if (permission === 'sqs:GetQueueAttributes') return `grant ${permission} on the queue`
  return `grant sqs:ReceiveMessage, sqs:DeleteMessage and sqs:ChangeMessageVisibility on the queue (refused: ${permission})`
}
