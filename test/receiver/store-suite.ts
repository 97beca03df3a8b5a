import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ReadFailure } from '../../src/domain/failures.ts'
import type { Sighting } from '../../src/domain/objects.ts'
import type { Store } from '../../src/receiver/store.ts'
import { collect } from '../tools/collect.ts'

/** A store to be tried, and hands on what lies behind it. Its prefix is `audit-logs`. */
export interface StoreBench {
  readonly store: Store
  readonly put: (key: string, body: string) => Promise<void>
  readonly remove: (key: string) => Promise<void>
  readonly close: () => Promise<void>
}

const hour = 'year=2026/month=03/day=1/hour=09/'
const name = '2026-03-01T09:52:30_a1b2c3'
const never = new AbortController().signal

export async function listed(store: Store, under: string): Promise<Sighting[]> {
  const objects: Sighting[] = []
  for await (const page of store.list(under, never)) objects.push(...page.objects)
  return objects
}

export async function bytes(store: Store, object: Sighting): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of await store.read(object, never)) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

async function one(store: Store, key: string): Promise<Sighting> {
  const found = await store.stat(key, never)
  if (found === undefined) throw new Error(`${key} is not there`)
  return found
}

/** What every store guarantees, each guarantee by name. */
export function storeSuite(title: string, open: () => Promise<StoreBench>): void {
  describe(title, () => {
    let bench: StoreBench
    let store: Store
    beforeAll(async () => {
      bench = await open()
      store = bench.store
    })
    afterAll(() => bench.close())

    test('names itself without the prefix', () => {
      expect(store.prefix).toBe('audit-logs')
      expect(store.uri).not.toContain('audit-logs')
    })

    test('lists every object below its prefix and none beside it', async () => {
      await bench.put(`audit-logs/${hour}${name}`, 'inside')
      await bench.put(`audit-logs-2/${hour}${name}`, 'beside')
      await bench.put(`${hour}${name}`, 'above')
      expect((await listed(store, '')).map((object) => object.key)).toEqual([`audit-logs/${hour}${name}`])
    })

    test('lists a partition and not its namesakes', async () => {
      await bench.put('audit-logs/year=2026/month=03/day=16/hour=9/other', 'x')
      const found = await listed(store, 'year=2026/month=03/day=1/')
      expect(found.map((object) => object.key)).toEqual([`audit-logs/${hour}${name}`])
    })

    test('shows a listed object with its size and time of writing', async () => {
      const [object] = await listed(store, hour)
      expect(object).toMatchObject({ key: `audit-logs/${hour}${name}`, size: 6 })
      expect(Math.abs(object!.modified - Date.now())).toBeLessThan(600_000)
      expect(object!.version).toMatch(/^[^"]+$/)
    })

    test("gives a partition that is not there as a page without objects, with the store's clock", async () => {
      const pages = await collect(store.list('year=2019/month=1/day=1/', never))
      expect(pages).toHaveLength(1)
      expect(pages[0]!.objects).toEqual([])
      expect(Math.abs(pages[0]!.date! - Date.now())).toBeLessThan(600_000)
    })

    test('lists more than a page, each object once', async () => {
      const keys = Array.from({ length: 2100 }, (_, n) => `audit-logs/year=2025/month=1/day=2/hour=3/n${n}`)
      for (let n = 0; n < keys.length; n += 100)
        await Promise.all(keys.slice(n, n + 100).map((key) => bench.put(key, 'x')))
      const found = (await listed(store, 'year=2025/')).map((object) => object.key)
      expect(found.sort()).toEqual(keys.sort())
    })

    test('shows by key what the listing shows, and nothing for a key that is only the beginning of another', async () => {
      const [object] = await listed(store, hour)
      expect(await store.stat(object!.key, never)).toEqual(object)
      expect(await store.stat(object!.key.slice(0, -1), never)).toBeUndefined()
      expect(await store.stat('audit-logs/year=2026/no', never)).toBeUndefined()
    })

    test('reads an object as it is stored, whatever its key holds', async () => {
      const key = `audit-logs/${hour}2026-03-01T09:00:00_é a+b%41&<x>`
      await bench.put(key, 'odd')
      expect((await listed(store, hour)).map((object) => object.key)).toContain(key)
      expect(await bytes(store, await one(store, key))).toBe('odd')
    })

    test('reads a large object whole', async () => {
      const body = '0123456789abcdef'.repeat(65_536)
      await bench.put('audit-logs/large', body)
      expect((await bytes(store, await one(store, 'audit-logs/large'))) === body).toBe(true)
    })

    test('may be left in the middle of an object', async () => {
      for await (const chunk of await store.read(await one(store, 'audit-logs/large'), never)) {
        expect(chunk.length).toBeGreaterThan(0)
        break
      }
      expect(await bytes(store, await one(store, `audit-logs/${hour}${name}`))).toBe('inside')
    })

    test('says gone of an object that was replaced, and reads the one that took its place', async () => {
      await bench.put('audit-logs/replaced', 'before')
      const before = await one(store, 'audit-logs/replaced')
      await bench.put('audit-logs/replaced', 'behind')
      await expect(bytes(store, before)).rejects.toMatchObject({ name: 'ReadFailure', kind: 'gone' })
      const behind = await one(store, 'audit-logs/replaced')
      expect(behind.version).not.toBe(before.version)
      expect(await bytes(store, behind)).toBe('behind')
    })

    test('says gone of an object that was deleted, naming store and key', async () => {
      await bench.put('audit-logs/deleted', 'x')
      const object = await one(store, 'audit-logs/deleted')
      await bench.remove('audit-logs/deleted')
      const failure = await bytes(store, object).catch((error: ReadFailure) => error)
      expect(failure).toMatchObject({ kind: 'gone', message: expect.stringContaining('audit-logs/deleted') })
    })

    test('stops when told to', async () => {
      const stopped = AbortSignal.abort()
      await expect(collect(store.list('', stopped))).rejects.toMatchObject({ name: 'SourceFailure' })
      const object = await one(store, 'audit-logs/large')
      const reading = async () => collect(await store.read(object, stopped))
      await expect(reading()).rejects.toMatchObject({ name: 'ReadFailure', kind: 'unreachable' })
    })
  })
}
