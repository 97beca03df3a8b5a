// Records as the forwarder makes them of CircleCI's events. An exporter's golden files show what becomes of them, so they
// are fixed to the last byte. The original is put together as text, so that it may hold what JSON.stringify would change.
import { type LogRecord, ORIGINAL } from '../record.ts'
import { auditRecord } from './records.ts'

/** What an audit event says, as far as exporters tell events apart by it. */
export interface EventParts {
  readonly id: string
  /** CircleCI's name for what was done: `context.create`. */
  readonly action: string
  /** True unless given. */
  readonly success?: boolean
  readonly actor?: object
  readonly target?: object
  /** JSON, put in as it is; `{}` unless given. */
  readonly payload?: string
  /** JSON, put in as it is; left out unless given. */
  readonly metadata?: string
}

/**
 * The record of an event of account `acme` on 4 March 2026. `fields` win over what is made of the event; their attributes
 * are added to the event's.
 */
export function eventRecord(event: EventParts, fields: Partial<LogRecord> = {}): LogRecord {
  const { id, action, success = true, actor, target } = event
  const scope = { id: '9e9e', type: 'account', name: 'acme' }
  const eventName = `circleci.audit.${action.replaceAll('-', '_')}`
  const original = originalOf(event, { success, scope })
  return {
    ...auditRecord({ hrTime: [1_772_632_931, 123_456_789], eventName, body: action, [ORIGINAL]: original, ...fields }),
    attributes: {
      'log.record.uid': id,
      'circleci.audit.action': action,
      'circleci.audit.version': 1,
      ...prefixed('circleci.audit.actor', actor),
      ...prefixed('circleci.audit.target', target),
      ...prefixed('circleci.audit.scope', scope),
      'circleci.audit.success': success,
      ...fields.attributes,
    },
  }
}

function originalOf(event: EventParts, { success, scope }: { success: boolean; scope: object }): string {
  const { id, action, actor, target, payload = '{}', metadata } = event
  const parts = { id, version: 1, action, occurred_at: '2026-03-04T14:02:11.123456789Z', actor, target, scope, success }
  const rest = metadata === undefined ? '' : `,"metadata":${metadata}`
  return `${JSON.stringify(parts).slice(0, -1)},"payload":${payload}${rest}}`
}

function prefixed(prefix: string, entity: object = {}): Record<string, unknown> {
  return Object.fromEntries(Object.entries(entity).map(([name, value]) => [`${prefix}.${name}`, value]))
}

/** Who does things in the sample events. */
export const sampleActor = Object.freeze({ id: '5a1b', type: 'user', name: 'github: octocat' })

/** What things are done to in the sample events. */
export const sampleContext = Object.freeze({ id: 'c0ff', type: 'context', name: 'aws-prod' })

/**
 * A typical event and the awkward ones, each by what is awkward about it, in an order that stays. `recordOf` makes the
 * records where `eventRecord` does not make them as an exporter's test wants them.
 */
export function eventRecords(recordOf = eventRecord) {
  return {
    typical: recordOf(
      { id: 'typical', action: 'context.secrets.accessed', actor: sampleActor, target: sampleContext },
      { attributes: { 'client.address': '203.0.113.7', 'aws.s3.bucket': 'acme', 'aws.s3.key': 'a/b.json.gz' } },
    ),
    noActor: recordOf({ id: 'no-actor', action: 'schedule.create', target: { id: 's', type: 'schedule' } }),
    failed: recordOf(
      {
        id: 'failed',
        action: 'role_grant.update',
        success: false,
        actor: sampleActor,
        target: { id: 'u', type: 'user' },
      },
      { severityNumber: 18, severityText: 'critical', attributes: { 'error.type': '_OTHER' } },
    ),
    login: recordOf({ id: 'login', action: 'user.logged_in', success: false, actor: { id: 'x', type: 'user' } }),
    emoji: recordOf({
      id: 'emoji',
      action: 'context.create',
      actor: { ...sampleActor, name: 'github: zoë 🦊' },
      target: sampleContext,
    }),
    quotes: recordOf({ id: 'quotes', action: 'context.create', target: { ...sampleContext, name: 'a "b" \\ c\n\td' } }),
    lines: recordOf({
      id: 'lines',
      action: 'context.create',
      target: { ...sampleContext, name: 'one\u2028two\u2029' },
    }),
    half: recordOf({ id: 'half', action: 'context.create', target: { ...sampleContext, name: 'half \ud83e' } }),
    proto: recordOf({
      id: 'proto',
      action: 'org.rename',
      payload: '{"__proto__":{"admin":true},"n":12345678901234567890}',
    }),
    milliseconds: recordOf({ id: 'milliseconds', action: 'org.create' }, { hrTime: [1_772_632_931, 500_000_000] }),
    noOriginal: recordOf({ id: 'no-original', action: 'org.create' }, { [ORIGINAL]: 'id,action\r\n' }),
    noTime: recordOf({ id: 'no-time', action: 'org.create' }, { hrTime: [0, 0], hrTimeObserved: [0, 0] }),
  }
}
