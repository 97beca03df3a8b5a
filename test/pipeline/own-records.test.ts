// What the forwarder says of itself reaches the destinations as surely as what it forwards, and never gets in its way.

import type { LogRecord } from '@circleci-audit-forwarder/contract'
import { expect, test } from 'vitest'
import { ownReceiver } from '../../src/domain/own-records.ts'
import { MemoryLedger } from '../../src/ledger/memory/ledger.ts'
import { OwnRecords } from '../../src/pipeline/own-records.ts'
import type { DestinationSpec, OwnParts } from '../../src/pipeline/parts.ts'
import { laneOptions, Outlet } from '../delivery/harness.ts'
import { FakeClock } from '../tools/fake-clock.ts'
import { OneObject, receiver, Stage } from './stage.ts'

const MINUTE = 60_000
const own: OwnParts = { instance: 'audit-1', version: '1.2.3', operator: 'ann@host', heartbeatMs: 5 * MINUTE }

const passing = { process: <T>(record: T): T => record, transform: <T>(record: T): T => record }

/** Keeps whole records. */
class Recording extends Outlet {
  override encode({ eventName, attributes, body, hrTime, resource }: LogRecord): ReturnType<Outlet['encode']> {
    const service = resource.attributes['service.name']
    return { bytes: Buffer.from(JSON.stringify({ eventName, attributes, body, at: hrTime[0] * 1000, service })) }
  }

  /** What was stored, by event name's last part. */
  of(kind: string): { body: string; at: number; service: string; attributes: Record<string, unknown> }[] {
    const delivered = this.sent.filter((_, index) => this.taken.has(index))
    const records = delivered.flatMap(({ ids }) => ids.map((id) => JSON.parse(id)))
    return records.filter(({ eventName }) => eventName === `circleci_audit_forwarder.${kind}`)
  }

  down = false
  readonly taken = new Set<number>()

  override answer = () => {
    if (this.down) return { status: 'retry', reason: 'HTTP 503' } as const
    this.taken.add(this.sent.length - 1)
    return { status: 'delivered' } as const
  }
}

function stageOf(...ids: string[]) {
  const stage = new Stage((clock: FakeClock) => [receiver('circleci_audit', new OneObject('audit', 0, clock))])
  const outlets = new Map(ids.map((id) => [id, new Recording(() => stage.clock.now())]))
  const startAt = { from: 'beginning' } as const
  const nothing = { process: () => undefined, transform: <T>(record: T): T => record }
  const specs = (some: Record<string, Partial<DestinationSpec>> = {}): DestinationSpec[] =>
    [...outlets].map(([id, exporter]) => {
      const routes = [{ receiver: 'circleci_audit', startAt, processing: nothing }]
      return { id, exporter, options: laneOptions, routes, ...some[id] }
    })
  const outlet = (id: string): Recording => outlets.get(id) as Recording
  return { stage, outlet, specs }
}

async function during(stage: Stage, ms: number, some: Parameters<Stage['pipeline']>[0]): Promise<void> {
  const stop = new AbortController()
  const running = stage.pipeline({ own, ...some }).run(stop.signal)
  await stage.clock.advance(ms)
  stop.abort()
  await stage.finished(running)
}

test('it says that it is alive at once and every five minutes, whatever filters withhold', async () => {
  const { stage, outlet, specs } = stageOf('a')
  const began = stage.clock.now()
  await during(stage, 16 * MINUTE, { destinations: specs() })
  const beats = outlet('a').of('heartbeat')
  expect(beats.map(({ at }) => (at - began) / MINUTE)).toEqual([0, 5, 10, 15])
  expect(beats[3]).toMatchObject({
    service: 'circleci-audit-forwarder',
    body: 'alive: complete up to 2026-03-15T12:09:00.000Z; 0 objects outstanding',
    attributes: {
      'circleci_audit_forwarder.version': '1.2.3',
      'circleci_audit_forwarder.uptime_seconds': 900,
      'circleci_audit_forwarder.watermark': '2026-03-15T12:09:00.000Z',
      'circleci_audit_forwarder.outstanding_objects': 0,
      'circleci_audit_forwarder.open_gaps': 0,
      'circleci_audit_forwarder.stopped': [],
      'circleci_audit_forwarder.receivers': [{ id: 'circleci_audit', swept_to: '2026-03-15T12:15:00.000Z' }],
      'circleci_audit_forwarder.destinations': [
        { id: 'a', receiver: 'circleci_audit', watermark: '2026-03-15T12:09:00.000Z', outstanding_objects: 0 },
      ],
    },
  })
  expect(new Set(beats.map(({ attributes }) => attributes['log.record.uid'])).size).toBe(4)
  expect(stage.memory.accounts()).toMatchObject([{ delivered: 0, filtered: 1, outstanding: 0 }])
  expect(stage.of('bug')).toEqual([])
})

test('who takes no own records gets none, and who is told of gaps alone gets no heartbeat', async () => {
  const { stage, outlet, specs } = stageOf('a', 'b', 'c')
  await during(stage, 6 * MINUTE, { destinations: specs({ b: { told: 'nothing' }, c: { told: 'gaps' } }) })
  expect(['a', 'b', 'c'].map((id) => outlet(id).of('heartbeat').length)).toEqual([2, 0, 0])
})

test('a heartbeat that could not be written is said as soon as it can be', async () => {
  const { stage, outlet, specs } = stageOf('a')
  const began = stage.clock.now()
  const stop = new AbortController()
  const running = stage.pipeline({ own, destinations: specs() }).run(stop.signal)
  await stage.clock.advance(4 * MINUTE)
  stage.full.add('record')
  await stage.clock.advance(3 * MINUTE)
  stage.full.clear()
  await stage.clock.advance(MINUTE)
  stop.abort()
  await stage.finished(running)
  expect(
    outlet('a')
      .of('heartbeat')
      .map(({ at }) => (at - began) / 1000),
  ).toEqual([0, 425])
  expect(stage.of('ledger_failed').length).toBeGreaterThan(0)
})

test('what has arrived is forgotten', async () => {
  const { stage, outlet, specs } = stageOf('a', 'b')
  outlet('b').down = true
  await during(stage, 31 * MINUTE, { destinations: specs() })
  expect(stage.memory.ownStandings()).toMatchObject([{ outstanding: 0 }, { outstanding: 10 }])
  outlet('b').down = false
  await during(stage, 31 * MINUTE, { destinations: specs() })
  expect(stage.memory.ownStandings()).toMatchObject([{ outstanding: 0 }, { outstanding: 0 }])
  const known = Array.from({ length: 60 }, (_, ref) => stage.memory.own(ref)).filter((record) => record !== undefined)
  // The newest object stays for its number, and the last minutes are tidied up later.
  expect(known.length).toBeLessThan(4)
  expect(outlet('b').of('heartbeat')).toHaveLength(14)
})

test('however long a destination is down, no more than about a day of heartbeats waits for it', () => {
  const ledger = new MemoryLedger()
  ledger.enrol([{ destination: 'b', receiver: ownReceiver, startAt: 0 }], 0)
  const clock = new FakeClock()
  const forgone: number[] = []
  const lane = {
    destination: 'b',
    inHand: new Set<number>(),
    forgo: (refs: readonly number[]) => forgone.push(...refs),
    wake: () => {},
  }
  const said = new OwnRecords({ ledger, clock, own, receivers: [], lanes: [lane], destinations: [], tell: () => {} })
  for (let beat = 0; beat < 7 * 288; beat += 1) {
    said.beat()
    if (beat % 12 === 0) said.tidy()
    clock.jump(own.heartbeatMs)
  }
  const waits = ledger.waiting('b', { kind: 'heartbeat', before: Number.POSITIVE_INFINITY, limit: 9999 })
  expect(waits.length).toBeLessThan(288 + 14)
  expect(waits[0]?.record.attributes).toMatchObject({ heartbeats: 7 * 288 - waits.length + 1 })
  expect(waits[0]?.record.attributes['heartbeats_from']).toBe('2026-03-15T12:00:00.000Z')
  expect(new Set(forgone).size).toBe(forgone.length)
})

test('each hour is accounted for once it is over and swept, and an account says what became of its events', async () => {
  const { stage, outlet, specs } = stageOf('a')
  const routes = [{ receiver: 'circleci_audit', startAt: { from: 'beginning' } as const, processing: passing }]
  await during(stage, 140 * MINUTE, { destinations: specs({ a: { routes } }) })
  const accounts = outlet('a').of('control')
  expect(accounts.map(({ body, at }) => [new Date(at).toISOString().slice(11, 16), body])).toEqual([
    [
      '12:06',
      '2026-03-15T11h UTC, circleci_audit to a: 1 object with 1 event; 1 delivered, 0 filtered, 0 duplicates, 0 quarantined',
    ],
    [
      '13:06',
      '2026-03-15T12h UTC, circleci_audit to a: 0 objects with 0 events; 0 delivered, 0 filtered, 0 duplicates, 0 quarantined',
    ],
    [
      '14:06',
      '2026-03-15T13h UTC, circleci_audit to a: 0 objects with 0 events; 0 delivered, 0 filtered, 0 duplicates, 0 quarantined',
    ],
  ])
  expect(accounts[0]?.attributes).toEqual({
    'log.record.uid': accounts[0]?.attributes['log.record.uid'],
    'circleci_audit_forwarder.receiver': 'circleci_audit',
    'circleci_audit_forwarder.destination': 'a',
    'circleci_audit_forwarder.hour': '2026-03-15T11:00:00.000Z',
    'circleci_audit_forwarder.revision': 1,
    'circleci_audit_forwarder.objects': 1,
    'circleci_audit_forwarder.lost_objects': 0,
    'circleci_audit_forwarder.events': 1,
    'circleci_audit_forwarder.bad_lines': 0,
    'circleci_audit_forwarder.first_event_id': 'of audit',
    'circleci_audit_forwarder.last_event_id': 'of audit',
    'circleci_audit_forwarder.delivered': 1,
    'circleci_audit_forwarder.filtered': 0,
    'circleci_audit_forwarder.duplicates': 0,
    'circleci_audit_forwarder.quarantined': 0,
  })
})

test('a run that is to end accounts for what it has completed, and delivers that too', async () => {
  const { stage, outlet, specs } = stageOf('a')
  stage.clock.jump(10 * MINUTE)
  const pipeline = stage.pipeline({ own, destinations: specs() })
  const finish = await stage.finished(pipeline.runOnce(new AbortController().signal, MINUTE))
  expect(finish).toEqual({ unswept: [], unfinished: [], unanswered: [] })
  expect([outlet('a').of('heartbeat').length, outlet('a').of('act').length]).toEqual([1, 1])
  expect(outlet('a').of('control')).toMatchObject([{ attributes: { 'circleci_audit_forwarder.filtered': 1 } }])
  expect(stage.memory.ownStandings()).toMatchObject([{ outstanding: 0 }])
})

test('signs of life that arrive elsewhere do not keep a run waiting that is to end', async () => {
  const { stage, outlet, specs } = stageOf('a', 'b')
  outlet('b').down = true
  const began = stage.clock.now()
  const routes = [{ receiver: 'circleci_audit', startAt: { from: 'beginning' } as const, processing: passing }]
  const pipeline = stage.pipeline({
    own: { ...own, heartbeatMs: MINUTE },
    destinations: specs({ a: { routes }, b: { routes } }),
  })
  const finish = await stage.finished(pipeline.runOnce(new AbortController().signal, 3 * MINUTE))
  expect(finish.unfinished).toMatchObject([{ destination: 'b', reason: 'HTTP 503' }])
  expect((stage.clock.now() - began) / MINUTE).toBeLessThan(10)
})
