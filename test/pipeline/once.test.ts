// A run that is to end: when it is done, and not before.
import { expect, test } from 'vitest'
import { SourceFailure } from '../../src/domain/failures.ts'
import type { Finish } from '../../src/pipeline.ts'
import { OneObject, receiver, Stage } from './stage.ts'

function once(stage: Stage): Promise<Finish> {
  return stage.finished(stage.pipeline().runOnce(new AbortController().signal, 60_000))
}

test('a reading that fails for a moment is tried again before the end', async () => {
  const stage = new Stage((clock) => [receiver('r', new OneObject('logs', 3, clock))])
  const finish = await once(stage)
  expect(finish).toEqual({ unswept: [], unfinished: [], unanswered: [] })
  expect(stage.outlet.sent).toHaveLength(1)
})

test('a reading that fails for good is named at the end', async () => {
  const stage = new Stage((clock) => [receiver('r', new OneObject('logs', 1_000, clock))])
  const finish = await once(stage)
  expect(finish.unfinished).toEqual([{ destination: 'd', reason: 'the network is down' }])
})

test('a request that waits for something is named at the end', async () => {
  const stage = new Stage((clock) => [receiver('r', new OneObject('logs', 0, clock))])
  const store = new OneObject('logs', 0, stage.clock)
  const list = store.list.bind(store)
  // Today's hours can be listed, and nothing older.
  Object.assign(stage.receivers[0]?.store ?? {}, {
    list: (under: string) => {
      if (under.includes('month=01')) throw new SourceFailure('access denied')
      return list(under)
    },
  })
  const [from, to] = ['2026-01-05', '2026-01-06'].map((day) => Date.parse(day))
  const id = stage.memory.ask('backfill', JSON.stringify({ from, to, force: false, why: 'a hole' }), 'ann', 0)
  const finish = await once(stage)
  expect(finish).toEqual({ unswept: [], unfinished: [], unanswered: [{ request: id, kind: 'backfill' }] })
  expect(stage.memory.request(id)?.answer).toBeUndefined()
})

test('what has been gathered does not linger when nothing more is to come', async () => {
  const stage = new Stage((clock) => [receiver('r', new OneObject('logs', 0, clock))])
  stage.options = { ...stage.options, batch: { ...stage.options.batch, lingerMs: 3_600_000 } }
  const begun = stage.clock.now()
  const finish = await once(stage)
  expect(finish).toEqual({ unswept: [], unfinished: [], unanswered: [] })
  expect(stage.outlet.sent).toHaveLength(1)
  expect(stage.clock.now() - begun).toBeLessThan(5_000)
})

test('two receivers of one bucket keep their attributes apart', async () => {
  const stage = new Stage((clock) => {
    return ['logs', 'logs-eu'].map((prefix, n) => receiver(`r${n}`, new OneObject(prefix, 0, clock)))
  })
  await once(stage)
  const teams = stage.outlet.ids.map((id) => JSON.parse(id).team)
  expect(new Set(teams)).toEqual(new Set(['r0', 'r1']))
})
