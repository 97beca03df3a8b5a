// Destinations that write a record alike have it encoded once, and each still gets all of it.
import type { Encoded, LogRecord } from '@circleci-audit-forwarder/contract'
import { auditRecord, canaryGuid } from '@circleci-audit-forwarder/contract/testing'
import { afterEach, expect, test } from 'vitest'
import { exporters } from '../../src/cli/components.ts'
import { Encodings, sharedKeys } from '../../src/delivery/encodings.ts'
import type { Processing } from '../../src/delivery/processing.ts'
import { Readings } from '../../src/delivery/readings.ts'
import { Bench, ids, Outlet } from './harness.ts'

let bench = new Bench()
afterEach(() => bench.stop())

class Counting extends Outlet {
  encodingKey?: string
  encoded = 0

  override encode(record: LogRecord): Encoded {
    this.encoded += 1
    return super.encode(record)
  }
}

function counting(key?: string): Counting {
  const outlet = new Counting(() => bench.clock.now())
  if (key !== undefined) outlet.encodingKey = key
  return outlet
}

/** Two lanes over the same 40 events. */
async function deliver(first: Counting, second: Counting, processing?: Processing): Promise<void> {
  bench.enrol('a', 'b')
  bench.put('x', ids('e', 40))
  const { shelf: reader, ledger, clock } = bench
  const keys = sharedKeys([first, second])
  const readings = new Readings({
    reader,
    ledger,
    clock,
    tell: () => undefined,
    lanes: 2,
    sharedKeys: keys,
    capacityBytes: 1 << 20,
  })
  bench.lane('a', first, { readings })
  bench.lane('b', second, { readings, ...(processing && { processing }) })
  await bench.clock.advance(60_000)
  for (const outlet of [first, second]) expect(outlet.ids).toHaveLength(40)
}

function start(): void {
  bench = new Bench()
}

test('equal keys: one encodes for both', async () => {
  start()
  const [first, second] = [counting('k'), counting('k')]
  await deliver(first, second)
  expect(first.encoded + second.encoded).toBe(40)
})

test.each([
  ['different keys', 'k', 'l'],
  ['no keys', undefined, undefined],
  ['a key that nobody else has', 'k', undefined],
])('%s: each encodes for itself', async (_, one, other) => {
  start()
  const [first, second] = [counting(one), counting(other)]
  await deliver(first, second)
  expect([first.encoded, second.encoded]).toEqual([40, 40])
})

test('what a processor has changed for one destination never reaches the other', async () => {
  start()
  const [first, second] = [counting('k'), counting('k')]
  const changed = (record: LogRecord): LogRecord => ({ ...record, body: `${record.body}!` })
  await deliver(first, second, { process: changed, transform: changed })
  expect(first.ids.every((id) => !id.endsWith('!'))).toBe(true)
  expect(second.ids.every((id) => id.endsWith('!'))).toBe(true)
})

test('a record that cannot be encoded fails for each of them', () => {
  const failing = Object.assign(counting('k'), {
    encode: () => {
      throw new Error('no')
    },
  })
  const encodings = new Encodings(new Set(['k']))
  for (let i = 0; i < 2; i += 1) expect(() => encodings.encode(failing, auditRecord())).toThrow('no')
})

const token = canaryGuid(1)
const variants = {
  otlp_http: [{}, { encoding: 'proto' }, { original: false }, { timeout: '5s' }],
  splunk_hec: [{}, { index: 'audit' }, { source: 's' }, { sourcetype: 't' }, { host: 'h' }, { ack: 'off' }],
}

test.each(Object.entries(variants))(
  '%s: equal keys mean equal bytes, and different bytes different keys',
  (type, all) => {
    const module = exporters.find((each) => each.type === type)
    const made = all.map((settings) => {
      const given = { endpoint: 'http://127.0.0.1:1', ...(type === 'splunk_hec' && { token }), ...settings }
      const exporter = module?.create(module.schema.parse(given))
      if (exporter === undefined) throw new Error(`${type} is not registered`)
      return { key: exporter.encodingKey, text: Buffer.from(exporter.encode(auditRecord()).bytes).toString('latin1') }
    })
    for (const one of made) {
      for (const other of made) expect(one.key === other.key).toBe(one.text === other.text)
    }
  },
)
