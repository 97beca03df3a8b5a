import { expect, test } from 'vitest'
import { module } from '../../src/processors/redact.ts'

const key = 'a key of sixteen and more: 5ec4e7ca4a4e'

test('settings that cannot mean anything are refused', () => {
  const bad: object[] = [
    {},
    { drop: [] },
    { drop: [''] },
    { drop: ['a..b'] },
    { drop: ['.a'] },
    { drop: ['a b'] },
    ...['id', 'action', 'ID', 'occurred_at', 'log.record.uid', 'circleci.audit.action', 'aws.s3.key'].map((path) => ({
      mask: [path],
    })),
    { drop: ['circleci_audit_forwarder.source.key'] },
    { hash: ['a'] },
    { hash: ['a'], key: 'short' },
    { mask: ['a'], key },
    { mask: ['a'], drop: ['a'] },
    { mask: ['a', 'a'] },
  ]
  for (const settings of bad) expect(module.schema.safeParse(settings).success, JSON.stringify(settings)).toBe(false)
  expect(module.schema.safeParse({ drop: ['payload.токен', 'circleci_audit_forwarder.client.isp'] }).success).toBe(true)
})
