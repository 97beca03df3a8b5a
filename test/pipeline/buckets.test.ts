// Several receivers in one process have one memory for what is a copy: the same events may lie in several buckets.
import { expect, test } from 'vitest'
import { type Body, MemoryStore } from '../fuzz/world.ts'
import { event } from '../receiver/decode/bodies.ts'
import { receiver, Stage } from './stage.ts'

class Bucket extends MemoryStore {
  override readonly uri: string

  constructor(uri: string, ...bodies: readonly Body[]) {
    super()
    this.uri = uri
    this.put(...bodies)
  }
}

function body(hour: number, ...ids: readonly string[]): Body {
  const key = `year=2026/month=03/day=15/hour=${hour}/2026-03-15T${hour}:30:00_a1`
  return { key, version: `v${hour}`, bytes: Buffer.from(ids.map((id) => `${event(id)}\n`).join('')) }
}

test('what lies in two buckets is delivered once, whichever is read first, and what one lacks comes from the other', async () => {
  const stage = new Stage(() => [
    receiver('aws', new Bucket('s3://audit', body(10, 'a', 'b'), body(11, 'c'))),
    receiver('copy', new Bucket('gs://audit-copy', body(10, 'b', 'a'), body(11, 'd'))),
  ])
  const running = new AbortController()
  const run = stage.pipeline().run(running.signal)
  for (let second = 0; second < 30; second++) await stage.clock.advance(1_000)
  running.abort()
  await stage.finished(run)
  expect(stage.outlet.ids.map((text) => JSON.parse(text)['log.record.uid']).toSorted()).toEqual(['a', 'b', 'c', 'd'])
  const accounts = stage.memory.accounts()
  expect(accounts.map(({ outstanding }) => outstanding)).toEqual([0, 0])
  expect(accounts.reduce((sum, { duplicates }) => sum + duplicates, 0)).toBe(2)
})
