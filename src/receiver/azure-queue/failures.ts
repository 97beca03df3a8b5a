import { SourceFailure } from '../../domain/failures.ts'
import { commonHint, isCredentialProblem, isDenial, refusal } from '../azure/refusal.ts'
import { because, type Refusal } from '../refusal.ts'

export interface QueuePlace {
  /** The queue's address, without its signature. */
  readonly name: string
  /** Whether a shared access signature is used. */
  readonly signed: boolean
}

/** A queue that could not be used. */
export function queueFailure(doing: string, place: QueuePlace, error: unknown): SourceFailure {
  const refused = refusal(error)
  return new SourceFailure(`cannot ${doing} ${place.name}: ${refused.text}`, because(refused, hintOf(refused, place)))
}

/** Its messages could not be counted, which takes a right that nothing else needs. */
export function uncountedFailure(place: QueuePlace, error: unknown): SourceFailure {
  const refused = refusal(error)
  const right = place.signed
    ? 'to have them counted, make a shared access signature of the queue that also allows to read (sp=rup)'
    : 'to have them counted, also grant the role Storage Queue Data Reader on the queue'
  const hint = isDenial(refused) && !isCredentialProblem(refused) ? right : hintOf(refused, place)
  return new SourceFailure(`cannot count the messages of ${place.name}: ${refused.text}`, because(refused, hint))
}

function hintOf(refused: Refusal, place: QueuePlace): string | undefined {
  if (/^Queue(?:NotFound|Disabled|BeingDeleted)$|^ResourceNotFound$/.test(refused.code))
    return 'check notifications.azure_queue.account, queue and endpoint: there is no such queue where we asked'
  const common = commonHint(refused, place)
  if (common !== undefined || !isDenial(refused)) return common
  if (place.signed)
    return 'make a shared access signature of the queue that allows to update and process messages (sp=up)'
  return 'grant the role Storage Queue Data Message Processor on the queue to the identity of this process'
}
