// Datadog's answers. All or nothing: a batch is taken or it is not, and a refusal never says for which record. Only its
// own words count: a page for people, whatever its status, is a proxy's or a login's and says nothing about the records.
import {
  describe,
  type HttpAnswer,
  type HttpResponse,
  httpOutcome,
  isHtml,
  type Outcome,
  pageOutcome,
} from '@circleci-audit-forwarder/contract'

/** 202 is Datadog's; gateways before it say 200 or 204. Source: Datadog API reference, "Send logs". */
const taken = new Set([200, 202, 204])

export function outcomeOf(answer: HttpAnswer): Outcome {
  if (answer.status === 'failed') return httpOutcome(answer)
  if (taken.has(answer.status)) return isHtml(answer) ? pageOutcome(answer) : accepted(answer)
  switch (answer.status) {
    case 400:
      return isHtml(answer) ? foreign(answer) : { status: 'unreadable', reason: reasonOf(answer) }
    case 401:
    case 403:
      return isHtml(answer) ? foreign(answer) : refusedKey(answer)
    case 413:
      return { status: 'split', reason: reasonOf(answer) }
    case 422:
      return { status: 'stopped', cause: 'configuration', reason: reasonOf(answer) }
    case 429:
      return throttled(answer)
    default:
      return answer.status > 200 && answer.status < 300 ? foreign(answer) : httpOutcome(answer)
  }
}

/** A success that lists errors is none; what became of the records is not known. */
function accepted(answer: HttpResponse): Outcome {
  if (errorsIn(answer).length === 0) return { status: 'delivered' }
  return { status: 'retry', ambiguous: true, reason: reasonOf(answer) }
}

function refusedKey(answer: HttpResponse): Outcome {
  const next = 'is this an API key of this site? Keys of one site are unknown to all others'
  return { status: 'stopped', cause: 'credentials', reason: `${reasonOf(answer)}; ${next}` }
}

function foreign(answer: HttpResponse): Outcome {
  const reason = `${describe(answer)}: not Datadog's answer; is there a proxy in between?`
  return { status: 'stopped', cause: 'configuration', reason }
}

/** Longest wait that is believed. */
const WAIT_MAX_MS = 15 * 60_000

/** Retry-After is not documented here, and honoured; the rest of Datadog's API says when its period ends. */
function throttled(answer: HttpResponse): Outcome {
  const seconds = Number(answer.headers['x-ratelimit-reset'])
  const said = Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds * 1000, WAIT_MAX_MS) : undefined
  const wait = answer.retryAfterMs ?? said
  const retry = { status: 'retry', reason: reasonOf(answer), ambiguous: false, strained: true } as const
  return wait === undefined ? retry : { ...retry, retryAfterMs: wait }
}

/** `HTTP 403: Forbidden: API key is invalid`, or the beginning of the body where it is not Datadog's. */
export function reasonOf(answer: HttpResponse): string {
  const errors = errorsIn(answer)
  return describe(errors.length === 0 ? answer : { ...answer, body: errors.join('; ') })
}

/** `{"errors":[{"title":"Forbidden","detail":"…"}]}`, of older versions `{"errors":["Forbidden"]}`. */
function errorsIn({ body }: HttpResponse): readonly string[] {
  const errors = parsed(body)?.['errors']
  if (!Array.isArray(errors)) return []
  return errors.map((error: unknown) => {
    if (typeof error !== 'object' || error === null) return String(error)
    const { title, detail } = error as Readonly<Record<string, unknown>>
    return [title, detail].filter((part) => typeof part === 'string' && part !== '').join(': ') || 'error without words'
  })
}

export function parsed(body: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
