// Records as the forwarder makes them of CircleCI's events, awkward ones among them.
import { type LogRecord, ORIGINAL } from '@circleci-audit-forwarder/contract'
import { resourceFromAttributes } from '@opentelemetry/resources'

const resource = resourceFromAttributes({ 'service.name': 'circleci' })
const instrumentationScope = { name: 'circleci-audit-forwarder', version: '0.1.0' }

/** A record with nothing in it. */
export const bare: LogRecord = {
  hrTime: [0, 0],
  hrTimeObserved: [0, 0],
  attributes: {},
  droppedAttributesCount: 0,
  resource: resourceFromAttributes({}),
  instrumentationScope: { name: '' },
}

export interface Event {
  readonly id: string
  readonly action: string
  readonly success?: boolean
  readonly actor?: object
  readonly target?: object
  /** JSON, put in as it is. */
  readonly payload?: string
  readonly metadata?: string
}

/** The JSON is put together as text, so that it may hold what JSON.stringify would change. */
export function recordOf(event: Event, fields: Partial<LogRecord> = {}): LogRecord {
  const { id, action, success = true, actor, target, payload = '{}', metadata = '{}' } = event
  const scope = { id: '9e9e', type: 'account', name: 'acme' }
  const parts = { id, version: 1, action, occurred_at: '2026-03-04T14:02:11.123456789Z', actor, target, scope, success }
  const { attributes, ...others } = fields
  return {
    hrTime: [1772632931, 123456789],
    hrTimeObserved: [1772633000, 0],
    severityNumber: 9,
    severityText: 'info',
    eventName: `circleci.audit.${action.replaceAll('-', '_')}`,
    body: action,
    resource,
    instrumentationScope,
    droppedAttributesCount: 0,
    [ORIGINAL]: `${JSON.stringify(parts).slice(0, -1)},"payload":${payload},"metadata":${metadata}}`,
    ...others,
    attributes: {
      'log.record.uid': id,
      'circleci.audit.action': action,
      'circleci.audit.version': 1,
      ...prefixed('circleci.audit.actor', actor),
      ...prefixed('circleci.audit.target', target),
      ...prefixed('circleci.audit.scope', scope),
      'circleci.audit.success': success,
      ...attributes,
    },
  }
}

function prefixed(prefix: string, entity: object = {}): Record<string, unknown> {
  return Object.fromEntries(Object.entries(entity).map(([name, value]) => [`${prefix}.${name}`, value]))
}

const octocat = { id: '5a1b', type: 'user', name: 'github: octocat' }
const context = { id: 'c0ff', type: 'context', name: 'aws-prod' }
const large = '"0123456789abcdef"'.repeat(2_000).replaceAll('""', '","')

export const auditEvents: readonly LogRecord[] = [
  recordOf(
    { id: 'typical', action: 'context.secrets.accessed', actor: octocat, target: context },
    { attributes: { 'client.address': '203.0.113.7', 'aws.s3.bucket': 'acme', 'aws.s3.key': 'a/b.json.gz' } },
  ),
  recordOf({ id: 'no-actor', action: 'schedule-create', target: { id: 's', type: 'schedule' } }),
  recordOf(
    { id: 'failed', action: 'role_grant.update', success: false, actor: octocat, target: { id: 'u', type: 'user' } },
    { severityNumber: 18, severityText: 'critical', attributes: { 'error.type': '_OTHER' } },
  ),
  recordOf({ id: 'login', action: 'user.logged_in', success: false, actor: { id: 'x', type: 'user' } }),
  recordOf({ id: 'emoji', action: 'context.create', actor: { ...octocat, name: 'github: zoë 🦊' }, target: context }),
  recordOf({ id: 'quotes', action: 'context.create', target: { ...context, name: 'a "b" \\ c\n\td' } }),
  recordOf({
    id: 'lines',
    action: 'context.create',
    target: { ...context, name: 'one\u2028two\u2029three\u0085\r\n' },
  }),
  recordOf({ id: 'half', action: 'context.create', target: { ...context, name: 'half \ud83e' } }),
  recordOf({ id: 'proto', action: 'org.rename', payload: '{"__proto__":{"admin":true},"n":12345678901234567890}' }),
  recordOf({ id: 'milliseconds', action: 'org.create' }, { hrTime: [1772632931, 500_000_000] }),
  recordOf({ id: 'no-original', action: 'org.create' }, { [ORIGINAL]: 'id,action\r\n' }),
  recordOf({ id: 'no-time', action: 'org.create' }, { hrTime: [0, 0], hrTimeObserved: [0, 0] }),
  recordOf({ id: 'payload', action: 'org.create', payload: `[${large}]`, metadata: '{"a":12345678901234567890}' }),
  recordOf({ id: 'name', action: 'org.create', actor: { ...octocat, name: '🦊'.repeat(9_000) } }),
]

/** What applications and the forwarder itself send. */
export const otherRecords: readonly LogRecord[] = [
  bare,
  {
    ...bare,
    hrTime: [1772632931, 5],
    severityNumber: 17,
    eventName: 'order.failed',
    body: { order: 7 },
    attributes: { 'log.record.uid': 'u1', n: 1.5, list: [1, 'x'] },
    resource: resourceFromAttributes({ 'service.name': 'shop', 'host.name': 'web-1' }),
    spanContext: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 },
  },
]
