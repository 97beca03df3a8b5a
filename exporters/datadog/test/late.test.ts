// Datadog answers 202 to what is older than 18 hours or 2 hours ahead, and drops it.
import { auditRecord } from '@circleci-audit-forwarder/contract/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EARLY_MS, LATE_MS } from '../src/index.ts'
import { head, RESTAMP_BYTES, restamped } from '../src/stamp.ts'
import { timestamp } from '../src/text.ts'
import { aged, datadogWorld, HOUR, KEY, NOW, never } from './datadog-world.ts'

test('the fake drops what is too old and says 202, which is why nothing too old is ever sent under its time', async () => {
  const { server, datadog, exporter } = await world()
  const { bytes } = exporter.encode(aged('old', 20 * HOUR))
  const body = `[${Buffer.from(bytes).toString().slice(0, -1)}]`
  const { status } = await fetch(`${server.url}/api/v2/logs`, { method: 'POST', body, headers: { 'DD-API-KEY': KEY } })
  expect(status).toBe(202)
  expect(datadog.stored).toEqual([])
  expect(datadog.dropped).toHaveLength(1)
})

test('D1: an event 20 hours old is filed under the time of arrival, its own kept, marked and counted', async () => {
  const { datadog, batchOf, send } = await world({ tags: ['team:security'] })
  const outcome = await send(batchOf([aged('new', HOUR), aged('old', 20 * HOUR)]))
  expect(outcome).toEqual({ status: 'delivered', changed: { late: 1 } })
  expect(datadog.dropped).toEqual([])
  expect(datadog.stored).toMatchObject([
    { timestamp: NOW - HOUR, tags: ['team:security'] },
    { timestamp: NOW, tags: ['late:true', 'team:security'], log: { late: true, evt: { id: 'old' } } },
  ])
  expect(datadog.stored[1]?.log).not.toHaveProperty('timestamp')
  expect(datadog.stored[0]?.log).not.toHaveProperty('late')
  expect(datadog.stored[0]?.log).not.toHaveProperty('original_timestamp')
  const own = new Date(NOW - 20 * HOUR).toISOString().replace('.000Z', '.000456789Z')
  expect(datadog.stored[1]?.log).toMatchObject({ original_timestamp: own, otel: { timestamp: expect.any(String) } })
})

test('the bytes of a request of timely, late and early events', async () => {
  const { server, batchOf, send } = await world({ tags: ['env:prod'], http: { compression: 'none' } })
  await send(batchOf([aged('new', HOUR), aged('old', 20 * HOUR), aged('coming', -3 * HOUR)]))
  await expect(`${server.arrived[0]?.body}\n`).toMatchFileSnapshot('golden/request.json.txt')
})

test('an outage moves a batch out of the window: the same encoded members are judged anew at every attempt', async () => {
  const world = await datadogWorld()
  const { datadog, server } = world
  const batch = world.batch(2)
  server.answer({ kind: 'throttle', afterSeconds: 1 })
  expect(await world.send(batch)).toMatchObject({ status: 'retry' })
  world.passTime(19 * HOUR)
  server.answer({ kind: 'throttle', afterSeconds: 1 })
  expect(await world.send(batch)).toMatchObject({ status: 'retry' })
  world.passTime(HOUR)
  // What was not accepted was not counted.
  expect(await world.send(batch)).toEqual({ status: 'delivered', changed: { late: 2 } })
  expect(datadog.dropped).toEqual([])
  expect(datadog.stored.map(({ timestamp, tags }) => ({ timestamp, tags }))).toEqual([
    { timestamp: NOW + 20 * HOUR, tags: ['late:true'] },
    { timestamp: NOW + 20 * HOUR, tags: ['late:true'] },
  ])
})

test('late_events: quarantine refuses those, by index and with the reason, for certain, and sends none of them', async () => {
  const { server, datadog, batchOf, send } = await world({ lateEvents: 'quarantine' })
  const records = [aged('new', HOUR), aged('old', 20 * HOUR), aged('coming', -3 * HOUR)]
  const outcome = await send(batchOf(records))
  expect(outcome).toMatchObject({
    status: 'rejected',
    records: [
      { index: 1, certain: true },
      { index: 2, certain: true },
    ],
  })
  const reasons = outcome.status === 'rejected' ? outcome.records.map(({ reason }) => reason) : []
  expect(reasons[0]).toMatch(/^happened 2026-09-30T0\S+Z, 20\.0 hours ago: Datadog drops/)
  expect(reasons[1]).toMatch(/3\.0 hours from now/)
  expect(server.arrived.map(({ body }) => `${body}`)).toEqual(['{}'])
  expect(await send(batchOf(records.slice(0, 1)))).toEqual({ status: 'delivered' })
  expect(datadog.ids).toEqual(['new'])
})

test('before anything is refused for good, Datadog is asked the time with an empty request: once for a while', async () => {
  const world = await datadogWorld({ lateEvents: 'quarantine' })
  const { server } = world
  const old = world.batchOf([aged('old', 40 * HOUR)])
  for (let n = 0; n < 3; n += 1) expect(await world.send(old)).toMatchObject({ records: [{ certain: true }] })
  expect(server.arrived).toHaveLength(1)
  world.passTime(11 * 60_000)
  expect(await world.send(old)).toMatchObject({ records: [{ certain: true }] })
  expect(server.arrived).toHaveLength(2)
  // A delivery tells the time as well; where nothing is late, nobody asks.
  world.passTime(11 * 60_000)
  await world.send(world.batchOf([aged('new', -25 * 60_000)]))
  expect(await world.send(old)).toMatchObject({ records: [{ certain: true }] })
  expect(server.arrived).toHaveLength(3)
})

test('a clock here that is days ahead condemns nothing: what Datadog takes is delivered', async () => {
  const { exporter, datadog, batchOf } = await world({ lateEvents: 'quarantine' })
  const batch = { ...batchOf([aged('a', 0), aged('old', 20 * HOUR)]), now: NOW + 90 * HOUR }
  expect(await exporter.send(batch, never)).toMatchObject({
    status: 'rejected',
    records: [{ index: 1, certain: true }],
  })
  const rest = { ...batch, members: batch.members.slice(0, 1) }
  expect(await exporter.send(rest, never)).toEqual({ status: 'delivered' })
  expect(datadog.ids).toEqual(['a'])
})

test('while Datadog cannot be asked the time, nothing is refused', async () => {
  const { server, exporter, batchOf } = await world({ lateEvents: 'quarantine' })
  const batch = batchOf([aged('old', 20 * HOUR)])
  server.answer({ kind: 'throttle', afterSeconds: 7 }, { kind: 'refuse credentials' }, { kind: 'cut before answer' })
  expect(await exporter.send(batch, never)).toMatchObject({ status: 'retry', ambiguous: false, retryAfterMs: 7000 })
  expect(await exporter.send(batch, never)).toMatchObject({ status: 'stopped', cause: 'credentials' })
  // No record was in that request.
  expect(await exporter.send(batch, never)).toMatchObject({ status: 'retry', ambiguous: false })
  expect(await exporter.send(batch, never)).toMatchObject({ status: 'rejected', records: [{ certain: true }] })
})

test('an answer that does not tell the time makes no refusal certain', async () => {
  const { datadog, exporter, batchOf } = await world({ lateEvents: 'quarantine' })
  datadog.now = Number.NaN
  const outcome = await exporter.send(batchOf([aged('old', 20 * HOUR)]), never)
  expect(outcome).toMatchObject({ status: 'rejected', records: [{ index: 0 }] })
  expect(outcome).not.toHaveProperty('records.0.certain')
})

test('an event of the future is dropped by Datadog too: it is filed under the time of arrival and marked early', async () => {
  const { datadog, batchOf, send } = await world()
  const outcome = await send(batchOf([aged('coming', -3 * HOUR), aged('soon', -HOUR / 2)]))
  expect(outcome).toEqual({ status: 'delivered', changed: { early: 1 } })
  expect(datadog.dropped).toEqual([])
  expect(datadog.stored).toMatchObject([
    {
      timestamp: NOW,
      tags: ['early:true'],
      log: { early: true, ddtags: 'early:true', original_timestamp: expect.any(String) },
    },
    { timestamp: NOW + HOUR / 2, tags: [] },
  ])
})

test('an event without a time goes by when it was seen; without that, by when it arrives', async () => {
  const { datadog, batchOf, send } = await world()
  const unknown: [number, number] = [0, 0]
  const seen: [number, number] = [NOW / 1000 - 20 * 3600, 0]
  await send(batchOf([auditRecord({ id: 'seen', hrTime: unknown, hrTimeObserved: seen })]))
  await send(batchOf([auditRecord({ id: 'never', hrTime: unknown, hrTimeObserved: unknown })]))
  await send(batchOf([auditRecord({ id: 'absurd', hrTime: [1e300, 0], hrTimeObserved: [Number.NaN, 0] })]))
  expect(datadog.stored).toMatchObject([
    { timestamp: NOW, tags: ['late:true'] },
    { timestamp: NOW, tags: [] },
    { timestamp: NOW, tags: [] },
  ])
  expect(datadog.stored[1]?.log).not.toHaveProperty('timestamp')
  expect(datadog.stored[2]?.log).not.toHaveProperty('timestamp')
})

test('whatever an event’s age, Datadog keeps it, under its own time where it can and marked where it cannot', async () => {
  const { exporter, datadog, batchOf } = await world({ tags: ['a:b'] })
  const ages = fc.array(fc.integer({ min: -40 * HOUR, max: 40 * HOUR }), { minLength: 1, maxLength: 20 })
  const clocks = fc.integer({ min: -10 * 60_000, max: 10 * 60_000 })
  await fc.assert(
    fc.asyncProperty(ages, clocks, async (some, apart) => {
      datadog.stored.length = 0
      datadog.now = NOW + apart
      const batch = batchOf(some.map((age, index) => aged(`${index}`, age)))
      expect(await exporter.send(batch, never)).toMatchObject({ status: 'delivered' })
      expect(datadog.dropped).toEqual([])
      expect(datadog.ids).toEqual(some.map((_, index) => `${index}`))
      for (const [index, age] of some.entries()) {
        const stored = datadog.stored[index]
        const mark = age > LATE_MS ? ['late:true'] : age < -EARLY_MS ? ['early:true'] : []
        expect(stored?.tags).toEqual([...mark, 'a:b'])
        expect(stored?.timestamp).toBe(mark.length === 0 ? NOW - age : datadog.now)
      }
    }),
    { numRuns: 60 },
  )
})

test('a clock here that is hours behind: Datadog drops and says 202, its date tells, and the batch goes again', async () => {
  const { exporter, datadog, batchOf } = await world()
  const batch = { ...batchOf([aged('old', 20 * HOUR), aged('new', 0)]), now: NOW - 20 * HOUR }
  // Judged 20 hours ago: `old` happens now, `new` is 20 hours ahead.
  const outcome = await exporter.send(batch, never)
  expect(outcome).toMatchObject({ status: 'retry', ambiguous: true })
  expect(outcome).toMatchObject({
    reason: expect.stringMatching(/dropped 1 records: this clock is 20\.0 hours behind/),
  })
  expect(datadog.ids).toEqual(['new'])
  expect(await exporter.send(batch, never)).toEqual({ status: 'delivered', changed: { late: 1 } })
  expect(datadog.ids).toEqual(['new', 'old', 'new'])
  expect(datadog.stored.map(({ tags }) => tags)).toEqual([['early:true'], ['late:true'], []])
})

test('once it is known, a wrong clock makes nothing late; once it is set, nothing either', async () => {
  const { exporter, datadog, batchOf } = await world()
  const batch = batchOf([aged('a', 0)])
  for (const now of [NOW + 90 * HOUR, NOW + 90 * HOUR, NOW, NOW]) {
    expect(await exporter.send({ ...batch, now }, never)).toMatchObject({ status: 'delivered' })
  }
  expect(datadog.dropped).toEqual([])
  expect(datadog.stored.map(({ tags }) => tags)).toEqual([['late:true'], [], ['early:true'], []])
})

test('an answer without a date takes back nothing of what an earlier one told', async () => {
  const { exporter, server, datadog, batchOf } = await world()
  const batch = { ...batchOf([aged('a', 0)]), now: NOW + 90 * HOUR }
  const stamps: unknown[] = []
  const send = async (): Promise<void> => {
    expect(await exporter.send(batch, never)).toMatchObject({ status: 'delivered' })
    stamps.push(datadog.stored.at(-1)?.tags)
  }
  await send()
  datadog.tellsTime = false
  await send()
  await send()
  server.answer({ kind: 'cut before answer' })
  expect(await exporter.send(batch, never)).toMatchObject({ status: 'retry' })
  await send()
  expect(stamps).toEqual([['late:true'], [], [], []])
})

test('what was told of the time a while ago makes a refusal certain, without being told anew', async () => {
  const world = await datadogWorld({ lateEvents: 'quarantine' })
  await world.send(world.batchOf([aged('new', 0)]))
  world.datadog.tellsTime = false
  await world.send(world.batchOf([aged('other', 0)]))
  const old = world.batchOf([aged('old', 20 * HOUR)])
  expect(await world.send(old)).toMatchObject({ records: [{ certain: true }] })
  world.passTime(11 * 60_000)
  expect(await world.send(old)).not.toHaveProperty('records.0.certain')
})

test('however wrong the clock, whatever is delivered is there', async () => {
  const ages = fc.array(fc.integer({ min: -40 * HOUR, max: 40 * HOUR }), { minLength: 1, maxLength: 5 })
  const clocks = fc.array(fc.integer({ min: -99 * HOUR, max: 99 * HOUR }), { minLength: 1, maxLength: 4 })
  const { exporter, datadog, batchOf } = await world()
  await fc.assert(
    fc.asyncProperty(ages, clocks, async (some, wrong) => {
      const batch = batchOf(some.map((age, index) => aged(`${index}`, age)))
      for (const apart of wrong) {
        datadog.stored.length = 0
        const now = NOW + apart
        const outcome = await exporter.send({ ...batch, now }, never)
        const again = outcome.status === 'delivered' ? outcome : await exporter.send({ ...batch, now }, never)
        expect(again).toMatchObject({ status: 'delivered' })
        expect(new Set(datadog.ids)).toEqual(new Set(some.map((_, index) => `${index}`)))
      }
    }),
    { numRuns: 60 },
  )
})

test('an hour is left on both sides of what Datadog takes', () => {
  expect([LATE_MS, EARLY_MS]).toEqual([17 * HOUR, HOUR])
})

test('a re-stamped record is never larger than what was left for it', () => {
  const time = fc.tuple(fc.integer({ min: 1, max: 8_640_000_000_000 - 1 }), fc.integer({ min: 0, max: 999_999_999 }))
  const mark = fc.constantFrom('late', 'early')
  fc.assert(
    fc.property(time, mark, fc.constantFrom('"},', 'a:b"},'), (at, name, rest) => {
      const beginning = head(at)
      const log = { bytes: Buffer.from(beginning + rest), time: at, tail: beginning.length, trimmed: false }
      const bytes = Buffer.concat(restamped(log, name))
      expect(bytes.length - log.bytes.length).toBeLessThanOrEqual(RESTAMP_BYTES)
      const tags = rest.startsWith('"') ? `${name}:true` : `${name}:true,a:b`
      const own = timestamp(at)
      expect(JSON.parse(`${bytes}`.slice(0, -1))).toEqual({ [name]: true, original_timestamp: own, ddtags: tags })
    }),
  )
})

/** With the functions bound. */
async function world(...args: Parameters<typeof datadogWorld>) {
  const made = await datadogWorld(...args)
  const { exporter, datadog, server } = made
  return { exporter, datadog, server, batchOf: made.batchOf.bind(made), send: made.send.bind(made) }
}
