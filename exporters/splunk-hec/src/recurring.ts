// What recurs in the envelopes of audit events: its action's CIM fields and indexed fields, one text for each
// combination of action, outcome, severity and organisation. There are a few hundred of them at most, and writing them
// anew for every event was a third of the cost of encoding.
import { type LogRecord, oneLineJson } from '@circleci-audit-forwarder/contract'
import { organizationName, recurringCim, text } from './cim.ts'

export interface Recurring {
  /** CIM fields as members of an object, without braces. */
  readonly cim: string
  /** Indexed fields, likewise. */
  readonly indexed: string
}

interface Variant extends Recurring {
  readonly success: unknown
  readonly severity: unknown
  readonly severityText: unknown
  readonly eventName: unknown
  readonly organization: string | undefined
  readonly account: unknown
}

const ACTIONS_MAX = 1000
const VARIANTS_MAX = 12
/** Texts of names that long do not recur, and would fill memory. */
const LONGEST = 4096
const variants = new Map<string, Variant[]>()

/** The record's recurring texts, made once for all that are alike. Bounded; beyond that they are made anew. */
export function recurringOf(record: LogRecord, action: string): Recurring {
  const { attributes, severityNumber, severityText, eventName } = record
  const success = attributes['circleci.audit.success']
  const account = attributes['circleci.audit.account.name']
  const organization = organizationName(record)
  const known = variants.get(action)
  const same = known?.find(
    (variant) =>
      variant.success === success &&
      variant.severity === severityNumber &&
      variant.severityText === severityText &&
      variant.eventName === eventName &&
      variant.organization === organization &&
      variant.account === account,
  )
  if (same !== undefined) return same
  const severity = severityNumber
  const made = { success, severity, severityText, eventName, organization, account, ...textsOf(record, action) }
  if (made.cim.length + made.indexed.length > LONGEST) return made
  if (known === undefined && variants.size < ACTIONS_MAX) variants.set(action, [made])
  else if (known !== undefined && known.length < VARIANTS_MAX) known.push(made)
  return made
}

function textsOf(record: LogRecord, action: string): Recurring {
  return { cim: members(recurringCim(record, action)), indexed: indexedMembers(record, action) }
}

/** Indexed fields: flat, strings only (some servers take nothing else), and few, since each costs index space. */
export function indexedMembers(record: LogRecord, action: string | undefined): string {
  return members({
    circleci_action: action,
    success: text(record.attributes['circleci.audit.success']),
    org: organizationName(record),
    'otel.log.name': text(record.eventName),
    'otel.log.severity.text': text(record.severityText),
    'otel.log.severity.number': text(record.severityNumber),
  })
}

/** The members of a JSON object, without its braces. */
export function members(fields: Readonly<Record<string, string | undefined>>): string {
  return oneLineJson(JSON.stringify(fields)).slice(1, -1)
}
