// What recurs from event to event: its action's name and category, its outcome, its severity. There are a few hundred
// combinations at most, and writing them anew for every event was a sixth of the cost of encoding.
import type { LogRecord } from '@circleci-audit-forwarder/contract'
import { add, finite } from './members.ts'
import { text } from './text.ts'

/** Members of objects, without braces. */
export interface Recurring {
  readonly status: string
  readonly evt: string
  readonly otel: string
}

interface Variant extends Recurring {
  readonly success: unknown
  readonly eventName: unknown
  readonly severityNumber: unknown
  readonly severityText: unknown
}

const ACTIONS_MAX = 1000
const VARIANTS_MAX = 12
/** Texts of names that long do not recur, and would fill memory. */
const LONGEST = 4096
const variants = new Map<string, Variant[]>()
/** Of records that are no audit events. */
const general: Variant[] = []

/** The record's recurring texts, made once for all that are alike. Bounded; beyond that they are made anew. */
export function recurringOf(record: LogRecord, action: string | undefined): Recurring {
  const { eventName, severityNumber, severityText } = record
  const success = record.attributes['circleci.audit.success']
  const kept = action === undefined ? general : variants.get(action)
  const same = kept?.find(
    (variant) =>
      variant.success === success &&
      variant.eventName === eventName &&
      variant.severityNumber === severityNumber &&
      variant.severityText === severityText,
  )
  if (same !== undefined) return same
  const made = { success, eventName, severityNumber, severityText, ...textsOf(record, action) }
  if (made.evt.length + made.otel.length > LONGEST) return made
  if (kept === undefined && variants.size < ACTIONS_MAX) variants.set(action as string, [made])
  else if (kept !== undefined && kept.length < VARIANTS_MAX) kept.push(made)
  return made
}

function textsOf(record: LogRecord, action: string | undefined): Recurring {
  const { eventName, severityNumber, severityText, attributes } = record
  let evt = add('', 'name', action ?? text(eventName))
  if (action !== undefined) evt = add(evt, 'category', categoryOf(action))
  evt = add(evt, 'outcome', outcomeOf(attributes['circleci.audit.success']))
  let otel = add('', 'event_name', text(eventName))
  otel = add(otel, 'severity_number', finite(severityNumber))
  otel = add(otel, 'severity_text', text(severityText))
  return { status: statusOf(record), evt, otel }
}

/** `project.env_var.create` is about a project, `schedule-create` about a schedule. */
function categoryOf(action: string): string | undefined {
  const end = action.indexOf('.')
  const first = end < 0 ? action.split('-', 1)[0] : action.slice(0, end)
  return first || undefined
}

function outcomeOf(success: unknown): string | undefined {
  if (success === true) return 'success'
  return success === false ? 'failure' : undefined
}

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal']
const known = new Set([...levels, 'emergency', 'alert', 'critical', 'notice', 'ok'])

/** Datadog's `status`: the record's own word where Datadog knows it, else by OpenTelemetry's number. */
function statusOf({ severityText, severityNumber }: LogRecord): string {
  const word = text(severityText)?.toLowerCase() ?? ''
  if (known.has(word)) return word
  if (word === 'warning') return 'warn'
  return levels[Math.floor(((finite(severityNumber) ?? 0) - 1) / 4)] ?? 'info'
}
