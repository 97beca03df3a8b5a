// How this vendor says no. Splunk's own answers are JSON with a code; what balancers, proxies and the wrong port say is
// left to the common reading of HTTP. A 2xx is believed only in Splunk's words: a login page answers 200 as well.
import {
  describe,
  excerpt,
  type HttpAnswer,
  type HttpResponse,
  httpOutcome,
  isHtml,
  type Outcome,
} from '@circleci-audit-forwarder/contract'
import { codes, type HecCode } from './codes.ts'
import type { HecEvent } from './encode.ts'

const SUCCESS = 0

/** The JSON of an answer. */
export interface HecReply {
  readonly code: number
  readonly text: string
  readonly ackId: number | undefined
  /** As sent: from 0, for code 7 from 1. */
  readonly eventNumber: number | undefined
}

/** The reply in an answer's body, or undefined where somebody other than HEC speaks. Never throws. */
export function replyOf(answer: HttpAnswer): HecReply | undefined {
  if (answer.status === 'failed') return undefined
  const body = objectIn(answer.body)
  const code = body?.['code']
  if (body === undefined || typeof code !== 'number') return undefined
  return {
    code,
    text: typeof body['text'] === 'string' ? excerpt(body['text']) : '',
    ackId: wholeNumber(body['ackId']),
    eventNumber: wholeNumber(body['invalid-event-number']),
  }
}

/** The outcome for what was sent. `taken` here is `delivered`: acknowledgement is the exporter's to add. */
export function outcomeOf(answer: HttpAnswer, sent: readonly HecEvent[]): Outcome {
  const reply = replyOf(answer)
  const code = reply && codes.get(reply.code)
  if (answer.status === 'failed' || reply === undefined || code === undefined) return withoutCode(answer)
  switch (code.meaning) {
    case 'taken':
      return answer.status < 300 ? { status: 'delivered', ...noticeOf(reply) } : withoutCode(answer)
    case 'busy':
    case 'failed':
      return retry(answer, code, reply)
    case 'event':
      return refusal(reply, reply.eventNumber, sent) ?? { status: 'unreadable', reason: reasonOf(reply) }
    case 'index':
      return wrongIndex(reply, code, sent)
    case 'batch':
      return { status: 'unreadable', reason: reasonOf(reply) }
    case 'channel':
    case 'configuration':
    case 'credentials':
      return stopped(code, reply)
  }
}

/** Taken, but queues or acknowledgements run full (codes 24 and 25). */
export function noticeOf(reply: HecReply | undefined): { readonly notice?: string } {
  return reply === undefined || reply.code === SUCCESS ? {} : { notice: reasonOf(reply) }
}

/** `Invalid token (code 4)` */
export function reasonOf(reply: HecReply): string {
  return `${reply.text || codes.get(reply.code)?.text || 'no text'} (code ${reply.code})`
}

export function stopped(code: HecCode, reply: HecReply): Outcome {
  const cause = code.meaning === 'credentials' ? 'credentials' : 'configuration'
  const reason = code.next === undefined ? reasonOf(reply) : `${reasonOf(reply)}; ${code.next}`
  return { status: 'stopped', cause, reason }
}

function withoutCode(answer: HttpAnswer): Outcome {
  if (answer.status === 'failed' || answer.status >= 300 || isHtml(answer)) return httpOutcome(answer)
  if (answer.body.trimStart().startsWith('{') && objectIn(answer.body) === undefined) {
    return { status: 'retry', reason: `${describe(answer)}: the answer is cut off`, ambiguous: true }
  }
  const reason = `${describe(answer)}: not an answer of the HTTP Event Collector; compare the endpoint`
  return { status: 'stopped', cause: 'configuration', reason }
}

function retry(answer: HttpResponse, code: HecCode, reply: HecReply): Outcome {
  const isBusy = code.meaning === 'busy'
  const strain = isBusy && { strained: true }
  const outcome = { status: 'retry', reason: reasonOf(reply), ambiguous: !isBusy, ...strain } as const
  return answer.retryAfterMs === undefined ? outcome : { ...outcome, retryAfterMs: answer.retryAfterMs }
}

function refusal(reply: HecReply, index: number | undefined, sent: readonly HecEvent[]): Outcome | undefined {
  if (index === undefined || index < 0 || index >= sent.length) return undefined
  const records = [{ index, reason: reasonOf(reply) }]
  // Splunk reads one event after the other, and has stored what stands before the one it refuses.
  return index === 0 ? { status: 'rejected', records } : { status: 'rejected', records, taken: index }
}

/** The configured index concerns every event; one that the event chose itself only that event. */
function wrongIndex(reply: HecReply, code: HecCode, sent: readonly HecEvent[]): Outcome {
  const index = reply.eventNumber === undefined ? undefined : reply.eventNumber - 1
  const chosen = index !== undefined && sent[index]?.ownIndex === true
  return (chosen ? refusal(reply, index, sent) : undefined) ?? stopped(code, reply)
}

function objectIn(body: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

function wholeNumber(value: unknown): number | undefined {
  return Number.isSafeInteger(value) ? (value as number) : undefined
}
