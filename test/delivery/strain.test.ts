// What a lane does with its concurrency: halved on 429 and on a timeout, one more after a clean run, and no other cause.
import { httpOutcome, type Outcome } from '@circleci-audit-forwarder/contract'
import { afterEach, expect, test } from 'vitest'
import { Bench, ids } from './harness.ts'

let bench = new Bench()
afterEach(() => bench.stop())

const never = new Promise<Outcome>(() => undefined)
const status = (code: number) => httpOutcome({ status: code, headers: {}, body: '', bytes: new Uint8Array() })
const failed = { status: 'failed', reason: 'why', ambiguous: true, tls: false } as const

/** The lane's limits before and after one of its requests is answered so; by then it has grown to four. */
async function limits(answer: () => Outcome | Promise<Outcome>): Promise<readonly [before: number, after: number]> {
  bench = new Bench()
  bench.enrol('d')
  let once: typeof answer | undefined
  const outlet = bench.outlet(() => {
    const [now] = [once?.()]
    once = undefined
    return now ?? { status: 'delivered' }
  })
  bench.lane('d', outlet, { options: { retry: { initialMs: 3_600_000, maxMs: 3_600_000 } } })
  bench.put('x', ids('a', 200))
  await bench.clock.advance(60_000)
  const before = limit()
  once = answer
  bench.put('y', ids('b', 5))
  await bench.clock.advance(200_000)
  expect(once).toBeUndefined()
  return [before, limit()]
}

/** As last told. */
function limit(): number {
  return bench.told.findLast((event) => event.type === 'in_flight_changed')?.limit ?? Number.NaN
}

test.each<[string, () => Outcome | Promise<Outcome>]>([
  ['429', () => status(429)],
  ['429 with Retry-After', () => ({ ...status(429), retryAfterMs: 5_000 }) as Outcome],
  ['an exporter that found nobody to answer in time', () => httpOutcome({ ...failed, timedOut: true })],
  ['an attempt that outlasts its bound', () => never],
])('%s halves it', async (_, answer) => expect(await limits(answer)).toEqual([4, 2]))

test.each<[string, () => Outcome | Promise<Outcome>]>([
  ['500', () => status(500)],
  ['503', () => status(503)],
  ['a connection that was cut', () => httpOutcome(failed)],
  ['an exporter that threw', () => Promise.reject(new Error('oops'))],
  ['a batch that is too large', () => ({ status: 'split', reason: 'too large' })],
])('%s does not', async (_, answer) => expect(await limits(answer)).toEqual([4, 4]))
