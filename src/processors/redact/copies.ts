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
const mostNames = 1000
const longestName = 200
const kept = new Set(['id', 'action', 'occurred_at', 'version', 'success'])
const keptAttribute =
  /^(?:log\.record\.uid|error\.type|service\.name|log\.file\.path|aws\.s3\.(?:bucket|key)|circleci_audit_forwarder\.(?!client\.).*)$/

const fieldName =
  /^(?:(?:actor|target|scope|organization|account)(?:_(?:id|type|name))?|request(?:_(?:id|ip_address|client_trace_id))?|payload|metadata|common_fields|id|type|name|action|occurred_at|version|success|ip_address|client_trace_id|user_agent|outcome|source_ip|status|timestamp)$/

/** Whether a key is one of those that the documentation of events has, in any spelling. It tells nothing then. */
export const isFieldName: (key: string) => boolean = remembered((key) => fieldName.test(foldKey(key)))

/** Whether a field of the event, by its key, is one that stays. */
export const isKeptField: (key: string) => boolean = remembered((key) => kept.has(key) || kept.has(foldKey(key)))

/** What an attribute's name says. */
export interface AttributeName {
  /** Where in the event it is from: the event's `actor.name` for `circleci.audit.actor.name`. */
  readonly key: string
  /** Whether it stays as it is. */
  readonly isKept: boolean
  /** Whether CircleCI or its users made the key up, so that it may quote a value. */
  readonly isFree: boolean
}

export const attributeNamed: (name: string) => AttributeName = remembered((name) => {
  const isOfEvent = name.startsWith(eventPrefix)
  const key = eventPath(name)
  const isKept = keptAttribute.test(name) || (isOfEvent && kept.has(key))
  return { key, isKept, isFree: isOfEvent && !isKept && !isFieldName(key) }
})

/** Names are few, and the same in every event. Bounded, since they are the sender's. */
function remembered<Answer extends object | boolean>(ask: (name: string) => Answer): (name: string) => Answer {
  const answers = new Map<string, Answer>()
  return (name) => {
    const known = answers.get(name)
    if (known !== undefined) return known
    const answer = ask(name)
    if (answers.size < mostNames && name.length <= longestName) answers.set(name, answer)
    return answer
  }
}

function eventPath(attribute: string): string {
  return attribute.startsWith(eventPrefix) ? attribute.slice(eventPrefix.length) : attribute
}

/** Why a path cannot be redacted; undefined if it can. */
export function refusal(path: string): string | undefined {
  const stays = attributeNamed(path).isKept || (!/[*?]/.test(path) && isKeptField(eventPath(path)))
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
