import type { LogRecord } from '@circleci-audit-forwarder/contract'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { module } from '../../src/processors/filter.ts'
import { textWith } from '../mapping/corpus.ts'
import { filterOf, recordOf } from './records.ts'

const passes = (settings: object, event: Record<string, unknown> = {}): boolean =>
  filterOf(module, settings).passes(recordOf(textWith(event)))

test.each([
  ['id', '5a1b0000-0000-4000-8000-000000000001'],
  ['name', 'github: octocat'],
  ['name without code host', 'octocat'],
  ['name in capitals', 'OctoCat'],
  ['type and name', 'user/octocat'],
  ['type and name as written', 'user/github: octocat'],
  ['type', 'user/*'],
  ['beginning', 'octo*'],
])('an actor goes by its %s', (_, glob) => {
  expect(passes({ actor: { exclude: [glob] } })).toBe(false)
  expect(passes({ actor: { include: [glob] } })).toBe(true)
  const other = { actor: { id: 'b-2', type: 'system', name: 'circleci: scheduler' } }
  expect(passes({ actor: { exclude: [glob] } }, other)).toBe(true)
  expect(passes({ actor: { include: [glob] } }, other)).toBe(false)
})

test('a glob is about the whole of a name', () => {
  expect(passes({ actor: { exclude: ['octo'] } })).toBe(true)
  expect(passes({ actor: { exclude: ['cat', '/'] } })).toBe(true)
})

test('target and scope have globs of their own', () => {
  expect(passes({ target: { exclude: ['context/aws-*'] } })).toBe(false)
  expect(passes({ target: { include: ['context/*'], exclude: ['context/aws-prod'] } })).toBe(false)
  expect(passes({ target: { include: ['project/*'] } })).toBe(false)
  expect(passes({ scope: { include: ['acme'] } })).toBe(true)
  expect(passes({ scope: { exclude: ['account/acme'] } })).toBe(false)
  expect(passes({ scope: { exclude: ['octocat'] } })).toBe(true)
})

test('a party without a name goes by type and id', () => {
  expect(passes({ target: { exclude: ['project/p-*'] } }, { target: { id: 'p-1', type: 'project' } })).toBe(false)
})

test('an event without the party is withheld by what must match, and by nothing else', () => {
  const event = { actor: undefined }
  expect(passes({ actor: { include: ['octocat'] } }, event)).toBe(false)
  expect(passes({ actor: { exclude: ['octocat', '?*'] } }, event)).toBe(false)
  expect(passes({ actor: { exclude: ['octocat'] } }, event)).toBe(true)
})

test('below the floor of severity nothing passes', () => {
  const levels: [string, object][] = [
    ['info', { action: 'context.create' }],
    ['warning', { action: 'webhook.create' }],
    ['critical', { action: 'context.delete' }],
  ]
  for (const [floor, ...passing] of [
    ['info', 'info', 'warning', 'critical'],
    ['warning', 'warning', 'critical'],
    ['critical', 'critical'],
  ]) {
    const through = levels.filter(([, event]) => passes({ min_severity: floor }, event as Record<string, unknown>))
    expect(through.map(([level]) => level)).toEqual(passing)
  }
})

test('only failures, or only successes; what does not say passes', () => {
  for (const [success, says, through] of [
    [false, false, true],
    [false, true, false],
    [true, true, true],
    [true, false, false],
    [true, undefined, true],
    [false, undefined, true],
  ]) {
    expect(passes({ success }, { success: says, common_fields: undefined })).toBe(through)
  }
})

test('every setting that is given must let an event pass', () => {
  const parts = {
    include: ['context.*'],
    min_severity: 'info',
    success: true,
    actor: { include: ['octocat'] },
    target: { exclude: ['project/*'] },
  }
  const against: Record<string, unknown>[] = [
    { action: 'project.add' },
    { success: false },
    { actor: { id: 'm', type: 'user', name: 'github: mona' } },
    { target: { id: 'p', type: 'project', name: 'web' } },
  ]
  expect(passes(parts)).toBe(true)
  for (const change of against) expect(passes(parts, change), JSON.stringify(change)).toBe(false)
})

test("no filter hides the forwarder's own records, whatever it asks", () => {
  const own: LogRecord = {
    ...recordOf(textWith({ success: false })),
    severityNumber: 1,
    eventName: 'circleci_audit_forwarder.gap.opened',
  }
  const nothing = { include: ['nothing'] }
  const settings = {
    ...nothing,
    actor: nothing,
    target: nothing,
    scope: nothing,
    success: true,
    min_severity: 'critical',
  }
  expect(filterOf(module, settings).passes(own)).toBe(true)
})

test('what one filter excludes, the same filter as include is all that passes', () => {
  const glob = fc.array(fc.constantFrom('*', '?', 'oct', 'user/', 'cat', 'o')).map((parts) => parts.join('') || '*')
  fc.assert(
    fc.property(glob, fc.constantFrom('actor', 'target', 'scope'), (one, party) => {
      expect(passes({ [party]: { exclude: [one] } })).toBe(!passes({ [party]: { include: [one] } }))
    }),
  )
})

test('settings that cannot mean anything are refused', () => {
  const bad: object[] = [{ actor: {} }, { actor: { include: [] } }, { actor: ['octocat'] }, { min_severity: 'error' }]
  for (const settings of [...bad, { success: 'false' }, { severity: 'info' }, {}]) {
    expect(module.schema.safeParse(settings).success, JSON.stringify(settings)).toBe(false)
  }
})
