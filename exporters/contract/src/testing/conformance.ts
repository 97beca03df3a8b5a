// What every exporter must hold, by name. An exporter's test file is one call of `conformance` and its own oddities.
// Framework-neutral: it is given the runner's `test` and asserts with node:assert.
import assert from 'node:assert/strict'
import { pack } from '../packing.ts'
import type { LogRecord } from '../record.ts'
import { FakeServer, type Scripted } from './fake-server.ts'
import { auditRecord, auditRecords, hostileValues } from './records.ts'
import {
  answered,
  assertRetry,
  batchFrom,
  batchOf,
  type ConformanceHarness,
  closedPort,
  exporterFor,
  idsIn,
  idsOf,
  inWorld,
  never,
  refusedIndexes,
  room,
  secretOf,
  settle,
  type World,
} from './world.ts'

/** What the runner's `test` must be able to do: vitest's, node:test's and others' are. */
export type TestFunction = (name: string, body: () => Promise<void>) => unknown

const guarantees = {
  'accepts a batch': acceptsBatch,
  "keeps the members' order": keepsOrder,
  'reports a throttle with its delay': reportsThrottle,
  'refused credentials stop and drop nothing': stopsOnCredentials,
  'a wrong address stops and drops nothing': stopsOnAddress,
  'reports too large': reportsTooLarge,
  'reports which record was refused': reportsRefusedRecord,
  'a cut connection is retry and ambiguous': cutIsAmbiguous,
  'a refused connection is retry and not ambiguous': refusedIsNotAmbiguous,
  'gives up a silent server at its deadline': givesUpAtDeadline,
  'honours abort': honoursAbort,
  'a login page is no acceptance': loginPageIsNoAcceptance,
  'never follows a redirect': neverFollowsRedirect,
  'never logs a secret': neverLogsSecret,
  'checks without sending a record': checksWithoutRecords,
  'closes twice': closesTwice,
  'encode is pure': encodeIsPure,
  'encode survives hostile records': encodeSurvives,
  'keeps every body within limits': keepsWithinLimits,
} satisfies Record<string, (world: World) => Promise<void>>

/** The guarantees by name. */
export type Guarantee = keyof typeof guarantees

/** Declares one test per guarantee. */
export function conformance(harness: ConformanceHarness<Guarantee>, test: TestFunction): void {
  for (const name of Object.keys(guarantees) as Guarantee[]) {
    const reason = harness.cannot?.[name]
    if (reason === undefined) test(name, () => inWorld(harness, guarantees[name]))
    else test(`${name} (not here: ${reason})`, async () => {})
  }
}

async function acceptsBatch({ harness, server, exporter }: World): Promise<void> {
  assert.deepEqual(await settle(exporter, batchOf(exporter, room(exporter, 3))), { status: 'delivered' })
  assert.deepEqual(idsIn(harness, server), idsOf(room(exporter, 3)))
}

async function keepsOrder({ harness, server, exporter }: World): Promise<void> {
  const records = room(exporter, 40).toReversed()
  await settle(exporter, batchOf(exporter, records))
  assert.deepEqual(idsIn(harness, server), idsOf(records))
}

async function reportsThrottle(world: World): Promise<void> {
  const outcome = await answered(world, { kind: 'throttle', afterSeconds: 7 })
  assert.equal(outcome.status, 'retry')
  assert.equal(outcome.status === 'retry' && outcome.retryAfterMs, 7_000)
  assert.notEqual(outcome.status === 'retry' && outcome.ambiguous, true)
}

async function stopsOnCredentials(world: World): Promise<void> {
  await stopsThenDelivers(world, { kind: 'refuse credentials' }, 'credentials')
}

async function stopsOnAddress(world: World): Promise<void> {
  await stopsThenDelivers(world, { kind: 'not found' }, 'configuration')
}

/** The same batch, sent again once the cause is mended, arrives whole. */
async function stopsThenDelivers(world: World, scripted: Scripted, cause: string): Promise<void> {
  const batch = batchOf(world.exporter, room(world.exporter, 3))
  world.server.answer(scripted)
  const outcome = await world.exporter.send(batch, never())
  assert.equal(outcome.status, 'stopped', JSON.stringify(outcome))
  assert.equal(outcome.status === 'stopped' && outcome.cause, cause)
  assert.deepEqual(await settle(world.exporter, batch), { status: 'delivered' })
}

async function reportsTooLarge(world: World): Promise<void> {
  const outcome = await answered(world, { kind: 'too large' })
  assert.equal(outcome.status, 'split', JSON.stringify(outcome))
}

/** At once, or, where the vendor does not say which, for the record alone after bisection. */
async function reportsRefusedRecord({ server, exporter }: World): Promise<void> {
  const records = room(exporter, 3)
  const index = records.length - 1
  server.answer({ kind: 'refuse record', index })
  const outcome = await settle(exporter, batchOf(exporter, records))
  if (outcome.status === 'rejected') return assert.deepEqual(refusedIndexes(outcome), [index])
  assert.equal(outcome.status, 'unreadable', JSON.stringify(outcome))
  server.answer({ kind: 'refuse record', index: 0 })
  const alone = await settle(exporter, batchOf(exporter, records.slice(index)))
  assert.ok(alone.status === 'unreadable' || refusedIndexes(alone)[0] === 0, JSON.stringify(alone))
}

async function cutIsAmbiguous(world: World): Promise<void> {
  assertRetry(await answered(world, { kind: 'cut before answer' }), true)
}

async function refusedIsNotAmbiguous({ harness }: World): Promise<void> {
  const exporter = exporterFor(harness, `http://127.0.0.1:${await closedPort()}`)
  assertRetry(await exporter.send(batchOf(exporter, room(exporter, 1)), never()), false)
  await exporter.close()
}

async function givesUpAtDeadline({ harness, server }: World): Promise<void> {
  const exporter = exporterFor(harness, server.url, 150)
  server.answer({ kind: 'hang' })
  assertRetry(await exporter.send(batchOf(exporter, room(exporter, 1)), never()), true)
  await exporter.close()
}

async function honoursAbort({ server, exporter }: World): Promise<void> {
  const controller = new AbortController()
  server.answer({ kind: 'hang' })
  const arrival = server.nextArrival()
  const sending = exporter.send(batchOf(exporter, room(exporter, 1)), controller.signal)
  await arrival
  controller.abort()
  assertRetry(await sending, true)
  assertRetry(await exporter.send(batchOf(exporter, room(exporter, 1)), controller.signal), false)
}

async function loginPageIsNoAcceptance(world: World): Promise<void> {
  const outcome = await answered(world, { kind: 'HTML 200' })
  assert.equal(outcome.status, 'stopped', JSON.stringify(outcome))
}

async function neverFollowsRedirect(world: World): Promise<void> {
  const elsewhere = await FakeServer.start()
  try {
    const outcome = await answered(world, { kind: 'redirect', location: `${elsewhere.url}/login` })
    assert.equal(outcome.status, 'stopped', JSON.stringify(outcome))
    assert.equal(elsewhere.arrived.length, 0)
  } finally {
    await elsewhere.stop()
  }
}

/** The exporter is overheard, here as in every other guarantee; this one provokes it. */
async function neverLogsSecret(world: World): Promise<void> {
  const secret = secretOf(world.harness)
  const scripts: Scripted[] = [
    { kind: 'refuse credentials' },
    { kind: 'not found' },
    { kind: 'HTML 200' },
    { kind: 'refuse record', index: 0 },
    { kind: 'cut before answer' },
    { kind: 'redirect', location: `${world.server.url}/${secret}?token=${secret}` },
  ]
  for (const scripted of scripts) {
    await answered(world, scripted)
    world.server.answer(scripted)
    await world.exporter.check(never())
    world.server.forget()
  }
}

async function checksWithoutRecords({ harness, server, exporter }: World): Promise<void> {
  const findings = await exporter.check(never())
  assert.ok(findings.length > 0, 'says nothing')
  assert.ok(!findings.some((finding) => finding.level === 'error'), JSON.stringify(findings))
  assert.deepEqual(idsIn(harness, server), [])
}

async function closesTwice({ exporter }: World): Promise<void> {
  await settle(exporter, batchOf(exporter, room(exporter, 1)))
  await exporter.close()
  await exporter.close()
}

async function encodeIsPure({ exporter }: World): Promise<void> {
  const record = Object.freeze(auditRecord())
  const before = snapshot(record)
  const [first, second] = [exporter.encode(record), exporter.encode(record)]
  assert.ok(Buffer.from(first.bytes).equals(second.bytes), 'two encodings of one record differ')
  assert.equal(first.partition, second.partition)
  assert.deepEqual(snapshot(record), before)
}

/** A deep copy of what the record says. Its symbols (the original) are named, since structuredClone drops them. */
function snapshot(record: LogRecord): unknown {
  const symbols = Object.getOwnPropertySymbols(record).map((symbol) => [String(symbol), Reflect.get(record, symbol)])
  return structuredClone({ ...record, resource: record.resource.attributes, symbols })
}

async function encodeSurvives({ harness, server, exporter }: World): Promise<void> {
  for (const [name, value] of hostileValues()) {
    const attributes = { 'circleci.audit.hostile': value }
    const record = auditRecord({ id: `hostile ${name}`, attributes, body: value })
    const before = server.arrived.length
    const outcome = await settle(exporter, batchOf(exporter, [record]))
    assert.deepEqual(outcome, { status: 'delivered' }, `${name}: ${JSON.stringify(outcome)}`)
    assert.deepEqual(
      server.arrived.slice(before).flatMap((request) => harness.ids(request)),
      [`hostile ${name}`],
    )
  }
}

async function keepsWithinLimits({ harness, server, exporter }: World): Promise<void> {
  const text = 'é"\\\n'.repeat(Math.floor((harness.largeRecordBytes ?? 100_000) / 8))
  const records = [...auditRecords(30), ...auditRecords(30).map((record) => ({ ...record, body: text }))]
  const members = records.map((record) => exporter.encode(record))
  for (const batch of pack(members, exporter.limits)) {
    assert.deepEqual(await settle(exporter, batchFrom(batch)), { status: 'delivered' })
  }
  const sizes = server.arrived.map((request) => request.body.length)
  assert.ok(Math.max(...sizes) <= harness.maxBodyBytes, `a body of ${Math.max(...sizes)} bytes`)
  assert.deepEqual(idsIn(harness, server), idsOf(records))
}
