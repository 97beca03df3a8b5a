// Events that come at regular times: what their absence proves, and when it proves nothing.
import { expect, test } from 'vitest'
import { eventMatcher } from '../../src/domain/regular-event.ts'
import { MINUTE_MS } from '../../src/domain/rhythm-curve.ts'
import { bench, HOUR, now, open, pass, receiver, type WatchBench } from './bench.ts'

const canary = {
  name: 'workflow.start of canary',
  matches: eventMatcher({ action: 'workflow.start', target: 'canary' }),
  everyMs: HOUR * MINUTE_MS,
  graceMs: 30 * MINUTE_MS,
}
const came = { action: 'workflow.start', target: { id: 'w', type: 'workflow', name: 'canary' } }

/** Sweeps as time passes, so that everything is known. */
function passSwept(one: WatchBench, minutes: number): void {
  pass(one, minutes, () => one.ledger.swept(receiver, one.clock.now()))
}

test('an expected event that does not come is a gap from when it was due until it comes, and proves its hours', () => {
  const one = bench({ settings: { expect: [canary] } })
  one.watch.noticed(receiver)?.(came, now * MINUTE_MS)
  passSwept(one, 90)
  expect(open(one)).toEqual([])
  passSwept(one, 10)
  expect(one.gaps()).toMatchObject([{ kind: 'expected_missing', severity: 'critical', from: (now + HOUR) * MINUTE_MS }])
  one.restarted()
  one.watch.noticed(receiver)?.({ action: 'workflow.start' }, (now + 100) * MINUTE_MS)
  passSwept(one, 1)
  expect(open(one)).toEqual(['expected_missing'])
  one.watch.noticed(receiver)?.(came, (now + 100) * MINUTE_MS)
  passSwept(one, 1)
  expect(one.gaps()).toMatchObject([{ closed: { why: 'it came' } }])
  const hour = Math.floor((now + 100) / HOUR) * HOUR * MINUTE_MS
  const ago = Math.floor(now / HOUR) * HOUR * MINUTE_MS
  passSwept(one, 120)
  expect([one.watch.view.hour(receiver, hour).state, one.watch.view.hour(receiver, ago - 3_600_000).state]).toEqual([
    'proven',
    'unprovable',
  ])
})

test('an expected event is not missed while objects are unread, nor in a freeze', () => {
  const one = bench({ settings: { expect: [canary] } })
  one.watch.noticed(receiver)?.(came, now * MINUTE_MS)
  one.see(now + 10)
  passSwept(one, 300)
  expect(open(one).filter((kind) => kind === 'expected_missing')).toEqual([])
  one.ledger.decide({ object: 1, from: 0, to: 0, claimants: [], bad: [], end: true }, 0)
  passSwept(one, 1)
  expect(open(one)).toContain('expected_missing')

  const quiet = [{ from: now * MINUTE_MS, to: (now + 10 * HOUR) * MINUTE_MS, reason: 'closed' }]
  const frozen = bench({ settings: { expect: [canary], quiet } })
  frozen.watch.noticed(receiver)?.(came, now * MINUTE_MS)
  passSwept(frozen, 11 * HOUR)
  expect(open(frozen)).toEqual([])
  passSwept(frozen, 2 * HOUR)
  expect(open(frozen)).toEqual(['expected_missing'])
})
