// Datadog's sizes: 5 MB and 1,000 logs for a request, 1 MB for a log, all of encoded bytes. What is above 1 MB Datadog cuts
// and answers 202.
import { createHash } from 'node:crypto'
import { type LogRecord, ORIGINAL, pack } from '@circleci-audit-forwarder/contract'
import { auditRecord } from '@circleci-audit-forwarder/contract/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeLog, LOG_BYTES_MAX } from '../src/index.ts'
import { cutToBytes } from '../src/trim.ts'
import { aged, datadogWorld, HOUR } from './datadog-world.ts'

const settings = {}

/** An audit event whose text is about so large. */
function large(id: string, bytes: number, filler = 'x'): LogRecord {
  const text = filler.repeat(Math.ceil(bytes / Buffer.byteLength(JSON.stringify(filler).slice(1, -1))))
  const payload = { note: text }
  const original = JSON.stringify({ id, action: 'context.create', payload, tail: 'the end' })
  return auditRecord({ id, attributes: { 'circleci.audit.payload': payload }, [ORIGINAL]: original })
}

// biome-ignore lint/suspicious/noExplicitAny: the shape is what is tested
function logOf(record: LogRecord): any {
  return JSON.parse(Buffer.from(encodeLog(record, settings).bytes).toString().slice(0, -1))
}

test('the fake cuts what is above 1 MB and says 202, which is why no such log is ever sent', async () => {
  const { exporter, datadog, send, batchOf } = await world()
  const { bytes, ...log } = exporter.encode(auditRecord())
  const blown = Buffer.from(
    Buffer.from(bytes)
      .toString()
      .replace('"alice', `"${'a'.repeat(LOG_BYTES_MAX)}`),
  )
  const batch = { ...batchOf([]), members: [{ ...log, bytes: blown }] }
  expect(await send(batch)).toEqual({ status: 'delivered' })
  expect(datadog.stored).toMatchObject([{ cut: true }])
})

test('D2: an event of 1.2 MB is trimmed before sending, marked, counted; its fields stay', async () => {
  const { datadog, batchOf, send } = await world()
  const records = [auditRecord({ id: 'a' }), large('b', 1_200_000), auditRecord({ id: 'c' })]
  expect(await send(batchOf(records))).toEqual({ status: 'delivered', changed: { trimmed: 1 } })
  expect(datadog.ids).toEqual(['a', 'b', 'c'])
  expect(datadog.stored.map(({ cut }) => cut)).toEqual([false, false, false])
  expect(datadog.stored[1]).toMatchObject({
    tags: ['truncated:true'],
    log: { truncated: true, untruncated_bytes: expect.any(Number), evt: { id: 'b', name: 'context.create' } },
  })
  const log = datadog.stored[1]?.log ?? {}
  expect(log['untruncated_bytes']).toBeGreaterThan(1_200_000)
  const circleci = log['circleci'] as Record<string, string>
  expect(circleci).toMatchObject({ id: 'b', action: 'context.create', success: true })
  expect(circleci).not.toHaveProperty('payload')
  expect(records[1]?.[ORIGINAL]?.startsWith(circleci['original'] ?? 'none')).toBe(true)
  expect(circleci['original']?.length).toBeGreaterThan(990_000)
  expect(datadog.stored[0]?.log).not.toHaveProperty('truncated')
})

test('D2: quotes that double when they are encoded count double: no log above 1 MB, no body above 5,000,000', async () => {
  const { server, datadog, batchOf, send, exporter } = await world()
  const records = Array.from({ length: 12 }, (_, index) => large(`${index}`, 900_000, '"\\'))
  const members = batchOf(records).members
  for (const batch of pack(members, exporter.limits)) {
    expect(await send({ members: batch, token: 't', now: 0 })).toEqual({ status: 'delivered' })
  }
  expect(datadog.ids).toEqual(records.map((_, index) => `${index}`))
  expect(datadog.stored.every(({ cut }) => !cut)).toBe(true)
  expect(Math.max(...server.arrived.map(({ body }) => body.length))).toBeLessThanOrEqual(5_000_000)
})

test('a full batch that turns out to be late while it waits still fits', async () => {
  const world = await datadogWorld()
  const { server, datadog, exporter } = world
  const size = exporter.encode(auditRecord({ id: '0000' })).bytes.length
  const body = 'y'.repeat(Math.floor(exporter.limits.bytes / 1000) - size)
  const records = Array.from({ length: 1000 }, (_, n) =>
    aged(String(n).padStart(4, '0'), 0, { body: `alice created context aws-prod${body}` }),
  )
  const [batch, ...others] = pack(world.batchOf(records).members, exporter.limits)
  expect(others).toEqual([])
  world.passTime(30 * HOUR)
  const outcome = await world.send({ members: batch ?? [], token: 't', now: 0 })
  expect(outcome).toEqual({ status: 'delivered', changed: { late: 1000 } })
  expect(server.arrived[0]?.body.length).toBeGreaterThan(4_900_000)
  expect(server.arrived[0]?.body.length).toBeLessThanOrEqual(5_000_000)
  expect(datadog.stored).toHaveLength(1000)
})

test('the bytes around the cut of a trimmed event', async () => {
  const text = Buffer.from(encodeLog(large('b', 1_200_000, '🦊 "é"'), settings).bytes).toString()
  const hash = createHash('sha256').update(text).digest('hex')
  const [first, last] = [text.indexOf('🦊'), text.lastIndexOf('🦊')]
  const golden = `${text.slice(0, first)}\n…\n${text.slice(last)}\nsha256 ${hash}\n`
  await expect(golden).toMatchFileSnapshot('golden/trimmed.txt')
})

test('oversize: quarantine refuses it by index and with the reason, for certain, and sends nothing', async () => {
  const { server, datadog, batchOf, send } = await world({ oversize: 'quarantine' })
  const records = [auditRecord({ id: 'a' }), large('b', 1_200_000)]
  expect(await send(batchOf(records))).toMatchObject({
    status: 'rejected',
    records: [
      {
        index: 1,
        certain: true,
        reason: expect.stringMatching(/^log of 12\d{5} bytes: Datadog cuts what is above 1000000/),
      },
    ],
  })
  expect(server.arrived).toHaveLength(0)
  expect(await send(batchOf(records.slice(0, 1)))).toEqual({ status: 'delivered' })
  expect(datadog.ids).toEqual(['a'])
})

test('what is large without its original is refused, for nothing else may be cut', async () => {
  const { server, batchOf, send } = await world()
  const record = auditRecord({ attributes: { note: 'x'.repeat(1_100_000) } })
  expect(await send(batchOf([record]))).toMatchObject({
    status: 'rejected',
    records: [{ index: 0, reason: expect.stringContaining('what may be cut is not what is large') }],
  })
  expect(server.arrived).toHaveLength(0)
})

test('without an original the payload is cut, of any other record the body', () => {
  const attributes = { 'circleci.audit.payload': { note: 'é'.repeat(600_000) } }
  const csv = logOf(auditRecord({ attributes, [ORIGINAL]: 'id,action' }))
  expect(csv.truncated).toBe(true)
  expect(csv.circleci.payload).toMatch(/^\{"note":"é+$/)
  const general = logOf({ ...auditRecord({ body: '🦊'.repeat(300_000) }), attributes: { a: 1 }, eventName: 'x' })
  expect(general).toMatchObject({ truncated: true, attributes: { a: 1 }, ddtags: 'truncated:true' })
  expect(general.message).toMatch(/^(?:🦊)+$/u)
})

const awkward = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc
    .array(fc.constantFrom('"', '\\', '\n', '\u0000', '\u2028', '\ud83e', '\udd8a', '🦊', 'é', '€', 'a', '\u007f'))
    .map((all) => all.join('')),
)

test('a cut text fits, is a beginning of the text on a code point, and is the longest that fits', () => {
  const cost = (part: string) => Buffer.byteLength(json(part)) - 2
  fc.assert(
    fc.property(awkward, fc.nat(300), (text, room) => {
      const cut = cutToBytes(text, room)
      expect(text.startsWith(cut)).toBe(true)
      expect(cut === '' ? 0 : cost(cut)).toBeLessThanOrEqual(room)
      const next = [...text.slice(cut.length)][0]
      if (next === undefined) return
      expect(cost(cut + next)).toBeGreaterThan(room)
      expect(cut.isWellFormed() || !text.isWellFormed()).toBe(true)
    }),
  )
})

test('whatever it is made of, a trimmed log is whole JSON of nearly 1 MB and never above', () => {
  fc.assert(
    fc.property(
      awkward.filter((text) => text !== ''),
      fc.integer({ min: 0, max: 40 }),
      (unit, more) => {
        const text = 'z'.repeat(more) + unit.repeat(Math.ceil(1_000_000 / unit.length))
        const { bytes, trimmed } = encodeLog(large('b', 1, text), settings)
        expect(trimmed).toBe(true)
        expect(bytes.length).toBeLessThanOrEqual(LOG_BYTES_MAX - 100)
        expect(bytes.length).toBeGreaterThan(LOG_BYTES_MAX - 100 - 12)
        const log = JSON.parse(Buffer.from(bytes).toString().slice(0, -1))
        expect(log.circleci.original).not.toMatch(/[\ud800-\udfff]$/u)
      },
    ),
    { numRuns: 8 },
  )
})

/** JSON text of a string as the exporter writes it. */
function json(text: string): string {
  const { bytes } = encodeLog({ ...auditRecord({ body: `#${text}` }) }, settings)
  const written = /"message":("#(?:[^"\\]|\\.)*")/s.exec(Buffer.from(bytes).toString())?.[1] ?? ''
  return written.replace('#', '')
}

/** With the functions bound. */
async function world(...args: Parameters<typeof datadogWorld>) {
  const made = await datadogWorld(...args)
  const { exporter, datadog, server } = made
  return { exporter, datadog, server, batchOf: made.batchOf.bind(made), send: made.send.bind(made) }
}
