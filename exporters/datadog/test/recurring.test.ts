// What recurs is written once and kept. However records follow each other, each must be written as it is.
import type { LogRecord } from '@circleci-audit-forwarder/contract'
import { auditRecord } from '@circleci-audit-forwarder/contract/testing'
import { resourceFromAttributes } from '@opentelemetry/resources'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeLog } from '../src/index.ts'

const resources = ['one', 'two'].map((name) => resourceFromAttributes({ 'service.name': name }))
const outcomes = new Map<unknown, string>([
  [true, 'success'],
  [false, 'failure'],
])
const settings = [{ tags: ['a:b'] }, { tags: ['c:d'] }]

const few = fc.record({
  action: fc.constantFrom('org.create', 'org.rename', undefined),
  success: fc.constantFrom(true, false, undefined),
  eventName: fc.constantFrom('x', 'circleci.audit.y'),
  severityNumber: fc.constantFrom(9, 13),
  severityText: fc.constantFrom('info', 'critical'),
  key: fc.constantFrom('a', 'b', 'x'.repeat(5000), 7),
  organization: fc.constantFrom('acme', 'Globex'),
  host: fc.constantFrom('h', undefined),
  resource: fc.constantFrom(...resources),
  chosen: fc.constantFrom(...settings),
})
type Some = typeof few extends fc.Arbitrary<infer T> ? T : never

function recordOf({ action, success, key, organization, host, ...fields }: Some): LogRecord {
  const { 'circleci.audit.action': _, 'circleci.audit.success': __, ...attributes } = auditRecord().attributes
  const named = {
    'circleci.audit.action': action,
    'circleci.audit.success': success,
    'circleci.audit.organization.name': organization,
    'host.name': host,
    'aws.s3.key': key,
  }
  const { chosen: ___, ...rest } = fields
  return { ...auditRecord(), ...rest, attributes: { ...attributes, ...named } as LogRecord['attributes'] }
}

test('whatever came before it, a record is written as what it is', () => {
  fc.assert(
    fc.property(fc.array(few, { minLength: 2, maxLength: 8 }), (all) => {
      for (const some of all) {
        const { bytes } = encodeLog(recordOf(some), some.chosen)
        const log = JSON.parse(Buffer.from(bytes).toString().slice(0, -1))
        const action = some.action ?? (some.eventName === 'x' ? undefined : 'y')
        const org = action === undefined ? [] : [`org:${some.organization.toLowerCase()}`]
        expect(log.ddtags).toBe([...some.chosen.tags, ...org].join(','))
        expect(log.service).toBe(some.resource.attributes['service.name'])
        expect(log.hostname).toBe(some.host ?? (action === undefined ? undefined : some.organization))
        expect(log.status).toBe(some.severityText)
        expect(log.evt.name).toBe(action ?? some.eventName)
        expect(log.evt.outcome).toBe(outcomes.get(some.success))
        expect(log.otel.event_name).toBe(some.eventName)
        expect(log.otel.severity_number).toBe(some.severityNumber)
        expect(log.otel.severity_text).toBe(some.severityText)
        expect(log.attributes['aws.s3.key']).toBe(some.key)
      }
    }),
    { numRuns: 200 },
  )
})
