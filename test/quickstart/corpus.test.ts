import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import type { DecodedItem } from '../../src/domain/event.ts'
import { isAuditKey, isProbe, objectTime } from '../../src/domain/objects.ts'
import { eventId, eventTime } from '../../src/mapping/identity.ts'
import { mapEvent, mappingOptions } from '../../src/mapping/map.ts'
import { decode } from '../../src/receiver/decode/decode.ts'
import { bucket, objects } from './generate.ts'
import { hole } from './story.ts'

const folder = fileURLToPath(new URL('../../deploy/quickstart/', import.meta.url))
const keys = readdirSync(bucket, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name).slice(bucket.length + 1))
  .sort()
const bodyOf = (key: string) => readFileSync(join(bucket, key))

async function* once(body: Uint8Array): AsyncGenerator<Uint8Array> {
  yield body
}

async function itemsOf(key: string): Promise<DecodedItem[]> {
  const items: DecodedItem[] = []
  for await (const chunk of decode(once(bodyOf(key)))) items.push(...chunk.items)
  return items
}

/** What the forwarder will find, and what the README says it will. */
async function counted(): Promise<Record<string, number>> {
  const items = (await Promise.all(keys.map(async (key) => (await itemsOf(key)).map((item) => ({ key, item }))))).flat()
  const events = items.filter(({ item }) => item.bad === undefined)
  const owners = new Map(events.toReversed().map(({ key, item }) => [eventId(item), { key, item }]))
  const copies = events.filter(({ item }) => owners.get(eventId(item))?.item !== item)
  const doubled = copies.filter(({ key, item }) => owners.get(eventId(item))?.key === key).length
  return {
    objects: keys.length,
    probes: keys.filter((key) => isProbe({ key, size: bodyOf(key).length })).length,
    read: events.length,
    events: owners.size,
    again: copies.length - doubled,
    doubled,
    bad: items.length - events.length,
  }
}

test('what is committed is what the generator makes', () => {
  const made = objects()
  expect(keys).toEqual([...made.keys()].sort())
  for (const [key, body] of made) expect(bodyOf(key).equals(body), key).toBe(true)
})

test('the README says what is in it', async () => {
  const counts = await counted()
  const readme = readFileSync(join(folder, 'README.md'), 'utf8')
  const said = (label: string) => Number(new RegExp(`^\\| ${label} *\\| *(\\d+) \\|$`, 'm').exec(readme)?.[1])
  expect({
    objects: said('objects, the connectivity probe included'),
    probes: said('connectivity probes \\(empty\\)'),
    read: said('lines that are events'),
    events: said('different events'),
    again: said('copies in another object'),
    doubled: said('copies within an object'),
    bad: said('bad lines'),
  }).toEqual(counts)
  expect(counts).toMatchObject({ probes: 1, again: 3, doubled: 1, bad: 1 })
  expect(counts['events']).toBeGreaterThanOrEqual(300)
})

test('one hole in working hours, where the README says, and none like it elsewhere', () => {
  const times = keys.filter(isAuditKey).map((key) => objectTime({ key, modified: 0 }))
  const pauses = times
    .sort((a, b) => a - b)
    .map((from, n) => ({ from, to: times[n + 1] ?? from }))
    .filter(({ from, to }) => new Date(from).getUTCHours() >= 8 && from < to)
    .filter(({ from, to }) => new Date(from).getUTCDate() === new Date(to).getUTCDate())
    .sort((a, b) => b.to - b.from - (a.to - a.from))
  const [longest, next] = pauses
  const stamp = (ms: number) => new Date(ms).toISOString().slice(0, 19).replace('T', ' ')
  const readme = readFileSync(join(folder, 'README.md'), 'utf8')
  expect(readme).toContain(`from ${stamp(longest!.from)} to ${stamp(longest!.to)} UTC`)
  expect(longest!.from).toBeLessThan(hole.from + 10 * 60_000)
  expect(longest!.to).toBeGreaterThan(hole.to)
  expect(next!.to - next!.from).toBeLessThanOrEqual(3_600_000)
})

test('keys, compression and line endings are as CircleCI and its copies may lay them down', async () => {
  expect(keys.filter((key) => !isAuditKey(key))).toHaveLength(1)
  const bodies = keys.map(bodyOf)
  expect(bodies.filter((body) => body[0] === 0x1f && body[1] === 0x8b)).toHaveLength(1)
  expect(bodies.filter((body) => body.includes('\r\n'))).toHaveLength(1)
  expect(bodies.reduce((sum, body) => sum + body.length, 0)).toBeLessThan(600_000)
})

test('the event that was cut comes whole with the next object', async () => {
  for (const key of keys) {
    const bad = (await itemsOf(key)).find((item) => item.bad !== undefined)
    if (bad === undefined) continue
    const id = /"id":"([^"]+)"/.exec(bad.text)?.[1]
    const next = await itemsOf(keys[keys.indexOf(key) + 1]!)
    expect(next.map((item) => item.event?.id)).toContain(id)
  }
})

test('times have nine digits, addresses are of documentation ranges, and all three severities occur', async () => {
  const severities = new Set<string | undefined>()
  for (const key of keys) {
    for (const item of await itemsOf(key)) {
      if (item.event === undefined) continue
      const record = mapEvent(item, { store: 'dir:x', key, seenAt: 1 }, mappingOptions('0.0.0'))
      severities.add(record.severityText)
      expect(item.event.occurred_at).toMatch(/^2026-11-(09|1[0-3])T\d\d:\d\d:\d\d\.\d{9}Z$/)
      expect(eventTime(item, 0)).toBeLessThanOrEqual(objectTime({ key, modified: 0 }))
      expect(record.attributes['client.address'] ?? '203.0.113.').toMatch(/^(203\.0\.113\.|198\.51\.100\.|2001:db8:)/)
      expect(record.droppedAttributesCount).toBe(0)
    }
  }
  expect([...severities].sort()).toEqual(['critical', 'info', 'warning'])
})

test('the configuration reads this bucket, from the root of a checkout', () => {
  const config = parse(readFileSync(join(folder, 'config.yaml'), 'utf8')) as {
    receivers: { circleci_audit: { store: { directory: { path: string } }; start_at: string } }
  }
  const { store, start_at } = config.receivers.circleci_audit
  const root = resolve(folder, '../..')
  expect(existsSync(join(root, 'package.json'))).toBe(true)
  expect(resolve(root, store.directory.path)).toBe(bucket)
  expect(start_at).toBe('beginning')
})
