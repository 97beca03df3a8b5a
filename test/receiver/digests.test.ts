import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { type AuditObject, sha1InKey } from '../../src/domain/objects.ts'
import { Digests, TRIALS } from '../../src/receiver/digests.ts'
import type { TelemetryEvent } from '../../src/telemetry/events.ts'
import { collect } from '../tools/collect.ts'

const folder = 'year=2026/month=03/day=10/hour=09/2026-03-10T09:00:00_'
const sha1 = (body: string) => createHash('sha1').update(body).digest('hex')

function object(ref: number, name: string): AuditObject {
  const key = `${folder}${name}`
  return { ref, store: 's3://b', key, version: 'v', size: 1, modified: 0, time: 0, seenAt: 0, length: undefined }
}

async function* body(text: string): AsyncGenerator<Uint8Array> {
  for (const letter of text) yield Buffer.from(letter)
}

class Bench {
  readonly told: TelemetryEvent[] = []
  readonly noted: [number, string][] = []
  readonly digests = new Digests({
    receiver: 'r',
    tell: (event) => void this.told.push(event),
    altered: ({ ref }, found) => {
      const isNews = !this.noted.some(([known]) => known === ref)
      if (isNews) this.noted.push([ref, found])
      return isNews
    },
  })

  /** Reads an object whose key promises `promised`. */
  async read(ref: number, text: string, promised = sha1(text)): Promise<string> {
    return Buffer.concat(await collect(this.digests.watched(object(ref, promised), body(text)))).toString()
  }

  get altered(): (string | undefined)[] {
    return this.told.flatMap((event) => (event.type === 'object_altered' ? [event.evidence] : []))
  }
}

test('a key holds a sha1 behind its stamp, or none', () => {
  const hex = 'A94A8FE5CCB19BA61C4C0873D391E987982FBBD3'
  expect(sha1InKey(`${folder}${hex}`)).toBe(hex.toLowerCase())
  expect(sha1InKey(`${folder}${hex}.json.gz`)).toBe(hex.toLowerCase())
  for (const name of ['a1b2c3', `${hex}0`, `${hex}/x`, hex.replace('A', 'G')])
    expect(sha1InKey(`${folder}${name}`)).toBeUndefined()
})

test('after a match, what does not match is altered, and told once; the bytes pass unchanged', async () => {
  const bench = new Bench()
  expect(await bench.read(1, 'one')).toBe('one')
  expect(await bench.read(2, 'two', sha1('other'))).toBe('two')
  expect(await bench.read(2, 'two', sha1('other'))).toBe('two')
  expect(bench.noted).toEqual([[2, sha1('two')]])
  expect(bench.told).toEqual([
    { type: 'object_altered', receiver: 'r', key: `${folder}${sha1('other')}`, how: 'content', evidence: sha1('two') },
  ])
})

test('what did not match before the first match is altered too', async () => {
  const bench = new Bench()
  await bench.read(1, 'one', sha1('other'))
  expect(bench.told).toEqual([])
  await bench.read(2, 'two')
  expect(bench.altered).toEqual([sha1('one')])
})

test('where none of the first twenty objects match, it is given up, and said once', async () => {
  const bench = new Bench()
  // Reading one of them over and over is no further proof.
  for (let time = 0; time < 50; time += 1) await bench.read(1, 'x', sha1('y'))
  for (let ref = 2; ref < TRIALS; ref += 1) await bench.read(ref, `${ref}`, sha1('y'))
  expect(bench.told).toEqual([])
  for (let ref = TRIALS; ref < TRIALS + 9; ref += 1) await bench.read(ref, `${ref}`, sha1('y'))
  await bench.read(99, 'match')
  await bench.read(100, 'no match', sha1('y'))
  expect(bench.told).toMatchObject([{ type: 'digests_unusable', receiver: 'r', objects: TRIALS }])
  expect(bench.noted).toEqual([])
})

test('once one matched it is never given up', async () => {
  const bench = new Bench()
  await bench.read(1, 'one')
  for (let ref = 2; ref < 30; ref += 1) await bench.read(ref, `${ref}`, sha1('y'))
  expect(bench.altered).toHaveLength(28)
})

test('a reading that is broken off, or a key without a sha1, proves nothing', async () => {
  const bench = new Bench()
  await bench.read(1, 'one')
  for await (const _ of bench.digests.watched(object(2, sha1('x')), body('not x'))) break
  const failing = async function* (): AsyncGenerator<Uint8Array> {
    yield Buffer.from('not')
    throw new Error('connection reset')
  }
  await expect(collect(bench.digests.watched(object(3, sha1('x')), failing()))).rejects.toThrow('connection reset')
  const plain = body('x')
  expect(bench.digests.watched(object(4, 'a1b2c3'), plain)).toBe(plain)
  expect(bench.told).toEqual([])
})

test('an alteration that cannot be noted is a failed reading, not a whole one', async () => {
  const altered = () => {
    throw new Error('the disk is full')
  }
  const digests = new Digests({ receiver: 'r', tell: () => undefined, altered })
  await collect(digests.watched(object(1, sha1('one')), body('one')))
  await expect(collect(digests.watched(object(2, sha1('x')), body('y')))).rejects.toThrow('the disk is full')
})
