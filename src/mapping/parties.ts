// Actor, target, scope, organization, account: an id, a type, a name, and whatever CircleCI may add. Each assignment
// stands by itself, with its name as a literal, because V8 then gives all records one hidden class; the same through a
// loop over names took five times as long as the rest of the mapping.

import { bareName } from '../domain/display.ts'
import type { AuditEvent } from '../domain/event.ts'
import { type Draft, putExtra } from './draft.ts'
import { asText, isMap } from './plain.ts'

type Attributes = Draft['attributes']
type Fields = Readonly<Record<string, unknown>>

const nobody: Fields = {}

/** Everything the event says about who did what to what, and for whom. */
export function describeParties(draft: Draft, event: AuditEvent): void {
  const { attributes } = draft
  const actor = fieldsOf(event.actor)
  describeActor(attributes, actor)
  describeUser(attributes, actor)
  describeTarget(attributes, fieldsOf(event.target))
  describeScope(attributes, fieldsOf(event.scope))
  describeOrganization(attributes, fieldsOf(event.organization))
  describeAccount(attributes, fieldsOf(event.account))
  keepRest(draft, 'circleci.audit.actor', event.actor)
  keepRest(draft, 'circleci.audit.target', event.target)
  keepRest(draft, 'circleci.audit.scope', event.scope)
  keepRest(draft, 'circleci.audit.organization', event.organization)
  keepRest(draft, 'circleci.audit.account', event.account)
}

function fieldsOf(party: unknown): Fields {
  return isMap(party) ? party : nobody
}

function describeActor(attributes: Attributes, actor: Fields): void {
  const id = asText(actor['id'])
  const type = asText(actor['type'])
  const name = asText(actor['name'])
  if (id !== undefined) attributes['circleci.audit.actor.id'] = id
  if (type !== undefined) attributes['circleci.audit.actor.type'] = type
  if (name !== undefined) attributes['circleci.audit.actor.name'] = name
}

const NAMES_MAX = 2000
const names = new Map<string, string>()

/** Written anew, as a bucket's name is, and once for all events of a user. */
function kept(name: string): string {
  const known = names.get(name)
  if (known !== undefined) return known
  const copy = Buffer.from(name).toString()
  if (names.size >= NAMES_MAX) names.clear()
  if (name.length < 500) names.set(copy, copy)
  return copy
}

/** OpenTelemetry's user, without the code host before the name, so that it joins with what other sources call them. */
function describeUser(attributes: Attributes, { id, type, name }: Fields): void {
  if (type !== 'user' && (typeof type !== 'string' || type.toLowerCase() !== 'user')) return
  const uid = asText(id)
  const called = asText(name)
  if (uid !== undefined) attributes['user.id'] = uid
  if (called !== undefined) attributes['user.name'] = kept(bareName(called))
}

function describeTarget(attributes: Attributes, target: Fields): void {
  const id = asText(target['id'])
  const type = asText(target['type'])
  const name = asText(target['name'])
  if (id !== undefined) attributes['circleci.audit.target.id'] = id
  if (type !== undefined) attributes['circleci.audit.target.type'] = type
  if (name !== undefined) attributes['circleci.audit.target.name'] = name
}

function describeScope(attributes: Attributes, scope: Fields): void {
  const id = asText(scope['id'])
  const type = asText(scope['type'])
  const name = asText(scope['name'])
  if (id !== undefined) attributes['circleci.audit.scope.id'] = id
  if (type !== undefined) attributes['circleci.audit.scope.type'] = type
  if (name !== undefined) attributes['circleci.audit.scope.name'] = name
}

function describeOrganization(attributes: Attributes, organization: Fields): void {
  const id = asText(organization['id'])
  const type = asText(organization['type'])
  const name = asText(organization['name'])
  if (id !== undefined) attributes['circleci.audit.organization.id'] = id
  if (type !== undefined) attributes['circleci.audit.organization.type'] = type
  if (name !== undefined) attributes['circleci.audit.organization.name'] = name
}

function describeAccount(attributes: Attributes, account: Fields): void {
  const id = asText(account['id'])
  const type = asText(account['type'])
  const name = asText(account['name'])
  if (id !== undefined) attributes['circleci.audit.account.id'] = id
  if (type !== undefined) attributes['circleci.audit.account.type'] = type
  if (name !== undefined) attributes['circleci.audit.account.name'] = name
}

/** Fields beyond the three, and a party that is no object at all. */
function keepRest(draft: Draft, whole: string, party: unknown): void {
  if (!isMap(party)) putExtra(draft, whole, party)
  else
    for (const key in party) {
      if (key !== 'id' && key !== 'type' && key !== 'name') putExtra(draft, `${whole}.${key}`, party[key])
    }
}
