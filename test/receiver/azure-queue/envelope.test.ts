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

const event = (subject: string, more: object = {}) => ({
  eventType: 'Microsoft.Storage.BlobCreated',
  topic: '/subscriptions/1/storageAccounts/AcmeAudit',
  subject,
  ...more,
})

test('has an answer for any text and any JSON', () => {
  const kinds = ['objects', 'test', 'unknown']
  const anything = fc.oneof(
    fc.base64String(),
    fc.json().map((text) => Buffer.from(text).toString('base64')),
    fc.jsonValue().map((value) => JSON.stringify(event('/blobServices/default/containers/c/blobs/b', { data: value }))),
    fc.jsonValue().map((subject) => JSON.stringify({ ...event(''), subject })),
    fc.jsonValue().map((type) => JSON.stringify([{ specversion: '1.0', type, subject: '' }])),
  )
  fc.assert(fc.property(anything, (body) => kinds.includes(parseNotification(body).kind)))
})

test('finds any key, in plain text and in base64', () => {
  const key = fc.string({ unit: 'grapheme', minLength: 1 }).map((name) => `year=2026/month=3/day=1/hour=9/${name}`)
  const layout = /^year=\d+\/month=\d+\/day=\d+\/hour=\d+\/[^/]+$/
  fc.assert(
    fc.property(key, fc.boolean(), (key, encoded) => {
      fc.pre(layout.test(key))
      const text = JSON.stringify(event(`/blobServices/default/containers/circleci/blobs/${key}`))
      expect(parseNotification(encoded ? Buffer.from(text).toString('base64') : text)).toEqual({
        kind: 'objects',
        objects: [{ bucket: 'acmeaudit/circleci', key }],
      })
    }),
  )
})
