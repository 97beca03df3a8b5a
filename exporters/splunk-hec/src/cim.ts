// The Common Information Model's names for an audit event, so that Splunk's own dashboards and correlation searches find
// it: data model Change, for logins Authentication (Splunk CIM 5 and 6, "Change" and "Authentication" field references).
// An action is classified once and remembered; names nobody has heard of keep their last word and claim no data model.
import type { LogRecord } from '@circleci-audit-forwarder/contract'

/** What Splunk's Common Information Model calls an action. Source: Splunk CIM, field references of the data models. */
export interface Classified {
  /** CIM's word for what was done, or the action's own last word where CIM has none. */
  readonly action: string
  readonly model: 'Change' | 'Authentication' | undefined
  /** `AAA` for accounts and rights, as CIM prescribes. */
  readonly changeType: string | undefined
}

/** In order: the first pattern that matches the folded action (`project.ssh.key.create`) decides. */
const rules: readonly (readonly [RegExp, Classified['model'], string | undefined])[] = [
  [/^user\.logged\.in$/, 'Authentication', undefined],
  // A run of a pipeline is daily work and no change of anything; stopping one is.
  [/^user\.logged\.out$|^workflow\.(?!cancel$)|^build\./, undefined, undefined],
  [/(^|\.)(role\.grant|restriction|group\.member|group\.add|group\.remove)(\.|$)/, 'Change', 'acl_modified'],
  [/(^|\.)(stop\.building|cancel|cancel\.release)$/, 'Change', 'stopped'],
  [/(^|\.)(accessed|requested|generated)$/, 'Change', 'read'],
  [/(^|\.)(create|created|add|setup|copy|publish\.(dev|release))$/, 'Change', 'created'],
  [/(^|\.)(delete|deleted|remove|removed|revoke|revoked|delete\.all)$/, 'Change', 'deleted'],
  [
    /(^|\.)(update|updated|rename|store|promote|promote\.release|rollback|accepted|follow|unfollow|toggle(\.\w+)?)$/,
    'Change',
    'modified',
  ],
]

const MEMORY_MAX = 1000
const remembered = new Map<string, Classified>()

/**
 * The CIM's names for a raw action such as `context.env_var.store`. Pure; an action the table does not know claims no
 * data model and keeps its last word. Never throws.
 */
export function classify(action: string): Classified {
  const known = remembered.get(action)
  if (known) return known
  const found = classified(action)
  if (remembered.size < MEMORY_MAX) remembered.set(action, found)
  return found
}

function classified(action: string): Classified {
  const folded = action.toLowerCase().replaceAll(/[^a-z0-9]+/g, '.')
  const [, model, cimAction] = rules.find(([pattern]) => pattern.test(folded)) ?? []
  const lastWord = action.slice(action.lastIndexOf('.') + 1)
  const accounts = cimAction === 'acl_modified' || /^(user|ams|org\.member|group)\./.test(folded)
  const changeType = model === 'Change' ? (accounts ? 'AAA' : 'CI/CD') : undefined
  return { action: cimAction ?? lastWord, model, changeType }
}

/** CIM fields as JSON.stringify takes them: what an event lacks is undefined. */
export type CimFields = Readonly<Record<string, string | undefined>>

/** The CIM fields that an event shares with others of its action, outcome, severity and organisation. */
export function recurringCim(record: LogRecord, action: string): CimFields {
  const { action: cimAction, model, changeType } = classify(action)
  const result = outcomeText(record.attributes['circleci.audit.success'])
  const organization = organizationName(record)
  const login = model === 'Authentication'
  return {
    action: login ? result : cimAction,
    command: action,
    status: result,
    result,
    change_type: changeType,
    app: login ? 'CircleCI' : undefined,
    signature: login ? action : undefined,
    dest: organization,
    vendor_account: text(record.attributes['circleci.audit.account.name']) ?? organization,
    vendor_product: 'CircleCI Audit',
    severity: severityText(record.severityNumber),
  }
}

/** The CIM fields that are the event's own: who, from where, to what. */
export function ownCim({ attributes }: LogRecord): CimFields {
  const targetId = text(attributes['circleci.audit.target.id'])
  return {
    object: text(attributes['circleci.audit.target.name']) ?? targetId,
    object_id: targetId,
    object_category: text(attributes['circleci.audit.target.type']),
    user: userName(attributes),
    user_id: text(attributes['circleci.audit.actor.id']) ?? text(attributes['user.id']),
    user_type: text(attributes['circleci.audit.actor.type']),
    src: text(attributes['client.address']),
  }
}

/** The organisation an event belongs to, by name: organization, else scope, else account. */
export function organizationName({ attributes }: LogRecord): string | undefined {
  return (
    text(attributes['circleci.audit.organization.name']) ??
    text(attributes['circleci.audit.scope.name']) ??
    text(attributes['circleci.audit.account.name'])
  )
}

/** `github: octocat` is the user `octocat`; the name as CircleCI gave it stays in the event. */
function userName(attributes: LogRecord['attributes']): string | undefined {
  const name = text(attributes['circleci.audit.actor.name']) ?? text(attributes['user.name'])
  return name?.replace(/^[a-z][a-z0-9-]*:\s+/, '') ?? text(attributes['circleci.audit.actor.id'])
}

function outcomeText(success: unknown): string | undefined {
  if (success === true) return 'success'
  return success === false ? 'failure' : undefined
}

/** CIM's five levels for OpenTelemetry's numbers: 18 is critical, 17 an error, 13 a warning. */
function severityText(severity: unknown): string | undefined {
  // In another's application a record may hold anything: comparing some objects with a number throws.
  if (typeof severity !== 'number' || severity <= 0) return undefined
  if (severity >= 18) return 'critical'
  if (severity >= 17) return 'high'
  return severity >= 13 ? 'medium' : 'informational'
}

/** A string; numbers and booleans as text. Anything else has no place in a flat field. */
export function text(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
}
