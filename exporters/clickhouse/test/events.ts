// Records as the forwarder makes them of CircleCI's events, awkward ones among them, and some that are none of CircleCI's.
import { type LogRecord, ORIGINAL } from '@circleci-audit-forwarder/contract'
import { bareRecord } from '@circleci-audit-forwarder/contract/testing'
import { resourceFromAttributes } from '@opentelemetry/resources'

const resource = resourceFromAttributes({ 'service.name': 'circleci' })
const instrumentationScope = { name: 'circleci-audit-forwarder', version: '0.1.0' }
const octocat = { id: '5a1b', type: 'user', name: 'github: octocat' }
const context = { id: 'c0ff', type: 'context', name: 'aws-prod' }
const scope = { id: '9e9e', type: 'account', name: 'acme' }

interface Event {
  readonly id: string
  readonly action: string
  readonly success?: boolean | undefined
  readonly actor?: Readonly<Record<string, unknown>>
  readonly target?: Readonly<Record<string, unknown>>
  readonly scope?: Readonly<Record<string, unknown>> | undefined
}

function prefixed(prefix: string, entity: object = {}): Record<string, unknown> {
  return Object.fromEntries(Object.entries(entity).map(([name, value]) => [`${prefix}.${name}`, value]))
}

export function recordOf(event: Event, fields: Partial<LogRecord> = {}): LogRecord {
  const { id, action, actor, target } = event
  const whole = { version: 1, occurred_at: '2026-03-04T14:02:11.123456789Z', scope, success: true, ...event }
  const { attributes, ...others } = fields
  return {
    hrTime: [1772632931, 123456789],
    hrTimeObserved: [1772634900, 250000000],
    severityNumber: 9,
    severityText: 'info',
    eventName: `circleci.audit.${action.replaceAll('-', '.')}`,
    body: action,
    resource,
    instrumentationScope,
    droppedAttributesCount: 0,
    [ORIGINAL]: JSON.stringify(whole),
    ...others,
    attributes: {
      'log.record.uid': id,
      'circleci.audit.action': action,
      'circleci.audit.version': 1,
      ...prefixed('circleci.audit.actor', actor),
      ...(actor?.['type'] === 'user' ? { 'user.id': actor['id'], 'user.name': 'octocat' } : {}),
      ...prefixed('circleci.audit.target', target),
      ...prefixed('circleci.audit.scope', whole.scope),
      ...(whole.success === undefined ? {} : { 'circleci.audit.success': whole.success }),
      'circleci_audit_forwarder.source.key': 'year=2026/month=03/a.json.gz',
      'circleci_audit_forwarder.source.line': 7,
      'circleci_audit_forwarder.source.sha256': 'feed',
      ...attributes,
    },
  }
}

const whereabouts = {
  'client.address': '203.0.113.7',
  'geo.country.iso_code': 'DE',
  'geo.locality.name': 'Würzburg',
  'geo.location.lat': 49.79,
  'geo.location.lon': -9.93,
  'client.as.number': 64496,
  'client.as.organization': 'Example AS',
  'circleci_audit_forwarder.client.isp': 'Example ISP',
  'circleci_audit_forwarder.client.connection_type': 'Corporate',
  'circleci_audit_forwarder.client.user_type': 'business',
}

export const auditEvents: readonly LogRecord[] = [
  recordOf(
    { id: 'typical', action: 'context.secrets.accessed', actor: octocat, target: context },
    {
      attributes: {
        ...whereabouts,
        'circleci.audit.request.id': '1-65e5d1c3',
        'circleci.audit.payload': { context_id: 'c0ff', titles: 'AWS_KEY,AWS_SECRET' },
        'circleci.audit.metadata.team': 'infra',
        'circleci.audit.organization.name': 'acme',
        'deployment.environment.name': 'prod',
      },
    },
  ),
  recordOf({ id: 'no-actor', action: 'schedule.create', target: { id: 's', type: 'schedule' } }),
  recordOf(
    { id: 'failed', action: 'role_grant.update', success: false, actor: octocat, target: { id: 'u', type: 'user' } },
    { severityNumber: 18, severityText: 'critical', attributes: { 'error.type': '_OTHER' } },
  ),
  recordOf({ id: 'outcome-unknown', action: 'org.create', success: undefined }),
  recordOf({ id: 'feed', action: 'org.create' }),
  recordOf({ id: 'emoji', action: 'context.create', actor: { ...octocat, name: 'github: zoë 🦊' }, target: context }),
  recordOf({ id: 'quotes', action: 'context.create', target: { ...context, name: 'a "b" \\ c\n\td \u0000 \u2028' } }),
  recordOf({ id: 'half', action: 'context.create', target: { ...context, name: 'half \ud83e' } }),
  recordOf(
    { id: 'proto', action: 'org.rename' },
    {
      attributes: JSON.parse(
        '{"circleci.audit.payload":{"__proto__":{"admin":true}},"circleci.audit.metadata.__proto__":"m"}',
      ),
    },
  ),
  recordOf({ id: 'extras', action: 'org.create', actor: { ...octocat, email: 'o@acme.dev', roles: ['admin', 2] } }),
  recordOf(
    { id: 'organization-only', action: 'org.create', scope: {} },
    { attributes: { 'circleci.audit.organization.id': 'o', 'circleci.audit.organization.name': 'acme' } },
  ),
  recordOf({ id: 'no-time', action: 'org.create' }, { hrTime: [0, 0] }),
  recordOf({ id: 'far-future', action: 'org.create' }, { hrTime: [9_000_000_000, 999_999_999] }),
  recordOf(
    { id: 'numbers', action: 'org.create' },
    {
      attributes: {
        'circleci.audit.version': 4294967296,
        'client.as.number': -1,
        'geo.location.lat': Number.NaN,
        'geo.location.lon': 'east',
        'circleci.audit.payload': { nan: Number.NaN, big: 2n ** 70n, huge: 1e300 },
      },
    },
  ),
  recordOf(
    { id: 'elsewhere', action: 'org.create' },
    { attributes: { 'destination.address': '198.51.100.1', 'destination.as.number': 64497, 'destination.isp': 'x' } },
  ),
]

/** Records of other origin: an application's, and the least there can be. */
export const otherRecords: readonly LogRecord[] = [
  {
    ...bareRecord,
    hrTime: [1772632931, 5],
    severityNumber: 17,
    eventName: 'order.failed',
    body: { order: 7 },
    attributes: { n: 1.5, list: [1, 'x'], none: null, nothing: undefined },
    resource: resourceFromAttributes({ 'service.name': 'shop', 'host.name': 'web-1' }),
    instrumentationScope: { name: 'shop', version: '1', schemaUrl: 'https://opentelemetry.io/schemas/1.44.0' },
    spanContext: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 },
  },
  bareRecord,
]
