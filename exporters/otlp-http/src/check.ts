// What a request without records proves: address, certificates, credentials, encoding. Where the receiver does not take
// the encoding (415), the other one is tried once, so that the advice is one that works.
import { describe, type Finding, findingOf, type HttpAnswer } from '@circleci-audit-forwarder/contract'
import type { Encoding } from './encode.ts'
import { outcomeOf } from './send.ts'

/** Posts a request without records, in the encoding given. */
export type Probe = (encoding: Encoding) => Promise<HttpAnswer>

export async function checkOtlp(probe: Probe, shownUrl: string, encoding: Encoding): Promise<readonly Finding[]> {
  const answer = await probe(encoding)
  const what = `${shownUrl} takes OTLP logs as ${encoding}`
  if (answer.status === 400 || answer.status === 422) return [emptyRefused(answer, what)]
  if (answer.status === 415) return [await wrongEncoding(probe, answer, what, encoding)]
  const finding = findingOf(what, outcomeOf(answer, 0, 0))
  return finding.level === 'ok' ? [finding, unproven] : [finding]
}

/** Some receivers refuse a request without records. They have read it, so address and credentials are right. */
function emptyRefused(answer: HttpAnswer, what: string): Finding {
  return { level: 'unknown', what, detail: `it refuses a request without records (HTTP ${answer.status})` }
}

async function wrongEncoding(probe: Probe, answer: HttpAnswer, what: string, encoding: Encoding): Promise<Finding> {
  const detail = answer.status === 'failed' ? answer.reason : describe(answer)
  const other: Encoding = encoding === 'json' ? 'proto' : 'json'
  const outcome = outcomeOf(await probe(other), 0, 0)
  const next =
    outcome.status === 'stopped' ? 'it takes neither json nor proto: check endpoint and path' : `set encoding: ${other}`
  return { level: 'error', what, detail, next }
}

const unproven: Finding = {
  level: 'unknown',
  what: 'whether the receiver keeps what it takes',
  detail: 'OTLP has no question for that: a Collector answers 200 once its queue has the records',
  next: 'give the Collector a persistent sending_queue (file_storage) and compare with the control records',
}
