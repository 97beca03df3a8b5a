// What stands under `circleci`: the event as CircleCI wrote it, spliced in as the text it was, so that no number loses
// a digit. Where that text is no JSON object (a row of a CSV file) or too large, the same names are made of the record's
// attributes, nested as CircleCI nests them, so that one facet finds both.
import { type LogRecord, Members, oneLineJson, originalObject } from '@circleci-audit-forwarder/contract'
import { isTime, text, timestamp } from './text.ts'

const PREFIX = 'circleci.audit.'

/** The action of a CircleCI audit event; undefined for any other record. */
export function auditAction({ attributes, eventName }: LogRecord): string | undefined {
  const action = attributes['circleci.audit.action']
  if (typeof action === 'string') return action
  return text(eventName)?.startsWith(PREFIX) ? eventName?.slice(PREFIX.length) : undefined
}

/** The original as a JSON object, if it is one. */
export function originalJson(record: LogRecord): string | undefined {
  const json = originalObject(record)
  return json === undefined ? undefined : oneLineJson(json)
}

type Fields = Record<string, unknown>

/** The event made of attributes. `without` is left out: what was cut. */
export function fieldsOf(record: LogRecord, without?: string): Fields {
  const fields = object()
  const parties = new Map<string, Fields>()
  const { attributes } = record
  fields['id'] = text(attributes['log.record.uid'])
  if (isTime(record.hrTime)) fields['occurred_at'] = timestamp(record.hrTime)
  for (const name in attributes) {
    const own = name.startsWith(PREFIX) ? name.slice(PREFIX.length) : without
    if (own !== undefined && own !== without) put(fields, parties, own, attributes[name])
  }
  return fields
}

/** `actor.id` goes into `actor`. Names are taken apart once: what follows the first dot may be a name of anybody's making. */
function put(fields: Fields, parties: Map<string, Fields>, name: string, value: unknown): void {
  const dot = name.indexOf('.')
  if (dot <= 0) {
    const party = parties.get(name)
    if (party === undefined) fields[name] = value
    else party['value'] = value
    return
  }
  const outer = name.slice(0, dot)
  const party = parties.get(outer) ?? object()
  if (!parties.has(outer) && fields[outer] !== undefined) party['value'] = fields[outer]
  party[name.slice(dot + 1)] = value
  parties.set(outer, party)
  fields[outer] = party
}

/** Without a prototype, so that a key named `__proto__` is a key. */
function object(): Fields {
  return Object.create(null) as Fields
}

/** Attributes that stand elsewhere in what is sent. */
const elsewhere = new Set([
  'log.record.uid',
  'client.address',
  'user.id',
  'user.name',
  'user_agent.original',
  'error.type',
])

/** The event has it in `request.client_trace_id`. */
const TRACE = 'http.request.header.x-client-trace-id'

const isElsewhere = (name: string): boolean => name.startsWith(PREFIX) || elsewhere.has(name)
const besideNothing = new Members(isElsewhere)
const besideEvent = new Members((name) => isElsewhere(name) || name === TRACE)

/** Attributes that say what the event does not, as a JSON object; empty where there are none. */
export function beyond(attributes: LogRecord['attributes'], spliced: boolean): string {
  const json = (spliced ? besideEvent : besideNothing).json(attributes)
  return json === '' ? '' : `{${json.slice(1)}}`
}
