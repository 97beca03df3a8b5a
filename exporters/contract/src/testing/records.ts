import { type Resource, resourceFromAttributes } from '@opentelemetry/resources'
import { type LogRecord, ORIGINAL } from '../record.ts'

const resource: Resource = resourceFromAttributes({ 'service.name': 'circleci' })
const scope = Object.freeze({
  name: 'circleci-audit-forwarder',
  version: '0.1.0',
  schemaUrl: 'https://opentelemetry.io/schemas/1.44.0',
})

/** A valid record such as the forwarder makes of an audit event. `id` is its `log.record.uid`. */
export function auditRecord(overrides: Partial<LogRecord> & { readonly id?: string } = {}): LogRecord {
  const { id = '0b7f3c7e-6a0e-4d0c-9b35-2f4c1f0a9d11', attributes, ...fields } = overrides
  return {
    hrTime: [1_790_812_800, 123_456_789],
    hrTimeObserved: [1_790_812_860, 250_000_000],
    severityNumber: 9,
    severityText: 'info',
    eventName: 'circleci.audit.context.create',
    body: 'alice created context aws-prod',
    resource,
    instrumentationScope: scope,
    attributes: { 'log.record.uid': id, ...auditAttributes, ...attributes },
    droppedAttributesCount: 0,
    [ORIGINAL]: `{"id":"${id}","action":"context.create","success":true}`,
    ...fields,
  }
}

/** What an application may emit at the least: no time, no severity, no name, no body, no identity. */
export const bareRecord: LogRecord = Object.freeze<LogRecord>({
  hrTime: [0, 0],
  hrTimeObserved: [0, 0],
  attributes: {},
  droppedAttributesCount: 0,
  resource: resourceFromAttributes({}),
  instrumentationScope: { name: '' },
})

/** `count` records with ids that tell their order. */
export function auditRecords(count: number): LogRecord[] {
  return Array.from({ length: count }, (_, index) => auditRecord({ id: `record-${String(index).padStart(4, '0')}` }))
}

const auditAttributes = {
  'circleci.audit.action': 'context.create',
  'circleci.audit.success': true,
  'circleci.audit.version': 1,
  'user.name': 'alice',
  'client.address': '203.0.113.7',
  'circleci.audit.payload': { context: { name: 'aws-prod', restrictions: ['main', 'release/*'] } },
}

/** Values that make naive encoders throw, lie or loop. Each is one record's attribute and body. */
export function hostileValues(): ReadonlyMap<string, unknown> {
  const cycle: Record<string, unknown> = { name: 'cycle' }
  cycle['self'] = cycle
  return new Map<string, unknown>([
    ['not a number', Number.NaN],
    ['infinity', Number.NEGATIVE_INFINITY],
    ['an integer beyond 64 bits', 1e300],
    ['a BigInt', 2n ** 70n],
    ['a lone surrogate', 'before \ud800 after'],
    ['control characters', 'a\u0000b\u001b[31mc\u2028d'],
    ['__proto__ as a key', JSON.parse('{"__proto__":{"admin":true},"constructor":1}')],
    ['a huge string', 'x'.repeat(300_000)],
    ['a cycle', cycle],
    ['undefined', undefined],
    ['null', null],
    ['undefined inside', { a: undefined, b: [undefined, null] }],
    ['a date', new Date(Number.NaN)],
    ['a map', new Map([['k', 1]])],
    ['a function', () => 1],
    ['deep nesting', deep(3_000)],
  ])
}

function deep(levels: number): unknown {
  let value: unknown = 'bottom'
  for (let level = 0; level < levels; level++) value = { inner: value }
  return value
}
