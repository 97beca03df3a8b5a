// How an OTLP receiver says no. The protocol forbids repeating a partial success and tells clients to drop what got any
// other 4xx; a record dropped here would be lost, so both are searched for the culprit instead, at the price that
// records of that batch which were taken repeat. They carry their id, and how many they are is told (`taken`). Where all
// were refused there is nothing to search for, and nothing is sent again.
// Source: opentelemetry-proto docs/specification.md, OTLP/HTTP Response; Collector receiver/otlpreceiver/otlphttp.go,
// which answers 400, not 413, to a body beyond max_request_body_size.
import {
  describe,
  excerpt,
  type HttpAnswer,
  type HttpResponse,
  httpOutcome,
  type Outcome,
  pageOutcome,
} from '@circleci-audit-forwarder/contract'
import { readResponse } from './response.ts'

/** Above this a 400 may mean "too large": halving finds out. */
const suspiciousBytes = 1024 * 1024

/**
 * What an answer to `records` records in a body of `bytes` bytes (uncompressed) means. The protocol: 200 is success, whole
 * or partial; 429, 502, 503 and 504 are tried again, after `Retry-After`; 400 is bad data, never sent again as it is.
 * Source: https://opentelemetry.io/docs/specs/otlp/#otlphttp-response.
 */
export function outcomeOf(answer: HttpAnswer, records: number, bytes: number): Outcome {
  if (answer.status === 'failed') return httpOutcome(answer)
  if (answer.status >= 200 && answer.status < 300) return acceptance(answer, records)
  if (answer.status === 400 || answer.status === 422) return refusal(answer, records, bytes)
  return httpOutcome(answer)
}

function acceptance(answer: HttpResponse, records: number): Outcome {
  const partial = readResponse(answer)
  if (partial === undefined) return pageOutcome(answer)
  if (partial === 'cut') {
    return { status: 'retry', reason: `${describe(answer)}: the answer is cut off`, ambiguous: true }
  }
  if (partial.rejected === 0) return delivered(excerpt(partial.message))
  const reason = `${partial.rejected} of ${records} records refused: ${excerpt(partial.message) || 'no reason given'}`
  if (partial.rejected >= records) return allRefused(records, reason)
  return { status: 'unreadable', reason, taken: records - partial.rejected }
}

/** A receiver that takes everything may remark something all the same. */
function delivered(notice: string): Outcome {
  return notice === '' ? { status: 'delivered' } : { status: 'delivered', notice }
}

function refusal(answer: HttpResponse, records: number, bytes: number): Outcome {
  const reason = describe(answer)
  if (records <= 1) return allRefused(records, reason)
  return bytes > suspiciousBytes ? { status: 'split', reason } : { status: 'unreadable', reason }
}

function allRefused(records: number, reason: string): Outcome {
  return { status: 'rejected', records: Array.from({ length: records }, (_, index) => ({ index, reason })) }
}
