// What an HTTP answer means when the vendor says nothing special about it. An exporter looks at its vendor's answers
// first and calls this for the rest. Where in doubt the destination stops: that loses nothing.
import type { Finding, Outcome } from './exporter.ts'
import type { HttpAnswer, HttpFailure, HttpResponse } from './http.ts'

/** Too much at once, by the server's word or because it, or what it asks itself, was too slow. */
const strained = new Set([408, 429, 504])

/** The common reading of an answer. 2xx is `delivered` unless it is a page for people. */
export function httpOutcome(answer: HttpAnswer): Outcome {
  if (answer.status === 'failed') return failureOutcome(answer)
  if (answer.status >= 200 && answer.status < 300) return isHtml(answer) ? pageOutcome(answer) : { status: 'delivered' }
  if (answer.status >= 300 && answer.status < 400) return redirectOutcome(answer)
  return answer.status >= 500 ? retryOutcome(answer) : refusalOutcome(answer)
}

/** No answer: again, unless certificates stand in the way. */
export function failureOutcome(failure: HttpFailure): Outcome {
  if (failure.tls) return { status: 'stopped', cause: 'configuration', reason: failure.reason }
  const { reason, ambiguous, timedOut } = failure
  return { status: 'retry', reason, ambiguous, ...(timedOut === true && { strained: true }) }
}

/** Not now. After 429 and 503 nothing was stored; any other such answer may come from behind the store. */
export function retryOutcome(answer: HttpResponse): Outcome {
  const ambiguous = answer.status !== 429 && answer.status !== 503
  const wait = answer.retryAfterMs
  const strain = strained.has(answer.status) && { strained: true }
  const retry = { status: 'retry', reason: describe(answer), ambiguous, ...strain } as const
  return wait === undefined ? retry : { ...retry, retryAfterMs: wait }
}

/** Never followed: the next host would be handed the credentials. */
export function redirectOutcome(answer: HttpResponse): Outcome {
  const location = answer.headers['location']
  const host = typeof location === 'string' && URL.canParse(location) ? new URL(location).host : undefined
  const target = host === undefined ? 'to another path' : `to host ${host}`
  const reason = `HTTP ${answer.status}: redirected ${target}: is this the right port, scheme and path?`
  return { status: 'stopped', cause: 'configuration', reason }
}

/** A success that is a page for people: a login page or a proxy answered, not the destination. */
export function pageOutcome(answer: HttpResponse): Outcome {
  const reason = `${describe(answer)}: not the destination's answer; a login page or a proxy in between?`
  return { status: 'stopped', cause: 'configuration', reason }
}

/** Whether the body is HTML, by its type or its beginning. */
export function isHtml(answer: HttpResponse): boolean {
  const type = `${answer.headers['content-type'] ?? ''}`.toLowerCase()
  return type.includes('text/html') || /^\s*<(!doctype|html|head|body)\b/i.test(answer.body)
}

/** `HTTP 503: what the body says`, in one bounded line. */
export function describe(answer: HttpResponse): string {
  const said = excerpt(answer.body)
  return said === '' ? `HTTP ${answer.status}` : `HTTP ${answer.status}: ${said}`
}

/** The beginning of a body as one line without markup or control characters, at most `length` characters. */
export function excerpt(body: string, length = 240): string {
  const line = body
    .slice(0, 8192)
    .replaceAll(/<(script|style)\b[\s\S]*?<\/\1>|<[^<>]*>/gi, ' ')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not reach a terminal or a log line
    .replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\s]+/g, ' ')
    .trim()
  return line.length > length ? `${line.slice(0, length - 1).toWellFormed()}…` : line.toWellFormed()
}

/** An outcome as `check` reports it. What a lane would only try again is an error here: at this moment nothing goes through. */
export function findingOf(what: string, outcome: Outcome): Finding {
  if (outcome.status === 'delivered' || outcome.status === 'accepted') return { level: 'ok', what }
  if (outcome.status === 'rejected') return { level: 'warning', what, detail: outcome.records[0]?.reason ?? 'refused' }
  if (outcome.status !== 'stopped') return { level: 'error', what, detail: outcome.reason, next: nextSteps.again }
  return { level: 'error', what, detail: outcome.reason, next: nextSteps[outcome.cause] }
}

const nextSteps = {
  again: 'events would be sent again until they are taken; see whether it is up and what stands in between',
  credentials: "check the credentials and what they are allowed to do in the destination's settings",
  configuration: 'check endpoint, port, path and certificates',
} as const

function refusalOutcome(answer: HttpResponse): Outcome {
  const reason = describe(answer)
  switch (answer.status) {
    case 400:
    case 422:
      return { status: 'unreadable', reason }
    case 401:
    case 403:
    case 407:
      return { status: 'stopped', cause: 'credentials', reason }
    case 408:
    case 421:
    case 425:
    case 429:
      return retryOutcome(answer)
    case 413:
      return { status: 'split', reason }
    default:
      return { status: 'stopped', cause: 'configuration', reason }
  }
}
