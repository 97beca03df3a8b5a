import { expect, test } from 'vitest'
import { isAuditEvent, normalize } from '../../../src/receiver/decode/normalize.ts'
import { event } from './bodies.ts'

test('an ordinary event is returned as it is, the same object', () => {
  const raw = JSON.parse(event('a', { actor: { id: 'u' }, success: true, version: 1, unknown: '{"x":1}' }))
  expect(normalize(raw)).toBe(raw)
})

test('a flat export in upper case is rebuilt', () => {
  const raw = {
    ID: 'a',
    'Occurred At': '2026-01-01T00:00:00Z',
    ACTOR_ID: 'u',
    ACTOR_NAME: 'github: x',
    ORGANIZATION_NAME: 'acme',
    REQUEST_ID: 'r',
    OCCURRED_DT: '2026-01-01',
  }
  expect(normalize(raw)).toEqual({
    id: 'a',
    occurred_at: '2026-01-01T00:00:00Z',
    actor: { id: 'u', name: 'github: x' },
    organization: { name: 'acme' },
    request: { id: 'r' },
    OCCURRED_DT: '2026-01-01',
  })
})

test('an exact name wins, and nothing is lost', () => {
  expect(normalize({ ID: 'other', id: 'a', ACTOR_ID: 'other', actor: { id: 'u' } })).toEqual({
    id: 'a',
    ID: 'other',
    actor: { id: 'u' },
    ACTOR_ID: 'other',
  })
  expect(normalize({ id: 'a', ACTOR_ID: 'u', actor: 'bob' })).toEqual({ id: 'a', actor: 'bob', ACTOR_ID: 'u' })
})

test('nested fields that are JSON text are parsed, other strings stay', () => {
  const raw = { id: 'a', target: '{"type":"context"}', payload: '{broken', metadata: '[1]', actor: 'bob' }
  expect(normalize(raw)).toEqual({ ...raw, target: { type: 'context' } })
})

test.each([
  ['true', true],
  ['T', true],
  [1, true],
  ['0', false],
  ['false', false],
  ['maybe', 'maybe'],
  [null, null],
])('success %j is %j', (written, success) => {
  expect(normalize({ id: 'a', success: written })).toEqual({ id: 'a', success })
})

test('a number is an identity only if it is exact', () => {
  expect(normalize({ id: 7 })).toEqual({ id: '7' })
  const huge = normalize(JSON.parse('{"id":12345678901234567890,"action":"x"}'))
  expect(huge.id).toBeUndefined()
  expect(isAuditEvent(normalize({ id: null, x: 1 }))).toBe(false)
})

test('an own __proto__ neither pollutes nor vanishes', () => {
  const event = normalize(
    JSON.parse(
      '{"ID":"a","__proto__":{"polluted":true},"actor":"{\\"__proto__\\":{\\"polluted\\":true}}","ACTOR_ID":"u"}',
    ),
  )
  expect(Object.hasOwn(event, '__proto__')).toBe(true)
  expect(Object.hasOwn(event.actor ?? {}, '__proto__')).toBe(true)
  expect((event as { polluted?: unknown }).polluted).toBeUndefined()
  expect(event.actor?.id).toBe('u')
})
