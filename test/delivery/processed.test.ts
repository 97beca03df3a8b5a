// What a lane keeps of a record that processors have changed: the record goes out changed, and quarantine has the event
// as it was read, since that is what its sha256 is of and what is to go through the processors of the day.
import { type LogRecord, ORIGINAL } from '@circleci-audit-forwarder/contract'
import { afterEach, expect, test } from 'vitest'
import type { Processing } from '../../src/delivery/processing.ts'
import { Bench, ids } from './harness.ts'

let bench = new Bench()
afterEach(() => bench.stop())

const transform = (record: LogRecord): LogRecord => ({ ...record, [ORIGINAL]: `redacted` })
const redacting: Processing = { process: transform, transform }

test('quarantine keeps the event as it was read, not as it was sent', async () => {
  bench = new Bench()
  bench.enrol('d')
  const seen: (string | undefined)[] = []
  const outlet = bench.outlet((batch) =>
    batch.includes('a3') ? { status: 'unreadable', reason: 'no' } : { status: 'delivered' },
  )
  const encode = outlet.encode.bind(outlet)
  outlet.encode = (record) => {
    seen.push(record[ORIGINAL])
    return encode(record)
  }
  bench.put('x', ids('a', 10))
  bench.lane('d', outlet, { processing: redacting })
  await bench.clock.advance(60_000)
  bench.put('y', ids('b', 1)) // accepted: the verdict stands
  await bench.clock.advance(60_000)
  expect(bench.account('d')).toMatchObject({ delivered: 10, quarantined: 1 })
  expect(new Set(seen)).toEqual(new Set(['redacted']))
  const [entry] = bench.memory.quarantine({ destination: 'd', limit: 10 })
  expect(Buffer.from(entry?.bytes ?? []).toString()).toBe('a3')
})
