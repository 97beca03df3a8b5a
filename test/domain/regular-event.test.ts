import { expect, test } from 'vitest'
import type { AuditEvent } from '../../src/domain/event.ts'
import { type EventMatch, eventMatcher, matchText } from '../../src/domain/regular-event.ts'

const canary: AuditEvent = { action: 'workflow.start', target: { id: 'w-1', type: 'workflow', name: 'github: canary' } }

test.each<[EventMatch, AuditEvent, boolean]>([
  [{ action: 'workflow.start', target: 'canary' }, canary, true],
  [{ action: 'workflow-start' }, canary, true],
  [{ action: 'workflow.*', target: 'w-?' }, canary, true],
  [{ action: 'workflow.start', target: 'github: can*' }, canary, true],
  [{ action: 'workflow.start', target: 'nightly' }, canary, false],
  [{ action: 'workflow.finish' }, canary, false],
  [{ action: '*', target: '*' }, { action: 'workflow.start' }, false],
  [{ action: '*' }, { target: canary.target ?? {} }, false],
])('%j of %j: %s', (match, event, meant) => {
  expect(eventMatcher(match)(event)).toBe(meant)
})

test('it is called by what was written', () => {
  expect([matchText({ action: 'a' }), matchText({ action: 'a', target: 'b' })]).toEqual(['a', 'a of b'])
})
