import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseNotification } from '../../../src/receiver/envelope.ts'
import type { Notification } from '../../../src/receiver/notification.ts'

const bodies = new URL('./bodies/', import.meta.url)
const expected: Record<string, Notification> = JSON.parse(readFileSync(new URL('expected.json', bodies), 'utf8'))

test.each(Object.entries(expected))('understands %s', (name, notification) => {
  expect(parseNotification(readFileSync(new URL(`${name}.txt`, bodies), 'utf8'))).toEqual(notification)
})

test('every body of the corpus is expected to mean something', () => {
  const files = readdirSync(bodies).filter((file) => file.endsWith('.txt'))
  expect(files.map((file) => file.slice(0, -4)).sort()).toEqual(Object.keys(expected).sort())
})

test('has an answer for any text and any JSON', () => {
  const kinds = ['objects', 'test', 'unknown']
  const anything = fc.oneof(
    fc.string(),
    fc.json(),
    fc.jsonValue().map((value) => JSON.stringify({ Records: value })),
    fc.jsonValue().map((value) => JSON.stringify({ Records: [{ eventName: 'ObjectCreated:Put', s3: value }] })),
    fc.jsonValue().map((value) => JSON.stringify({ 'detail-type': 'Object Created', detail: value })),
    fc.json().map((value) => JSON.stringify({ Type: 'Notification', Message: value })),
  )
  fc.assert(fc.property(anything, (body) => kinds.includes(parseNotification(body).kind)))
})

test('finds any key that S3 encodes', () => {
  const encode = (key: string) => encodeURIComponent(key).replaceAll('%20', '+').replaceAll('%2F', '/')
  const key = fc.string({ unit: 'grapheme', minLength: 1 })
  fc.assert(
    fc.property(key, (key) => {
      const object = { key: encode(key) }
      const record = { eventName: 'ObjectCreated:Put', eventSource: 'aws:s3', s3: { bucket: { name: 'b' }, object } }
      expect(parseNotification(JSON.stringify({ Records: [record] }))).toEqual({
        kind: 'objects',
        objects: [{ bucket: 'b', key }],
      })
    }),
  )
})
