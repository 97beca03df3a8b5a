// The same fact stands in several places of a record: CircleCI repeats it, and mapping gives it OpenTelemetry's name as
// well. Who names one of them means the fact, so the rule is made to hold for all. And what must stay as it is: by what a
// record is recognised, filed and found again.
import { type Action, foldKey, Paths, type Rule, stepsOf } from './paths.ts'

const pairs: readonly (readonly [string, string])[] = [
  ['actor.id', 'user.id'],
  ['actor.name', 'user.name'],
  ['request.ip_address', 'client.address'],
  ['request.ip_address', 'common_fields.source_ip'],
  ['common_fields.source_ip', 'client.address'],
  ['request.client_trace_id', 'http.request.header.x-client-trace-id'],
  ['request.user_agent', 'user_agent.original'],
  ['payload.user_agent', 'user_agent.original'],
]

const eventPrefix = 'circleci.audit.'
const kept = new Set(['id', 'action', 'occurred_at', 'version', 'success'])
const keptAttribute =
  /^(?:log\.record\.uid|error\.type|service\.name|log\.file\.path|aws\.s3\.(?:bucket|key)|circleci_audit_forwarder\.(?!client\.).*)$/

const fieldName =
  /^(?:(?:actor|target|scope|organization|account)(?:_(?:id|type|name))?|request(?:_(?:id|ip_address|client_trace_id))?|payload|metadata|common_fields|id|type|name|action|occurred_at|version|success|ip_address|client_trace_id|user_agent|outcome|source_ip|status|timestamp)$/

/** Whether a key is one of those that the documentation of events has, in any spelling. It tells nothing then. */
export function isFieldName(key: string): boolean {
  return fieldName.test(foldKey(key))
}

/** `circleci.audit.actor.name` is the event's `actor.name`. */
export function eventPath(attribute: string): string {
  return attribute.startsWith(eventPrefix) ? attribute.slice(eventPrefix.length) : attribute
}

/** Whether a field of the event, by its key, is one that stays. */
export function isKeptField(key: string): boolean {
  return kept.has(key) || kept.has(foldKey(key))
}

/** Whether an attribute of a record is one that stays. */
export function isKeptAttribute(name: string): boolean {
  return keptAttribute.test(name) || (name.startsWith(eventPrefix) && kept.has(eventPath(name)))
}

/** Why a path cannot be redacted; undefined if it can. */
export function refusal(path: string): string | undefined {
  const stays = isKeptAttribute(path) || (!/[*?]/.test(path) && isKeptField(eventPath(path)))
  if (stays) return `\`${path}\` stays as it is: by it a record is recognised, filed or found again`
  return /^[^.\s]+(?:\.[^.\s]+)*$/.test(path) ? undefined : `\`${path}\` is no path: write keys joined by dots`
}

/** The rules for these paths and for all copies of what they name. */
export function rulesFor(paths: readonly string[], action: Action): readonly Rule[] {
  return paths.flatMap((path) => {
    const rule: Rule = { steps: stepsOf(eventPath(path)), action }
    const alone = new Paths([rule])
    const copies = pairs.flatMap(([one, other]) => [
      ...(alone.covers(one) ? [other] : []),
      ...(alone.covers(other) ? [one] : []),
    ])
    return [rule, ...[...new Set(copies)].map((copy): Rule => ({ steps: stepsOf(copy), action }))]
  })
}
