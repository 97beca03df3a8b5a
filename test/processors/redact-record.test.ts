// Redaction of what is made of several parts: the display line, keys, and records with more secrets than texts.
import { type LogRecord, ORIGINAL } from '@circleci-audit-forwarder/contract'
import { expect, test } from 'vitest'
import { module } from '../../src/processors/redact.ts'
import { oddities, textWith } from '../mapping/corpus.ts'
import { everythingIn, recordOf, transformerOf } from './records.ts'

const redactText = (settings: object, text: string): LogRecord =>
  transformerOf(module, settings).transform(recordOf(text))

test('keys that become the same stay apart', () => {
  const payload = { secrets: ['grey-hat', 'blue-hat'], list: { 'grey-hat': 2, 'blue-hat': 3, plain: 4 } }
  const record = redactText({ mask: ['payload.secrets'] }, textWith({ payload }))
  const expected = { secrets: ['[redacted]', '[redacted]'], list: { '[redacted]': 2, '[redacted]_2': 3, plain: 4 } }
  expect(JSON.parse(record[ORIGINAL]!).payload).toEqual(expected)
  expect(record.attributes['circleci.audit.payload']).toEqual(expected)
})

test('the display line is that of an event without what was redacted', () => {
  const line = (settings: object) => redactText(settings, oddities['plain']!).body
  expect(line({ drop: ['actor.name'] })).toBe(
    '5a1b0000-0000-4000-8000-000000000001 context.secrets.accessed context "aws-prod" success',
  )
  expect(line({ drop: ['actor'], mask: ['target.name'] })).toBe(
    'unknown context.secrets.accessed context "[redacted]" success',
  )
  expect(line({ mask: ['body'] })).toBe('[redacted]')
})

test('a name too long for the display line leaves no beginning of it there', () => {
  const name = `${'long-name '.repeat(40)}end`
  const record = redactText({ mask: ['target.name'] }, textWith({ target: { id: 't', type: 'context', name } }))
  expect(record.body).toBe('octocat context.secrets.accessed context "[redacted]" success')
})

test('so many values that nobody can look for all of them: then no text of the record passes', () => {
  const many = Object.fromEntries(Array.from({ length: 1200 }, (_, i) => [`k${i}`, `value-number-${i}`]))
  const record = redactText({ drop: ['payload.many'] }, textWith({ payload: { many, note: 'value-number-1199' } }))
  expect(everythingIn(record)).not.toContain('value-number')
  expect(record.attributes).toMatchObject({
    'circleci.audit.actor.name': '[redacted]',
    'circleci.audit.action': 'context.secrets.accessed',
    'log.record.uid': '0b7f3c7e-6a0e-4d0c-9b35-2f4c1f0a9d11',
  })
})
