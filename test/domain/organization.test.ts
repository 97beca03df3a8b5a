import { expect, test } from 'vitest'
import type { AuditEvent } from '../../src/domain/event.ts'
import { foreignTo } from '../../src/domain/organization.ts'

const id = '9e9e0000-0000-4000-8000-000000000001'
const acme = { id, type: 'organization', name: 'acme' }
const other = { id: '0ac30000-0000-4000-8000-000000000002', type: 'organization', name: 'evil' }

test.each<[string, AuditEvent]>([
  ['the organization', { organization: acme, scope: other }],
  ['the scope, as older events', { scope: { ...acme, type: 'account' } }],
  ['the account', { account: acme, organization: { type: 'organization' } }],
])('%s can say it, by id and by name', (_, event) => {
  for (const expected of [id, id.toUpperCase(), 'acme', ' ACME ']) expect(foreignTo(expected, event)).toBeUndefined()
})

test("the name may have its code host's prefix", () => {
  expect(foreignTo('acme', { scope: { id, name: 'github: acme' } })).toBeUndefined()
  expect(foreignTo('github: acme', { scope: { id, name: 'github: acme' } })).toBeUndefined()
})

test('another organisation is refused, with who it is', () => {
  const reason = 'of another organisation: its organization "0ac30000-0000-4000-8000-000000000002" is not "acme"'
  expect(foreignTo('acme', { organization: other, scope: other })).toBe(reason)
  expect(foreignTo('acme', { account: { name: 'acme-2' } })).toMatch(/account "acme-2" is not "acme"/)
})

test('an event that names nobody is not refused, whatever else it holds', () => {
  const nobody = { organization: {}, scope: null, account: 'evil', actor: other } as unknown as AuditEvent
  expect(foreignTo('acme', nobody)).toBeUndefined()
  expect(foreignTo('acme', {})).toBeUndefined()
  expect(foreignTo('acme', { organization: { id: 7, name: '' } } as unknown as AuditEvent)).toBeUndefined()
})

test('a name cannot flood or break the reason', () => {
  const reason = foreignTo('acme', { scope: { name: `\n"${'x'.repeat(1e6)}` } })
  expect(reason?.length).toBeLessThan(300)
  expect(reason).not.toContain('\n')
})
