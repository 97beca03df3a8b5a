import { expect } from 'vitest'
import { MINUTE_MS } from '../../src/domain/rhythm-curve.ts'
import { at } from '../domain/streams.ts'
import { receiver, type settings, WatchBench } from './bench.ts'

/** Weeks that a stream had before the forwarder began. */
export const LEARNED = 4

/** A forwarder that starts on a Monday, beside a bucket with six weeks of history. */
export function started(stream: readonly number[], more: Partial<typeof settings> = {}): WatchBench {
  const now = at(LEARNED, 0, 0)
  const bench = new WatchBench({ now, settings: more })
  bench.lookAt(now)
  const [wanted] = bench.watch.wanted
  expect(wanted?.receiver).toBe(receiver)
  bench.watch.learned(
    receiver,
    at(0, 0, 0) * MINUTE_MS,
    stream.filter((minute) => minute < now),
  )
  expect(bench.watch.wanted).toEqual([])
  return bench
}
