// People are told of gaps, and of nothing else, through the lane that also delivers events: over real HTTP, once, in order,
// and for as long as it takes; but what is a week old is no news.
import { FakeServer, type Scripted } from '@circleci-audit-forwarder/contract/testing'
import { afterEach, expect, test } from 'vitest'
import { systemClock } from '../../src/cli/clock.ts'
import { gapReceiver, type OwnRecord } from '../../src/domain/own-records.ts'
import { MemoryLedger } from '../../src/ledger/memory/ledger.ts'
import { Webhook } from '../../src/notify/webhook.ts'
import { OwnRecords } from '../../src/pipeline/own-records.ts'
import type { OwnParts, PipelineParts } from '../../src/pipeline/parts.ts'
import type { Page } from '../../src/receiver/store.ts'
import { laneOptions, Outlet } from '../delivery/harness.ts'
import { ownSamples } from '../mapping/own-samples.ts'
import { FakeClock } from '../tools/fake-clock.ts'
import { OneObject, receiver, Stage } from './stage.ts'

const HOUR = 3_600_000
const own: OwnParts = { instance: 'audit-1', version: '1.2.3', operator: 'ann@host', heartbeatMs: 60_000 }
const id = 'service.notify'
const opened = ownSamples['gap opened'] as OwnRecord
const closed = ownSamples['gap closed'] as OwnRecord

const servers: FakeServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop()
})

const newStage = (): Stage => new Stage((clock) => [receiver('circleci_audit', new OneObject('audit', 0, clock))])

/** A forwarder with a destination, and an address that does as scripted. */
async function world(stage: Stage, ...script: Scripted[]) {
  const server = await FakeServer.start()
  servers.push(server)
  server.answer(...script)
  const processing = { process: <T>(record: T): T => record, transform: <T>(record: T): T => record }
  const routes = [{ receiver: 'circleci_audit', startAt: { from: 'beginning' } as const, processing }]
  const options = { ...laneOptions, retry: { initialMs: 5, maxMs: 20 }, concurrency: { min: 1, max: 1 } }
  const start = (more: Partial<PipelineParts> = {}) => {
    const exporter = new Webhook(`${server.url}/hook`, { timeoutMs: 2_000 })
    const destinations = [
      { id: 'siem', exporter: new Outlet(() => Date.now()), options: laneOptions, routes },
      { id, exporter, options, routes: [], told: 'gaps' as const },
    ]
    return stage.pipeline({ own, destinations, clock: systemClock, random: Math.random, ...more })
  }
  const bodies = () => server.arrived.map(({ body }) => JSON.parse(body.toString('utf8')))
  return { server, stage, start, bodies }
}

/** Says these and runs until nothing of them is left. */
async function telling({ stage, start }: Awaited<ReturnType<typeof world>>, said: OwnRecord[], patienceMs = 5_000) {
  const pipeline = start()
  stage.memory.record(
    said.map((record) => ({ record })),
    Date.now(),
  )
  return pipeline.runOnce(new AbortController().signal, patienceMs)
}

test('a gap is told when it opens and when it is over, once each and in order; heartbeats, accounts and acts are not', async () => {
  const here = await world(newStage())
  const finish = await telling(here, [opened, ownSamples['act'] as OwnRecord, closed])
  expect(finish).toEqual({ unswept: [], unfinished: [], unanswered: [] })
  expect(here.bodies().map(({ event, id: said }) => [event, said])).toEqual([
    ['circleci_audit_forwarder.gap.opened', opened.id],
    ['circleci_audit_forwarder.gap.closed', closed.id],
  ])
  expect(here.stage.memory.ownStandings()).toMatchObject([
    { destination: 'siem', outstanding: 0 },
    { destination: id, delivered: 2, outstanding: 0 },
  ])
})

test('what goes wrong is told and tried again', async () => {
  const here = await world(
    newStage(),
    { kind: 'cut before answer' },
    { kind: 'throttle', afterSeconds: 0 },
    { kind: 'refuse credentials' },
  )
  expect((await telling(here, [opened])).unfinished).toEqual([])
  expect(here.bodies().map(({ id: said }) => said)).toEqual([opened.id, opened.id, opened.id, opened.id])
  expect(here.stage.of('batch_retried').map(({ destination }) => destination)).toEqual([id, id])
  expect(here.stage.of('destination_stopped')).toMatchObject([{ destination: id, cause: 'credentials' }])
  expect(here.stage.of('destination_resumed')).toMatchObject([{ destination: id }])
})

/** An object that somebody writes over. */
class Rewritten extends OneObject {
  version = '1'

  override async *list(under: string): AsyncGenerator<Page> {
    for await (const { objects, date } of super.list(under)) {
      yield { objects: objects.map((object) => ({ ...object, version: this.version })), ...(date && { date }) }
    }
  }
}

test('a gap that the watch opens is told, whatever goes wrong on the way, and told again when it is answered for', async () => {
  const store = new Rewritten('audit', 0, new FakeClock())
  const script: Scripted[] = [{ kind: 'cut before answer' }, { kind: 'throttle', afterSeconds: 0 }]
  const here = await world(new Stage(() => [receiver('circleci_audit', store)]), ...script)
  const run = () =>
    here.start({ watch: { streams: new Map(), allowedLagMs: HOUR } }).runOnce(new AbortController().signal, 5_000)
  await run()
  expect(here.bodies()).toEqual([])

  store.version = '2'
  expect((await run()).unfinished).toEqual([])
  const [gap] = here.stage.memory.watch.gaps({ closed: 0 })
  const attributes = expect.objectContaining({ gap_id: gap!.id, gap_kind: 'object_altered' })
  const opened = { event: 'circleci_audit_forwarder.gap.opened', severity: 'critical', forwarder: 'audit-1' }
  const text = expect.stringContaining(gap!.evidence)
  expect(here.bodies()).toEqual(Array(3).fill(expect.objectContaining({ ...opened, text, attributes })))
  expect(new Set(here.bodies().map(({ id: said }) => said)).size).toBe(1)

  here.stage.memory.ask('gaps.ack', JSON.stringify({ id: gap!.id, note: 'we did that' }), 'ann@host', Date.now())
  await run()
  const closed = { event: 'circleci_audit_forwarder.gap.closed', severity: 'info', attributes }
  expect(here.bodies().slice(3)).toEqual([expect.objectContaining(closed)])
  expect(here.stage.of('gap_opened')).toHaveLength(1)
})

test('what nobody took is told by the next run, and a run that is to end says that it could not', async () => {
  const first = await world(newStage(), { kind: 'throttle', afterSeconds: 600 })
  const finish = await telling(first, [opened], 300)
  expect(finish.unfinished).toEqual([{ destination: id, reason: 'HTTP 429: slow down' }])
  const next = await world(first.stage)
  expect((await telling(next, [])).unfinished).toEqual([])
  expect(next.bodies().map(({ id: said }) => said)).toEqual([opened.id])
})

test('what could not be told for a week is given up and said to be; what is newer waits', () => {
  const ledger = new MemoryLedger()
  ledger.enrol([{ destination: id, receiver: gapReceiver, startAt: 0 }], 0)
  const clock = new FakeClock()
  const forgone: number[] = []
  const told: unknown[] = []
  const lane = {
    destination: id,
    inHand: new Set<number>(),
    forgo: (refs: readonly number[]) => forgone.push(...refs),
    wake: () => {},
  }
  const destinations = [{ id, told: 'gaps' as const }]
  const said = new OwnRecords({
    ledger,
    clock,
    own,
    receivers: [],
    lanes: [lane],
    destinations,
    tell: (event) => told.push(event),
  })
  const say = (record: OwnRecord): void => ledger.record([{ record: { ...record, at: clock.now() } }], clock.now())
  say(opened)
  clock.jump(100 * HOUR)
  say(closed)
  said.tidy()
  clock.jump(68 * HOUR + 1)
  said.tidy()
  said.tidy()
  expect(told).toEqual([{ type: 'notices_given_up', destination: id, count: 1 }])
  expect(forgone).toHaveLength(1)
  expect(ledger.ownStandings()).toMatchObject([{ filtered: 1, outstanding: 1 }])
})
