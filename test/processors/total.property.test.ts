// What every processor owes, whatever comes: it never throws, and it never touches the record it is given, because the
// same object goes to the lanes of all destinations.
import { type LogRecord, ORIGINAL } from '@circleci-audit-forwarder/contract'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Chain } from '../../src/processors/chain.ts'
import { processorModules } from '../../src/processors/modules.ts'
import type { Databases, Processor } from '../../src/processors/processor.ts'
import { london, provider } from '../databases/mmdb-writer.ts'
import { oddities } from '../mapping/corpus.ts'
import { frozen, recordOf } from './records.ts'

const key = 'a key of sixteen and more: 5ec4e7ca4a4e'
const globs = { include: ['*'], exclude: ['x*'] }
const settings: Readonly<Record<string, readonly unknown[]>> = {
  filter: [{ ...globs, actor: globs, target: globs, scope: globs, min_severity: 'warning', success: true }],
  attributes: [{ set: { tenant: 'acme', n: 1 }, resource: { 'deployment.environment.name': 'production' } }],
  geoip: [{ databases: ['city', 'isp'] }],
  severity: [{ set: { 'context.*': 'critical', '*': 'info' } }],
  redact: [
    { drop: ['**.name', 'payload.**'], mask: ['request.*', 'metadata'], hash: ['actor.id'], key },
    { drop: ['**'] },
    { mask: ['**'] },
    { hash: ['**', 'log.record.original', 'body'], key },
  ],
}
const databases: Databases = { lookup: (path) => () => (path === 'city' ? london : provider) }
const all = processorModules.flatMap((module) =>
  (settings[module.type] ?? []).map((one): [string, Processor] => [
    `${module.type} ${JSON.stringify(one).slice(0, 60)}`,
    module.create(`${module.type}/x`, module.schema.parse(one), databases),
  ]),
)

const cyclic: Record<string, unknown> = { name: 'n' }
cyclic['self'] = cyclic
cyclic['list'] = [cyclic, cyclic]
const names = fc.constantFrom(
  ...['circleci.audit.actor.name', 'circleci.audit.payload', 'client.address', 'circleci.audit.action', '__proto__'],
  ...['log.record.uid', 'circleci.audit.success', 'geo.location.lat', 'circleci.audit.metadata.x', '', 'name'],
)
const anything = fc.oneof(
  fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true, withTypedArray: true }),
  fc.constantFrom<unknown>(cyclic, Symbol('s'), () => 1, new Uint8Array([104, 105]), '8.8.8.8', '{"name":"x"}', '[{"a'),
)
const record = fc
  .record({
    base: fc.constantFrom(...Object.values(oddities)).map((text) => recordOf(text)),
    attributes: fc.dictionary(names, anything, { maxKeys: 6 }),
    original: fc.oneof(
      fc.string(),
      fc.json(),
      fc.constant(undefined),
      fc.constantFrom('{"name":"\\ud800"}', '[['.repeat(5000)),
    ),
    body: fc.oneof(anything, fc.constant('octocat context.create success')),
    eventName: fc.constantFrom(undefined, '', 'circleci.audit.x', 'circleci_audit_forwarder.gap.opened'),
    severityNumber: fc.constantFrom(undefined, 0, 9, 18, Number.NaN),
  })
  .map(({ base, attributes, original, ...rest }): LogRecord => {
    const all = { ...base.attributes, ...attributes }
    return { ...base, ...rest, attributes: all, [ORIGINAL]: original } as LogRecord
  })

test('there are settings for every processor', () => {
  expect(Object.keys(settings).sort()).toEqual(processorModules.map(({ type }) => type).sort())
})

test.each(all)('%s neither throws nor touches what it is given', (_, processor) => {
  const chain = new Chain([processor])
  fc.assert(
    fc.property(record, (given) => {
      const { resource, ...rest } = given
      frozenButBytes(rest)
      const before = JSON.stringify(resource.attributes)
      const result = chain.process(given)
      chain.transform(given)
      expect(JSON.stringify(resource.attributes)).toBe(before)
      if (result !== undefined) expect(result.attributes['log.record.uid']).toBe(given.attributes['log.record.uid'])
    }),
    { numRuns: 300 },
  )
})

/** Typed arrays cannot be frozen; everything else is. */
function frozenButBytes(value: unknown): void {
  try {
    frozen(value)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
  }
}

test.each(all)('%s gives the same record for the same record', (_, processor) => {
  const chain = new Chain([processor])
  for (const text of Object.values(oddities)) {
    const [one, other] = [chain.process(recordOf(text)), chain.process(recordOf(text))]
    expect(one?.attributes).toEqual(other?.attributes)
    expect([one?.[ORIGINAL], one?.body, one?.severityNumber]).toEqual([
      other?.[ORIGINAL],
      other?.body,
      other?.severityNumber,
    ])
  }
})
