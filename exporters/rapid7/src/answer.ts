// How this vendor says no, which is seldom: a token that does not exist, or belongs to another region, is answered 204
// like a good one. What is said is about the address. 413 is the one refusal of an event; what balancers in front say
// with 400 or 422 is asked twice before the event is blamed for it.
import {
  describe,
  type HttpAnswer,
  type HttpResponse,
  httpOutcome,
  type Outcome,
} from '@circleci-audit-forwarder/contract'

/** The outcome of one request. `again`: this very event was doubted before. */
export function outcomeOf(answer: HttpAnswer, again: boolean): Outcome {
  if (answer.status === 'failed') return httpOutcome(answer)
  switch (answer.status) {
    case 301:
    case 308:
    case 410:
      return stopped(answer, "this address is retired: compare it with the webhook's URL in Rapid7")
    case 404:
      return stopped(answer, 'no webhook there: compare endpoint and token')
    default:
      return isDoubt(answer) && !again ? { status: 'retry', reason: describe(answer) } : httpOutcome(answer)
  }
}

/** Something in front says that it cannot read this request. */
export function isDoubt({ status }: HttpAnswer): boolean {
  return status === 400 || status === 422
}

function stopped(answer: HttpResponse, next: string): Outcome {
  return { status: 'stopped', cause: 'configuration', reason: `${describe(answer)}: ${next}` }
}
