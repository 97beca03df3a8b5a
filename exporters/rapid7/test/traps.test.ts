// Where Rapid7 loses events with a 204, against a webhook that does just that. Every event must be there whole.
import { toLogRecordExporter } from '@circleci-audit-forwarder/contract'
import { auditRecords, bareRecord } from '@circleci-audit-forwarder/contract/testing'
import { expect, test } from 'vitest'
import { auditEvents, recordOf } from './events.ts'
import { API_KEY, OTHER_TOKEN, TOKEN } from './fake-rapid7.ts'
import { never, rapid7World } from './rapid7-world.ts'

const delivered = { status: 'delivered' }

test('R2: only the first line of a body is stored: every event is a request of its own', async () => {
  const world = await rapid7World()
  const records = auditRecords(100)
  const exporter = toLogRecordExporter(world.exporter, { concurrency: 16 })
  const result = await new Promise((resolve) => exporter.export(records, resolve))
  expect(result).toEqual({ code: 0 })
  expect(world.server.arrived).toHaveLength(100)
  expect(world.vendor.ids.toSorted()).toEqual(records.map((record) => record.attributes['log.record.uid']))
})

test('events full of line ends and quotes are stored whole', async () => {
  const world = await rapid7World()
  for (const record of auditEvents) expect(await world.send(record)).toMatchObject(delivered)
  expect(world.vendor.ids).toEqual(auditEvents.map((record) => record.attributes['log.record.uid']))
})

test('R1: line ends, U+2028 and an emoji at byte 32,767: one request, one line, valid UTF-8, one entry', async () => {
  const record = (length: number) => {
    const body = `a\nb\u2028c${'x'.repeat(length)}🦊`
    return { ...bareRecord, body, attributes: { 'log.record.uid': 'r' } }
  }
  const world = await rapid7World()
  const length = 32_767 - world.exporter.encode(record(0)).bytes.length
  // The emoji's four bytes are moved over the boundary, one by one.
  for (let beyond = -1; beyond <= 5; beyond++) {
    const changed = beyond > 0 ? { changed: { trimmed: 1 } } : {}
    expect(await world.send(record(length + beyond))).toEqual({ ...delivered, ...changed })
  }
  const bodies = world.server.arrived.map(({ body }) => new TextDecoder('utf-8', { fatal: true }).decode(body))
  expect(world.vendor.stored).toEqual(bodies)
  expect(bodies.map((body) => Buffer.byteLength(body)).slice(0, 2)).toEqual([32_766, 32_767])
  expect(bodies.map((body) => JSON.parse(body)._truncated === true)).toEqual([
    false,
    false,
    true,
    true,
    true,
    true,
    true,
  ])
  for (const body of bodies) {
    expect(body).not.toMatch(/[\n\r\u0085\u2028\u2029\ufffd]/)
    expect(JSON.parse(body)).toMatchObject({ event_id: 'r', body: expect.stringMatching(/^a\nb\u2028cx+(🦊|…)$/u) })
  }
})

test('what is longer would be cut into broken pieces: it is trimmed, or not sent', async () => {
  const record = recordOf({ id: 'r', action: 'org.create', payload: JSON.stringify('🦊'.repeat(10_000)) })
  const trimming = await rapid7World()
  expect(await trimming.send(record)).toEqual({ ...delivered, changed: { trimmed: 1 } })
  trimming.server.answer({ kind: 'throttle', afterSeconds: 1 })
  expect(await trimming.send(record)).not.toHaveProperty('changed')
  expect(trimming.vendor.stored.map((entry) => JSON.parse(entry))).toMatchObject([{ event_id: 'r', _truncated: true }])
  const keeping = await rapid7World({ oversize: 'quarantine' })
  expect(await keeping.send(record)).toMatchObject({ status: 'rejected', records: [{ index: 0, certain: true }] })
  expect(keeping.server.arrived).toEqual([])
})

test('R2: a token of no log is answered 204 for ever: only the check, with an API key, can tell', async () => {
  const world = await rapid7World({ token: OTHER_TOKEN, apiKey: API_KEY, region: 'eu' })
  expect(await world.send(auditRecords(1)[0] as never)).toEqual(delivered)
  expect(world.vendor.stored).toEqual([])
  const findings = await world.exporter.check(never)
  expect(findings).toContainEqual(expect.objectContaining({ level: 'error', what: 'a log has this token' }))
})

test('R2: a token of another region is answered 204 as well, and found out the same way', async () => {
  const world = await rapid7World({ apiKey: API_KEY, region: 'us' })
  // The key is good in its own region only.
  world.vendor.key = 'bad'
  world.vendor.entries.delete(TOKEN)
  expect(await world.send(auditRecords(1)[0] as never)).toEqual(delivered)
  const findings = await world.exporter.check(never)
  expect(findings).toContainEqual(expect.objectContaining({ level: 'error', what: 'api_key is accepted in region us' }))
})
