// The attributes of a record: flat names, each of one type for ever, because destinations fix a column's type at the
// first value they see. What cannot be read as its type is kept as text under the same name with `.raw`. Fields CircleCI
// may add are kept under the name they come with; their number is bounded, and what is left out is counted in
// droppedAttributesCount.

import type { AuditEvent } from '../domain/event.ts'
import { type Draft, putExtra } from './draft.ts'
import { commonFields, usableId } from './identity.ts'
import { describeParties } from './parties.ts'
import { asText, isEmptyMap, isMap, plain } from './plain.ts'

type Attributes = Draft['attributes']

/** Everything the event says, save its action and its time. */
export function describe(draft: Draft, event: AuditEvent, success: boolean | undefined): void {
  const { attributes } = draft
  describeIdentity(attributes, event)
  describeParties(draft, event)
  describeOutcome(attributes, event, success)
  describeRequest(draft, event.request)
  describeCommon(draft, event)
  describePayload(attributes, event.payload)
  describeMetadata(draft, event.metadata)
  describeUnknown(draft, event)
}

function describeIdentity(attributes: Attributes, { id, version }: AuditEvent): void {
  const unusable = usableId(id) === undefined ? asText(id) : undefined
  if (unusable !== undefined) attributes['circleci.audit.id.raw'] = unusable
  const number = typeof version === 'string' && /^\d{1,9}(?:\.0+)?$/.test(version) ? Number(version) : version
  if (Number.isSafeInteger(number)) attributes['circleci.audit.version'] = number
  else if (version != null) attributes['circleci.audit.version.raw'] = asText(version)
}

function describeOutcome(attributes: Attributes, event: AuditEvent, success: boolean | undefined): void {
  if (success !== undefined) attributes['circleci.audit.success'] = success
  else if (event.success != null) attributes['circleci.audit.success.raw'] = asText(event.success)
  if (success === false) attributes['error.type'] = '_OTHER'
}

function describeRequest(draft: Draft, request: unknown): void {
  if (!isMap(request)) putExtra(draft, 'circleci.audit.request', request)
  else describeRequestFields(draft, request)
}

function describeRequestFields(draft: Draft, request: Readonly<Record<string, unknown>>): void {
  const { attributes } = draft
  const id = asText(request['id'])
  const address = asText(request['ip_address'])
  const trace = asText(request['client_trace_id'])
  const agent = asText(request['user_agent'])
  if (id !== undefined) attributes['circleci.audit.request.id'] = id
  if (address !== undefined) attributes['client.address'] = address
  if (trace !== undefined) attributes['http.request.header.x-client-trace-id'] = [trace]
  if (agent !== undefined) attributes['user_agent.original'] = agent
  for (const key in request) {
    if (!requestFields.has(key)) putExtra(draft, `circleci.audit.request.${key}`, request[key])
  }
}

/** Copies of other fields, used where the original is missing. What CircleCI may add here is kept. */
function describeCommon(draft: Draft, event: AuditEvent): void {
  const common = commonFields(event)
  if (common === undefined) {
    putExtra(draft, 'circleci.audit.common_fields', event['common_fields'])
    return
  }
  const address = asText(common['source_ip'])
  if (address !== undefined) draft.attributes['client.address'] ??= address
  for (const key in common) {
    if (!copiedFields.has(key)) putExtra(draft, `circleci.audit.common_fields.${key}`, common[key])
  }
}

function describePayload(attributes: Attributes, payload: unknown): void {
  if (payload === undefined || payload === null || isEmptyMap(payload)) return
  attributes['circleci.audit.payload'] = plain(payload)
  const agent = isMap(payload) ? payload['user_agent'] : undefined
  if (typeof agent === 'string') attributes['user_agent.original'] ??= agent
}

function describeMetadata(draft: Draft, metadata: unknown): void {
  if (!isMap(metadata)) putExtra(draft, 'circleci.audit.metadata', metadata)
  else for (const key in metadata) putExtra(draft, `circleci.audit.metadata.${key}`, asText(metadata[key]))
}

/** Without dots, so that a field called `actor.id` cannot pass for the actor's id. */
function describeUnknown(draft: Draft, event: AuditEvent): void {
  for (const key in event) {
    if (!eventFields.has(key)) putExtra(draft, `circleci.audit.${key.replaceAll('.', '_')}`, event[key])
  }
}

const requestFields = new Set(['id', 'ip_address', 'client_trace_id', 'user_agent'])
const copiedFields = new Set(['outcome', 'source_ip', 'status', 'timestamp'])
const eventFields = new Set([
  ...['id', 'version', 'action', 'occurred_at', 'actor', 'target', 'scope', 'organization', 'account'],
  ...['success', 'request', 'payload', 'metadata', 'common_fields'],
])
