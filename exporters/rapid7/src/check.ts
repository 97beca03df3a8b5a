// What can be proven without an event. The webhook itself proves nothing: it answers a wrong token as it answers a right
// one. So its host is asked for its root, without the token, which shows address, certificate and proxy; and the account's
// API, if there is a key, whether one of its logs has the token.
import { describe, type Finding, findingOf, type HttpAnswer, httpOutcome } from '@circleci-audit-forwarder/contract'
import { type Account, type AccountLog, logsIn } from './account.ts'

/** How the exporter is set up. */
export interface Seen {
  readonly token: string
  readonly region: string | undefined
  readonly hasKey: boolean
  readonly insecure: boolean
}

export async function checkRapid7(
  host: HttpAnswer,
  account: Account | undefined,
  seen: Seen,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const findings = [hostFinding(host)]
  if (account === undefined) findings.push(unproven(seen))
  else findings.push(...(await accountFindings(account, seen, signal)))
  if (seen.insecure) findings.push(insecureFinding)
  return findings
}

/** Any answer shows that somebody is there; which one it is to a request for nothing is not documented. */
function hostFinding(answer: HttpAnswer): Finding {
  const what = 'the webhook host answers'
  if (answer.status === 'failed' || answer.status === 407) return findingOf(what, httpOutcome(answer))
  return { level: 'ok', what, detail: `HTTP ${answer.status}` }
}

const proof = 'a log has this token'
const silence = 'Rapid7 answers 204 to any token and in any region, and drops what belongs to no log'

function unproven({ hasKey }: Seen): Finding {
  if (hasKey) {
    return { level: 'unknown', what: proof, detail: 'where the API is depends on the region', next: 'set region' }
  }
  const next = 'set api_key and region, or look for an event in Log Search'
  return { level: 'unknown', what: proof, detail: `cannot be verified without sending: ${silence}`, next }
}

async function accountFindings(account: Account, seen: Seen, signal: AbortSignal): Promise<readonly Finding[]> {
  const answer = await account.list(signal)
  const logs = logsIn(answer)
  if (logs !== undefined) return [{ level: 'ok', what: keyWorks(seen) }, tokenFinding(logs, seen)]
  const valid = await account.validate(signal)
  return [keyFinding(valid, answer, seen), { level: 'unknown', what: proof, detail: 'the logs could not be listed' }]
}

const keyWorks = ({ region }: Seen): string =>
  `api_key is accepted${region === undefined ? '' : ` in region ${region}`}`

function tokenFinding(logs: readonly AccountLog[], { token, region }: Seen): Finding {
  const log = logs.find(({ tokens }) => tokens.includes(token.toLowerCase()))
  if (log !== undefined) return { level: 'ok', what: proof, detail: `log "${log.name}"` }
  const where = region === undefined ? '' : ` in region ${region}`
  const detail = `none of the ${logs.length} logs that api_key sees${where} has it: ${silence}`
  return { level: 'error', what: proof, detail, next: "compare token and region with the webhook's URL in Rapid7" }
}

/** Why there is no list: the key, what it may do, or the network. */
function keyFinding(valid: HttpAnswer, list: HttpAnswer, seen: Seen): Finding {
  const what = keyWorks(seen)
  if (valid.status === 401 || valid.status === 403) {
    const next = 'keys belong to one region and organisation: compare both, or make a new key'
    return { level: 'error', what, detail: describe(valid), next }
  }
  if (valid.status !== 200) return findingOf(what, httpOutcome(valid))
  const detail = list.status === 'failed' ? list.reason : `HTTP ${list.status} to a request for the list of logs`
  return { level: 'warning', what, detail, next: 'give the key the right to read log management' }
}

const insecureFinding: Finding = {
  level: 'warning',
  what: 'certificates are verified',
  detail: 'insecure_skip_verify is on: whoever answers gets the token and the events',
  next: 'set tls.ca_file',
}
