// What the collector does that loses events without a word, played by the fake as it was measured, and what stands
// against it here.
import { auditRecord } from '@circleci-audit-forwarder/contract/testing'
import { expect, test } from 'vitest'
import type { HecEvent } from '../src/index.ts'
import { ENVELOPE } from './fake-hec.ts'
import { hecParts, never } from './hec-world.ts'

test('trap: an unknown key beside `event` is answered 200 and loses that event and all after it; none is ever written', async () => {
  const { exporter, hec, now } = await hecParts()
  const good = exporter.encode(auditRecord({ id: 'a' }))
  const bad = { bytes: Buffer.from('{"event":{"event_id":"b"},"id":"b"}\n') }
  expect(await exporter.send({ members: [good, bad, good], token: 't', now }, never)).toEqual({ status: 'delivered' })
  expect(hec.ids).toEqual(['a'])
  for (const record of [auditRecord(), auditRecord({ attributes: { id: 'x' }, eventName: 'other' })]) {
    expect(ENVELOPE).toEqual(expect.arrayContaining(Object.keys(JSON.parse(`${exporter.encode(record).bytes}`))))
  }
})

test('trap: `fields` without `event` is answered 200 and skipped; every record has an event', async () => {
  const { exporter, hec, now, batchOf } = await hecParts()
  const bad = { bytes: Buffer.from('{"fields":{"event_id":"b"}}\n') }
  expect(await exporter.send({ members: [bad], token: 't', now }, never)).toEqual({ status: 'delivered' })
  expect(hec.stored).toHaveLength(0)
  const empty = auditRecord({ attributes: {}, body: undefined, eventName: '' })
  await exporter.send(batchOf([{ ...empty, attributes: {} }]), never)
  expect(hec.stored).toHaveLength(1)
})

test('trap: without acknowledgement 200 means in memory, and a crash of the indexer loses it: check warns', async () => {
  const { exporter, hec, batch } = await hecParts()
  expect(await exporter.send(batch(), never)).toEqual({ status: 'delivered' })
  hec.crash()
  expect(hec.stored).toHaveLength(0)
  const detail = expect.stringContaining('should it crash then, they are lost')
  expect(await exporter.check(never)).toContainEqual(expect.objectContaining({ level: 'warning', detail }))
})

const broken = '{"event":'
const faults: readonly (readonly [string, string, object, readonly string[]])[] = [
  [
    'a syntax error',
    broken,
    { status: 'rejected', records: [{ index: 1, reason: 'Invalid data format (code 6)' }] },
    ['a'],
  ],
  ['a blank event', '{"event":""}', { status: 'rejected', records: [{ index: 1 }] }, ['a']],
  ['no event', '{"event":null}', { status: 'rejected', records: [{ index: 1 }] }, ['a']],
  ['nested fields', '{"event":"x","fields":{"a":{}}}', { status: 'rejected', records: [{ index: 1 }] }, ['a']],
  ['a time with an exponent', '{"time":1e9,"event":"x"}', { status: 'rejected', records: [{ index: 1 }] }, ['a']],
]

test.each(faults)(
  '%s in the second of three: the first is stored, the second named, the rest goes again',
  async (...fault) => {
    const [, text, expected, before] = fault
    const { exporter, hec, now } = await hecParts()
    const [a, c] = ['a', 'c'].map((id) => exporter.encode(auditRecord({ id }))) as [HecEvent, HecEvent]
    const bad = { bytes: Buffer.from(`${text}\n`) }
    expect(await exporter.send({ members: [a, bad, c], token: 't', now }, never)).toMatchObject({
      ...expected,
      taken: 1,
    })
    expect(hec.ids).toEqual(before)
    expect(await exporter.send({ members: [a, c], token: 'u', now }, never)).toEqual({ status: 'delivered' })
    expect(hec.ids).toEqual(['a', 'a', 'c'])
  },
)
