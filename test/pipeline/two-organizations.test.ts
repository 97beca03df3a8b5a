// Two organisations in one forwarder, each with a bucket and an expectation of its own. What lies in the wrong bucket is
// kept from delivery there, and is no reason to take the right one's for a copy.
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

const of = (name: string, ...ids: readonly string[]): string =>
  ids.map((id) => `${event(id, { organization: { id: `id of ${name}`, type: 'organization', name } })}\n`).join('')

function body(hour: number, content: string): Body {
  const key = `year=2026/month=03/day=15/hour=${hour}/2026-03-15T${hour}:30:00_a1`
  return { key, version: `v${hour}`, bytes: Buffer.from(content) }
}

async function ran(buckets: readonly [acme: Bucket, umbrella: Bucket]): Promise<Stage> {
  const stage = new Stage(() =>
    buckets.map((bucket, n) => ({
      ...receiver(['acme', 'umbrella'][n] ?? '', bucket),
      lookbackMs: 12 * 3_600_000,
      expectOrganization: ['acme', 'umbrella'][n],
    })),
  )
  const running = new AbortController()
  const run = stage.pipeline().run(running.signal)
  for (let second = 0; second < 60; second++) await stage.clock.advance(1_000)
  running.abort()
  await stage.finished(run)
  return stage
}

/** Ids that arrived, by the receiver they came through. */
function arrived({ outlet }: Stage): Record<string, readonly string[]> {
  const records = outlet.ids.map((text) => JSON.parse(text) as Record<string, string>)
  const ids = (team: string) => records.filter((one) => one['team'] === team).map((one) => one['log.record.uid'] ?? '')
  return { acme: ids('acme').toSorted(), umbrella: ids('umbrella').toSorted() }
}

/** What was kept, by the bucket it lay in. */
function kept({ memory }: Stage): Record<string, readonly string[]> {
  const entries = memory.quarantine({ limit: 99 })
  for (const { reason } of entries) expect(reason).toMatch(/of another organisation/)
  const ids = (store: string) =>
    entries
      .filter(({ object }) => object?.store === store)
      .map(({ bytes }) => JSON.parse(Buffer.from(bytes ?? []).toString()).id as string)
      .toSorted()
  return { acme: ids('s3://acme-audit'), umbrella: ids('gs://umbrella-audit') }
}

test('each forwards its own events and quarantines the other’s, in whichever bucket an event lies first', async () => {
  const stage = await ran([
    new Bucket('s3://acme-audit', body(9, of('acme', 'a1') + of('umbrella', 'u1', 'u2') + of('acme', 'a2'))),
    new Bucket(
      'gs://umbrella-audit',
      // The same events on either side: earlier here, later there.
      body(8, of('umbrella', 'u1') + of('acme', 'a1', 'a3')),
      body(10, of('umbrella', 'u2', 'u3')),
    ),
  ])
  expect(arrived(stage)).toEqual({ acme: ['a1', 'a2'], umbrella: ['u1', 'u2', 'u3'] })
  expect(kept(stage)).toEqual({ acme: ['u1', 'u2'], umbrella: ['a1', 'a3'] })
  expect(stage.memory.accounts()).toMatchObject([
    { receiver: 'acme', delivered: 2, quarantined: 2, duplicates: 0, outstanding: 0 },
    { receiver: 'umbrella', delivered: 3, quarantined: 2, duplicates: 0, outstanding: 0 },
  ])
  expect(stage.of('receiver_stopped')).toEqual([])
})

test('an object of the other’s alone is quarantined by the one, and forwarded by the other', async () => {
  const stage = await ran([
    new Bucket('s3://acme-audit', body(9, of('acme', 'a1')), body(10, of('umbrella', 'u1', 'u2'))),
    new Bucket('gs://umbrella-audit', body(9, of('umbrella', 'u1', 'u2')), body(10, of('acme', 'a1'))),
  ])
  expect(arrived(stage)).toEqual({ acme: ['a1'], umbrella: ['u1', 'u2'] })
  expect(kept(stage)).toEqual({ acme: ['u1', 'u2'], umbrella: ['a1'] })
})

test('one that waits for an organisation that never came holds up nobody but itself', async () => {
  const stage = await ran([
    new Bucket('s3://acme-audit', body(9, of('umbrella', 'u1'))),
    new Bucket('gs://umbrella-audit', body(9, of('umbrella', 'u1', 'u2'))),
  ])
  expect(arrived(stage)).toEqual({ acme: [], umbrella: ['u1', 'u2'] })
  expect(kept(stage)).toEqual({ acme: [], umbrella: [] })
  expect(stage.of('receiver_stopped')).toMatchObject([{ receiver: 'acme' }])
  expect(stage.memory.accounts()).toMatchObject([{ outstanding: 1 }, { outstanding: 0, delivered: 2 }])
})
