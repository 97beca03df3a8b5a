import { describe, expect, test } from 'vitest'
import {
  ExportError,
  type Exporter,
  fromLogRecordExporter,
  type OtelExportResult,
  type OtelLogRecordExporter,
  type Outcome,
  toLogRecordExporter,
} from '../src/index.ts'
import { auditRecords } from '../src/testing.ts'

type Export = OtelLogRecordExporter['export']
const never = new AbortController().signal

class Official implements OtelLogRecordExporter {
  readonly export: Export
  shutdowns = 0

  constructor(behaviour: Export) {
    this.export = behaviour
  }

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {
    this.shutdowns++
  }
}

function sent(exporter: Exporter, signal = never, count = 2): Promise<Outcome> {
  const members = auditRecords(count).map((record) => exporter.encode(record))
  return exporter.send({ members, token: 't', now: 0 }, signal)
}

function destination(behaviour: Export, timeoutMs = 5_000): Exporter {
  return fromLogRecordExporter(new Official(behaviour), { name: 'official', timeoutMs })
}

function failing(error?: Error): Exporter {
  return destination((_, callback) => callback(error === undefined ? { code: 1 } : { code: 1, error }))
}

test('hands over the records themselves, in order, once', async () => {
  const seen: string[][] = []
  const exporter = destination((logs, callback) => {
    seen.push(logs.map((log) => String(log.attributes['log.record.uid'])))
    callback({ code: 0 })
    callback({ code: 1 })
  })
  expect(await sent(exporter)).toEqual({ status: 'delivered' })
  expect(seen).toEqual([['record-0000', 'record-0001']])
})

describe('a failure', () => {
  test('without more is tried again and may have arrived', async () => {
    expect(await sent(failing(new Error('oops')))).toEqual({ status: 'retry', reason: 'oops', ambiguous: true })
    expect(await sent(failing())).toMatchObject({ status: 'retry', ambiguous: true })
  })

  test.each<[ConstructorParameters<typeof ExportError>[1], Partial<Outcome>]>([
    [
      { retryable: true, retryAfterMillis: 7_000, ambiguous: false },
      { status: 'retry', retryAfterMs: 7_000 },
    ],
    [{ retryable: false }, { status: 'unreadable' }],
    [
      { retryable: false, stopped: 'credentials' },
      { status: 'stopped', cause: 'credentials' },
    ],
    [{ retryable: false, rejected: [{ index: 1, reason: 'bad' }] }, { status: 'rejected' }],
  ])('that says %j is believed', async (fields, expected) => {
    expect(await sent(failing(new ExportError('why', fields)))).toMatchObject(expected)
  })

  test('thrown is a record it cannot write: bisect', async () => {
    const throwing = destination(() => {
      throw new TypeError('Converting circular structure')
    })
    expect(await sent(throwing)).toMatchObject({ status: 'unreadable' })
  })

  test('by silence ends at the deadline and may have arrived; a late callback counts for nothing', async () => {
    let late: (result: OtelExportResult) => void = () => {}
    const silent = destination((_, callback) => {
      late = callback
    }, 30)
    expect(await sent(silent)).toMatchObject({ status: 'retry', ambiguous: true })
    late({ code: 0 })
  })

  test('by the caller: before is not ambiguous, during is', async () => {
    const controller = new AbortController()
    const exporter = destination(() => controller.abort())
    expect(await sent(exporter, controller.signal)).toMatchObject({ status: 'retry', ambiguous: true })
    expect(await sent(exporter, controller.signal)).toMatchObject({ status: 'retry', ambiguous: false })
  })
})

test('exports one at a time, as the specification demands', async () => {
  let inFlight = 0
  let most = 0
  const exporter = destination((_, callback) => {
    most = Math.max(most, ++inFlight)
    setImmediate(() => {
      inFlight--
      callback({ code: 0 })
    })
  })
  await Promise.all([sent(exporter), sent(exporter), sent(exporter)])
  expect(most).toBe(1)
})

test('closes once, and says that it is unverified', async () => {
  const official = new Official((_, callback) => callback({ code: 0 }))
  const exporter = fromLogRecordExporter(official, { name: 'official' })
  expect(await exporter.check(never)).toMatchObject([{ level: 'unknown', what: expect.stringContaining('unverified') }])
  await exporter.close()
  await exporter.close()
  expect(official.shutdowns).toBe(1)
})

describe('there and back again', () => {
  const made = (outcome: Outcome): Exporter => {
    const inner = destination((_, callback) => callback({ code: 0 }))
    inner.send = async () => outcome
    return inner
  }

  test.each<Outcome>([
    { status: 'delivered', notice: 'thanks' },
    { status: 'accepted', receipt: 'r', pollAfterMs: 5 },
    { status: 'retry', reason: 'busy', retryAfterMs: 3_000, ambiguous: false },
    { status: 'split', reason: 'HTTP 413' },
    { status: 'rejected', records: [{ index: 1, reason: 'bad', certain: true }], taken: 1 },
    { status: 'unreadable', reason: 'HTTP 400' },
    { status: 'stopped', cause: 'configuration', reason: 'HTTP 404' },
  ])('one of our own gives its outcome as it was: %j', async (outcome) => {
    const inner = made(outcome)
    let sends = 0
    const { send } = inner
    inner.send = (batch, signal) => {
      sends += 1
      return send(batch, signal)
    }
    expect(await sent(fromLogRecordExporter(toLogRecordExporter(inner), { name: 'outer' }))).toEqual(outcome)
    expect(sends).toBe(1)
  })

  test('it can be asked what it can be asked, within its own limits', async () => {
    const inner = made({ status: 'delivered' })
    inner.stored = async () => [0]
    const outer = fromLogRecordExporter(toLogRecordExporter(inner), { name: 'outer', limits: { records: 1, bytes: 1 } })
    expect(outer.limits).toEqual(inner.limits)
    expect(await outer.stored?.({ members: [], token: 't', now: 0 }, never)).toEqual([0])
  })

  test('where something stands in between, what was delivered beside a refusal counts as stored', async () => {
    const records = [{ index: 1, reason: 'bad' }]
    const own = toLogRecordExporter({
      ...made({ status: 'delivered' }),
      encode: () => ({ bytes: Buffer.from('x') }),
      send: async ({ members }) => (members.length === 3 ? { status: 'rejected', records } : { status: 'delivered' }),
    })
    const wrapped = destination((logs, callback) => own.export(logs, callback))
    expect(await sent(wrapped, never, 3)).toEqual({ status: 'rejected', records, taken: 2 })
  })
})
