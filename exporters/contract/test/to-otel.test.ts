import { describe, expect, test } from 'vitest'
import {
  type Batch,
  type Encoded,
  ExportError,
  type Exporter,
  type LogRecord,
  type OtelExportResult,
  type OtelLogRecordExporter,
  type Outcome,
  recordId,
  toLogRecordExporter,
} from '../src/index.ts'
import { auditRecord, auditRecords } from '../src/testing.ts'

const delivered: Outcome = { status: 'delivered' }

/** A destination that answers as told and keeps what it delivered. */
class Scripted implements Exporter {
  readonly limits: Exporter['limits']
  readonly batches: string[][] = []
  readonly kept: string[] = []
  readonly #answer: (ids: readonly string[], signal: AbortSignal) => Outcome | Promise<Outcome>
  closed = 0
  polls = 0

  constructor(answer: (ids: readonly string[], signal: AbortSignal) => Outcome | Promise<Outcome>, records = 100) {
    this.#answer = answer
    this.limits = { records, bytes: 1_000 }
  }

  encode(record: LogRecord): Encoded {
    const id = recordId(record) ?? ''
    if (id === 'unwritable') throw new TypeError('no words for it')
    const partition = record.eventName === 'other month' ? { partition: 'b' } : {}
    return { bytes: Buffer.from(id), ...partition }
  }

  async send(batch: Batch, signal: AbortSignal): Promise<Outcome> {
    const ids = batch.members.map((member) => Buffer.from(member.bytes).toString())
    this.batches.push(ids)
    const outcome = await this.#answer(ids, signal)
    if (outcome.status === 'delivered') this.kept.push(...ids)
    return outcome
  }

  async confirm(receipts: readonly string[]): Promise<ReadonlyMap<string, Outcome>> {
    this.polls++
    return this.polls < 3 ? new Map() : new Map(receipts.map((receipt) => [receipt, delivered]))
  }

  async check() {
    return []
  }

  async close(): Promise<void> {
    this.closed++
  }
}

function exported(exporter: Exporter, records: LogRecord[], timeoutMs = 5_000): Promise<OtelExportResult> {
  return exportedBy(toLogRecordExporter(exporter, { timeoutMs }), records)
}

function exportedBy(exporter: OtelLogRecordExporter, records: LogRecord[]): Promise<OtelExportResult> {
  return new Promise((resolve) => exporter.export(records, resolve))
}

function records(...ids: string[]): LogRecord[] {
  return ids.map((id) => auditRecord({ id }))
}

test('packs within the limits and by partition', async () => {
  const destination = new Scripted(() => delivered, 2)
  const other = auditRecord({ id: 'x', eventName: 'other month' })
  expect(await exported(destination, [...records('a', 'b'), other, ...records('c')])).toEqual({ code: 0 })
  expect(destination.batches).toEqual([['a', 'b'], ['x'], ['c']])
})

describe('concurrency', () => {
  /** Answers when told; knows how many requests wait for an answer. */
  function gated(records: number) {
    const waiting: ((outcome: Outcome) => void)[] = []
    const destination = new Scripted(() => new Promise((resolve) => waiting.push(resolve)), records)
    const turn = () => new Promise((resolve) => setImmediate(resolve))
    return { waiting, destination, turn }
  }

  test('without it one request follows the other', async () => {
    const { waiting, destination, turn } = gated(1)
    const result = exported(destination, records('a', 'b'))
    await turn()
    expect(waiting).toHaveLength(1)
    waiting.shift()?.(delivered)
    await turn()
    waiting.shift()?.(delivered)
    expect(await result).toEqual({ code: 0 })
  })

  test('as many requests at once as it says, and never more', async () => {
    const { waiting, destination, turn } = gated(1)
    const result = exportedBy(toLogRecordExporter(destination, { concurrency: 3 }), auditRecords(10))
    let most = 0
    for (await turn(); waiting.length > 0; await turn()) {
      most = Math.max(most, waiting.length)
      waiting.shift()?.(delivered)
    }
    expect(await result).toEqual({ code: 0 })
    expect(most).toBe(3)
    expect(destination.kept).toHaveLength(10)
  })

  test('after a failure nothing new is sent, and what is on its way is waited for', async () => {
    const { waiting, destination, turn } = gated(1)
    let ended = false
    const result = exportedBy(toLogRecordExporter(destination, { concurrency: 2 }), auditRecords(10))
    void result.then(() => {
      ended = true
    })
    await turn()
    waiting.shift()?.({ status: 'retry', reason: 'busy' })
    await turn()
    expect([waiting.length, ended]).toEqual([1, false])
    waiting.shift()?.(delivered)
    expect(await result).toMatchObject({ code: 1, error: { message: 'busy', retryable: true } })
    expect(destination.batches).toHaveLength(2)
  })

  test.each([0, 1.5, Number.NaN])('%s requests at once are refused', (concurrency) => {
    expect(() => toLogRecordExporter(new Scripted(() => delivered), { concurrency })).toThrow(RangeError)
  })
})

test('no records are a success without a request', async () => {
  const destination = new Scripted(() => delivered)
  expect(await exported(destination, [])).toEqual({ code: 0 })
  expect(destination.batches).toEqual([])
})

test('halves what is too large; a record too large alone is refused by its index', async () => {
  const destination = new Scripted((ids) =>
    ids.includes('big') ? { status: 'split', reason: 'too large' } : delivered,
  )
  const result = await exported(destination, records('a', 'b', 'big', 'c'))
  expect(destination.kept).toEqual(['a', 'b', 'c'])
  expect(result).toMatchObject({ code: 1, error: { rejected: [{ index: 2, reason: 'too large' }], retryable: false } })
})

test('bisects what is unreadable and delivers everything else', async () => {
  const bad = new Set(['record-0003', 'record-0017'])
  const destination = new Scripted((ids) => {
    return ids.some((id) => bad.has(id)) ? { status: 'unreadable', reason: 'bad' } : delivered
  })
  const result = await exported(destination, auditRecords(20))
  expect(destination.kept).toHaveLength(18)
  expect(result.error).toMatchObject({ rejected: [{ index: 3 }, { index: 17 }] })
})

test('sends the rest when some are refused', async () => {
  const destination = new Scripted((ids) => {
    const index = ids.indexOf('bad')
    return index < 0 ? delivered : { status: 'rejected', records: [{ index, reason: 'no such index' }] }
  })
  const result = await exported(destination, records('a', 'bad', 'c'))
  expect(destination.kept).toEqual(['a', 'c'])
  expect(result.error).toMatchObject({ rejected: [{ index: 1, reason: 'no such index' }] })
})

test('a record that cannot be encoded is refused alone', async () => {
  const destination = new Scripted(() => delivered)
  const result = await exported(destination, records('a', 'unwritable', 'c'))
  expect(destination.kept).toEqual(['a', 'c'])
  expect(result.error).toMatchObject({ rejected: [{ index: 1, reason: 'cannot be encoded: no words for it' }] })
})

test('waits for the acknowledgement', async () => {
  const destination = new Scripted(() => ({ status: 'accepted', receipt: '1', pollAfterMs: 1 }))
  expect(await exported(destination, records('a'))).toEqual({ code: 0 })
  expect(destination.polls).toBe(3)
})

describe('an export fails', () => {
  test('with the delay that was asked for', async () => {
    const destination = new Scripted(() => ({ status: 'retry', reason: 'busy', retryAfterMs: 7_000, ambiguous: false }))
    const { code, error } = await exported(destination, records('a', 'b'))
    expect(code).toBe(1)
    expect(error).toBeInstanceOf(ExportError)
    expect(error).toMatchObject({ message: 'busy', retryable: true, retryAfterMillis: 7_000, ambiguous: false })
    expect(destination.batches).toHaveLength(1)
  })

  test('is ambiguous where a part of the records is stored already', async () => {
    const busy: Outcome = { status: 'retry', reason: 'busy', ambiguous: false }
    const second = new Scripted((ids) => (ids.includes('b') ? busy : delivered), 1)
    expect((await exported(second, records('a', 'b'))).error).toMatchObject({ message: 'busy', ambiguous: true })
    const first = new Scripted((ids) => (ids.includes('a') ? busy : delivered), 1)
    expect((await exported(first, records('a', 'b'))).error).toMatchObject({ message: 'busy', ambiguous: false })
    const stopped = new Scripted(
      (ids) => (ids.includes('b') ? { status: 'stopped', cause: 'credentials', reason: 'HTTP 401' } : delivered),
      1,
    )
    expect((await exported(stopped, records('a', 'b'))).error).toMatchObject({
      stopped: 'credentials',
      ambiguous: true,
    })
    // A refusal that left others stored.
    const partly = new Scripted((ids) =>
      ids.length === 3 ? { status: 'rejected', records: [{ index: 0, reason: 'bad' }], taken: 1 } : busy,
    )
    expect((await exported(partly, records('a', 'b', 'c'))).error).toMatchObject({ message: 'busy', ambiguous: true })
  })

  test('with what must be mended', async () => {
    const destination = new Scripted(() => ({ status: 'stopped', cause: 'credentials', reason: 'HTTP 401' }))
    expect((await exported(destination, records('a'))).error).toMatchObject({
      retryable: false,
      stopped: 'credentials',
    })
  })

  test('at its deadline, also when the destination ignores the signal or never acknowledges', async () => {
    const deaf = new Scripted(() => new Promise<Outcome>(() => {}))
    expect((await exported(deaf, records('a'), 50)).error).toMatchObject({ retryable: true, ambiguous: true })
    const silent = new Scripted(() => ({ status: 'accepted', receipt: '1', pollAfterMs: 60_000 }))
    expect((await exported(silent, records('a'), 50)).error).toMatchObject({ retryable: true, ambiguous: true })
  })

  test('when the destination throws or contradicts itself, and never loops', async () => {
    const broken = new Scripted(() => Promise.reject(new Error('bug')))
    expect((await exported(broken, records('a'))).error).toMatchObject({ message: 'bug', retryable: true })
    const contradiction = new Scripted(() => ({ status: 'rejected', records: [{ index: 99, reason: '' }] }))
    expect((await exported(contradiction, records('a'))).code).toBe(1)
  })
})

describe('life', () => {
  test('tolerates concurrent exports; forceFlush waits for all of them', async () => {
    const gates: (() => void)[] = []
    const destination = new Scripted(() => new Promise((resolve) => gates.push(() => resolve(delivered))))
    const stock = toLogRecordExporter(destination)
    let done = 0
    for (const id of ['a', 'b', 'c']) stock.export(records(id), () => done++)
    const flushed = stock.forceFlush().then(() => done)
    await expect.poll(() => gates.length).toBe(3)
    for (const open of gates) open()
    expect(await flushed).toBe(3)
  })

  test('shutdown waits, closes once, and nothing goes out afterwards', async () => {
    const destination = new Scripted(() => delivered)
    const stock = toLogRecordExporter(destination)
    const results: OtelExportResult[] = []
    stock.export(records('a'), (result) => results.push(result))
    await Promise.all([stock.shutdown(), stock.shutdown()])
    expect(results).toEqual([{ code: 0 }])
    expect(destination.closed).toBe(1)
    const after = await new Promise<OtelExportResult>((resolve) => stock.export(records('b'), resolve))
    expect(after).toMatchObject({ code: 1, error: { retryable: false } })
    expect(destination.batches).toHaveLength(1)
  })

  test('a callback that throws harms nobody', async () => {
    const stock = toLogRecordExporter(new Scripted(() => delivered))
    stock.export(records('a'), () => {
      throw new Error('in the application')
    })
    await stock.forceFlush()
  })
})
