// `expect_organization`, misspelt and right: what is kept from quarantine, and how it goes on.
import { expect, test } from 'vitest'
import { verdictOf } from '../../src/admin/page/verdict.ts'
import { statusDocument } from '../../src/admin/status.ts'
import type { Sighting } from '../../src/domain/objects.ts'
import { MemoryLedger } from '../../src/ledger/memory/ledger.ts'
import { type Body, forward, MemoryStore } from '../fuzz/world.ts'
import { event } from '../receiver/decode/bodies.ts'
import { receiver, Stage } from './stage.ts'

const org = (name: string) => ({ organization: { id: `id of ${name}`, type: 'organization', name } })
const of = (name: string, count: number, from = 0): string =>
  Array.from({ length: count }, (_, n) => `${event(`${name} ${from + n}`, org(name))}\n`).join('')

function body(hour: number, content: string): Body {
  const padded = String(hour).padStart(2, '0')
  const key = `year=2026/month=03/day=10/hour=${padded}/2026-03-10T${padded}:30:00_a1`
  return { key, version: `v${hour}`, bytes: Buffer.from(content) }
}

/** Counts what is read. */
class Counted extends MemoryStore {
  reads = 0

  override read(object: Sighting): ReturnType<MemoryStore['read']> {
    this.reads += 1
    return super.read(object)
  }
}

function bucket(...contents: readonly string[]): Counted {
  const store = new Counted()
  store.put(...contents.map((content, hour) => body(hour, content)))
  return store
}

/** Runs a pipeline that goes on for so long. */
async function runs(store: MemoryStore, ledger: MemoryLedger, expectOrganization: string | undefined, ms: number) {
  const stage = new Stage((clock) => {
    clock.jump(Date.now() - clock.now())
    // So long that every sweep lists everything.
    return [{ ...receiver('r', store), lookbackMs: 10 * 365 * 86_400_000, expectOrganization }]
  }, ledger)
  const running = new AbortController()
  const run = stage.pipeline().run(running.signal)
  for (let passed = 0; passed < ms; passed += 1_000) await stage.clock.advance(1_000)
  running.abort()
  await stage.finished(run)
  return stage
}

test('one that is misspelt stops the receiver: nothing is quarantined, everything stays outstanding', async () => {
  const store = bucket(of('acme', 400), of('acme', 3, 400), of('acme', 60, 403))
  const ledger = new MemoryLedger()
  const stage = await runs(store, ledger, 'acmee', 60_000)
  expect(ledger.quarantine({ limit: 9 })).toEqual([])
  expect(stage.outlet.sent).toEqual([])
  expect(ledger.accounts()).toMatchObject([{ outstanding: 3, delivered: 0, quarantined: 0 }])
  const [stop, ...more] = stage.of('receiver_stopped')
  expect(more).toEqual([])
  expect(stop).toMatchObject({
    receiver: 'r',
    reason: expect.stringMatching(
      /^no event of "acmee" was found yet, and year=.* begins with events of another organ/,
    ),
    hint: expect.stringContaining('correct receivers.r.expect_organization'),
  })
})

test('its state is in the ledger, and in what status shows', async () => {
  const ledger = new MemoryLedger()
  await runs(bucket(of('acme', 3)), ledger, 'acmee', 10_000)
  const sources = { accounts: ledger.accounts(), retired: [], totals: ledger.totals(), now: Date.now() }
  const belongings = ledger.belongings.all()
  const document = statusDocument({ ...sources, receivers: ['r'], belongings })
  const { receivers, destinations } = document
  expect(verdictOf(document)).toMatchObject({ state: 'bad', text: expect.stringContaining('1 receiver stopped') })
  expect(receivers).toMatchObject([{ id: 'r', stop: { reason: expect.stringContaining('"acmee"') } }])
  expect(destinations).toMatchObject([{ state: 'retrying', explanation: expect.stringContaining('r is stopped') }])
})

test('what it costs meanwhile is a look every five seconds, however much waits', async () => {
  const store = bucket(...Array.from({ length: 20 }, (_, n) => of('acme', 2, n * 2)))
  await runs(store, new MemoryLedger(), 'acmee', 10 * 60_000)
  expect(store.reads).toBeGreaterThan(5)
  expect(store.reads).toBeLessThanOrEqual(10 * 12 + 2)
})

test('corrected, it goes on with the next start, and nothing is missing', async () => {
  const store = bucket(of('acme', 400), of('acme', 3, 400))
  const ledger = new MemoryLedger()
  await runs(store, ledger, 'acmee', 20_000)
  const stage = await runs(store, ledger, 'acme', 10 * 60_000)
  expect(stage.outlet.ids).toHaveLength(403)
  expect(ledger.accounts()).toMatchObject([{ outstanding: 0, delivered: 403, quarantined: 0 }])
  expect(stage.of('receiver_resumed')).toHaveLength(1)
  expect(ledger.belongings.all()).toEqual([{ receiver: 'r', found: 'acme', stop: undefined }])
})

test('so it does where the setting is taken out', async () => {
  const store = bucket(of('acme', 3))
  const ledger = new MemoryLedger()
  await runs(store, ledger, 'acmee', 20_000)
  const stage = await runs(store, ledger, undefined, 10 * 60_000)
  expect(stage.outlet.ids).toHaveLength(3)
  expect(stage.of('receiver_resumed')).toHaveLength(1)
  expect(ledger.belongings.all()).toMatchObject([{ stop: undefined }])
})

test('a bucket that others write into as well is not stopped for long, whoever comes first', async () => {
  const store = bucket(of('evil', 300), of('evil', 3, 300), of('acme', 5))
  const ledger = new MemoryLedger()
  const stage = await runs(store, ledger, 'acme', 10 * 60_000)
  expect(stage.outlet.ids).toHaveLength(5)
  expect(ledger.accounts()).toMatchObject([{ outstanding: 0, delivered: 5, quarantined: 303 }])
  expect(ledger.belongings.all()).toEqual([{ receiver: 'r', found: 'acme', stop: undefined }])
})

test('once it was right, an object of others alone is quarantined at once, also after a restart', async () => {
  const store = bucket(of('acme', 1))
  const ledger = new MemoryLedger()
  await forward(store, ledger, { expectOrganization: 'acme' })
  store.put(body(1, of('evil', 2)))
  const { told, account } = await forward(store, ledger, { expectOrganization: 'acme' })
  expect(told.filter(({ type }) => type === 'receiver_stopped')).toEqual([])
  expect(account).toMatchObject({ outstanding: 0, delivered: 1, quarantined: 2 })
})

test('what was right before proves nothing for what it is changed to', async () => {
  const store = bucket(of('acme', 1))
  const ledger = new MemoryLedger()
  await forward(store, ledger, { expectOrganization: 'acme' })
  store.put(body(1, of('acme', 2, 1)))
  const stage = await runs(store, ledger, 'acmee', 20_000)
  expect(stage.of('receiver_stopped')).toHaveLength(1)
  expect(ledger.accounts()).toMatchObject([{ destination: 'd', outstanding: 1, quarantined: 0 }])
  expect(ledger.belongings.all()).toMatchObject([{ found: 'acme', stop: { expected: 'acmee' } }])
})

test('events that name nobody pass, and prove nothing', async () => {
  const nameless = Array.from({ length: 3 }, (_, n) => `${event(`nameless ${n}`)}\n`).join('')
  const ledger = new MemoryLedger()
  const stage = await runs(bucket(nameless, nameless + of('acme', 1)), ledger, 'acmee', 20_000)
  expect(stage.outlet.ids).toHaveLength(3)
  expect(ledger.accounts()).toMatchObject([{ outstanding: 1, quarantined: 0 }])
})

test('a long object is held back for no more than it takes to be sure, and then not read on', async () => {
  const others = bucket(of('evil', 4_000) + of('acme', 1))
  const ledger = new MemoryLedger()
  const stage = await runs(others, ledger, 'acme', 20_000)
  expect(stage.of('receiver_stopped')).toHaveLength(1)
  const ours = bucket(of('evil', 600) + of('acme', 1))
  const { account } = await forward(ours, new MemoryLedger(), { expectOrganization: 'acme' })
  expect(account).toMatchObject({ outstanding: 0, delivered: 1, quarantined: 600 })
})
