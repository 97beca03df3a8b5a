// What the oracle lets pass as withheld by a filter: a batch that was sent and whose answer was lost binds its members, until
// one of its objects has vanished and the batch cannot be formed again.
import { expect, test } from 'vitest'
import type { Case } from './oracle.ts'
import { judgeReach } from './oracle-reach.ts'
import { Verdict } from './trace.ts'
import type { Occurrence, TrueEvent, TrueObject } from './truth.ts'

/** One event, written down once, for a destination that was sent it in vain and has filtered its kind since. */
function judged(goneAt: number | undefined): readonly string[] {
  const occurrences: Occurrence[] = []
  const event: TrueEvent = { serial: 6, id: 'e6', occurredAt: 900, action: 'context.create', occurrences }
  const place = { serial: 1, source: 's3://acme', key: 'k', version: '1', body: Buffer.alloc(0), time: 1_000 }
  const object: TrueObject = { ...place, putAt: 1_000, goneAt, probe: false, occurrences, bad: [] }
  const occurrence: Occurrence = { event, object, offset: 0, text: '{}', uid: 'e6' }
  occurrences.push(occurrence)
  const verdict = new Verdict()
  const attempt = { occurrences: [occurrence], heard: { outcome: 'retry', at: 2_000 } }
  const filters = (...actions: string[]) => ({ filters: new Map([['d', new Set(actions)]]) })
  const lives = [
    { from: 0, to: 3_000, life: filters() },
    { from: 4_000, to: 9_000, life: filters('context.create') },
  ]
  judgeReach({
    truth: { events: [event] },
    server: { rows: new Map(), attempts: [attempt], poisons: () => false, isUnfit: () => false },
    destination: { id: 'd' },
    operator: { mends: false, hasBrought: () => false, hasReleased: () => false, forcedAt: () => undefined },
    watch: { seen: new Map([[object, 1_500]]), lostAt: new Map(), lives, isOwed: () => true },
    plan: { lookbackMs: 86_400_000 },
    startOf: () => 0,
    entries: [],
    verdict,
  } as unknown as Case)
  return verdict.broken
}

test('what was sent under an unanswered batch is not withheld by a later filter', () => {
  expect(judged(undefined)).toEqual([expect.stringMatching(/^lost in silence: d: event 6 .* never reached it$/)])
})

test('what was in a batch that cannot be formed again is decided anew, by the filter of the day', () => {
  expect(judged(3_500)).toEqual([])
})
