// What can be proven without a log. The API says whether the key is good; an empty object sent to the intake, which is what
// Datadog's own Agent does at each start, proves the way there and the key once more, and leaves nothing behind. What
// becomes of logs after 202 (index filters, daily quotas) is the organisation's own business and cannot be seen here.
import { type Finding, findingOf, type HttpAnswer } from '@circleci-audit-forwarder/contract'
import { outcomeOf, parsed, reasonOf } from './answer.ts'
import type { DatadogRequests } from './requests.ts'

/** How the exporter is set up. */
interface Seen {
  readonly site: string | undefined
  readonly insecure: boolean
  /** Milliseconds since 1970. */
  readonly now: number
}

const EMPTY = Buffer.from('{}')
const SKEW_MAX_MS = 5 * 60_000

export async function checkDatadog(
  requests: DatadogRequests,
  seen: Seen,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const { validate } = requests.urls
  const key = validate === undefined ? undefined : await requests.validate(validate, signal)
  const intake = await requests.logs([EMPTY], signal)
  return [
    keyFinding(key, seen.site),
    findingOf('intake takes requests with this key', outcomeOf(intake)),
    ...clockFinding(intake, seen.now),
    ...(seen.insecure ? [insecureFinding] : []),
    indexFinding,
  ]
}

function keyFinding(answer: HttpAnswer | undefined, site: string | undefined): Finding {
  const what = `API key is valid${site === undefined ? '' : ` on ${site}`}`
  if (answer === undefined) {
    return {
      level: 'unknown',
      what,
      detail: 'no site is set, so there is no API to ask',
      next: 'set site beside endpoint',
    }
  }
  if (answer.status === 'failed') return { level: 'unknown', what, detail: answer.reason, next: unreachable }
  if (answer.status === 200 && parsed(answer.body)?.['valid'] === true) return { level: 'ok', what }
  const outcome = outcomeOf(answer)
  if (outcome.status === 'stopped' && outcome.cause === 'credentials') {
    return {
      level: 'error',
      what,
      detail: outcome.reason,
      next: "compare site and key with the organisation's settings",
    }
  }
  return { level: 'unknown', what, detail: `the API does not say: ${reasonOf(answer)}`, next: unreachable }
}

const unreachable = 'logs do not need the API, only this check does: if the intake takes requests, let it be'

function clockFinding(answer: HttpAnswer, now: number): readonly Finding[] {
  const header = answer.status === 'failed' ? undefined : answer.headers['date']
  const skew = Math.abs(Date.parse(`${header}`) - now)
  if (Number.isNaN(skew)) return []
  const what = "clock agrees with Datadog's"
  if (skew <= SKEW_MAX_MS) return [{ level: 'ok', what }]
  const detail = `${Math.round(skew / 1000)} s apart: what is too late for Datadog is judged by this clock`
  return [{ level: 'warning', what, detail, next: 'set the clock by NTP' }]
}

const insecureFinding: Finding = {
  level: 'warning',
  what: 'certificates are verified',
  detail: 'insecure_skip_verify is on: whoever answers gets the key and the events',
  next: 'set tls.ca_file',
}

const indexFinding: Finding = {
  level: 'unknown',
  what: 'accepted logs are indexed',
  detail: 'exclusion filters and daily quotas apply after 202, and only Datadog shows them',
  next: 'watch datadog.estimated_usage.logs.drop_count and truncated_count in Datadog',
}
