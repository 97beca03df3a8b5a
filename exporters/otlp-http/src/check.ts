import { describe, type Finding, findingOf, type HttpAnswer } from '@circleci-audit-forwarder/contract'
import type { Encoding } from './encode.ts'
import { outcomeOf } from './send.ts'

/** What an answer to a request without records proves: address, certificates, credentials and encoding. */
export function findings(answer: HttpAnswer, shownUrl: string, encoding: Encoding): readonly Finding[] {
  const what = `${shownUrl} takes OTLP logs as ${encoding}`
  if (answer.status === 400 || answer.status === 422) return [emptyRefused(answer, what)]
  if (answer.status === 415) return [wrongEncoding(answer, what, encoding)]
  const finding = findingOf(what, outcomeOf(answer, 0, 0))
  return finding.level === 'ok' ? [finding, unproven] : [finding]
}

/** Some receivers refuse a request without records. They have read it, so address and credentials are right. */
function emptyRefused(answer: HttpAnswer, what: string): Finding {
  return { level: 'unknown', what, detail: `it refuses a request without records (HTTP ${answer.status})` }
}

function wrongEncoding(answer: HttpAnswer, what: string, encoding: Encoding): Finding {
  const detail = answer.status === 'failed' ? answer.reason : describe(answer)
  return { level: 'error', what, detail, next: `set encoding: ${encoding === 'json' ? 'proto' : 'json'}` }
}

const unproven: Finding = {
  level: 'unknown',
  what: 'whether the receiver keeps what it takes',
  detail: 'OTLP has no question for that: a Collector answers 200 once its queue has the records',
  next: 'give the Collector a persistent sending_queue (file_storage) and compare with the control records',
}
