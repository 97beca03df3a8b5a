// What is in quarantine is sent again once its cause is mended: through the usual way, once, and with nothing lost by it.
import type { Outcome } from '@circleci-audit-forwarder/contract'
import { beforeEach, expect, test } from 'vitest'
import { event, Stage } from './repair-stage.ts'

let stage: Stage

beforeEach(() => {
  stage = new Stage()
})

const entries = () => stage.memory.quarantine({ limit: 99 })

/** `a` refuses x; y, which it takes, makes that final. */
async function refuse(): Promise<void> {
  stage.bucket.put(30, event('x'), event('y'))
  stage.refused.add('x')
  await stage.start()
  await stage.clock.advance(5_000)
  expect(entries()).toMatchObject([{ destination: 'a', reason: 'no such field', provisional: false }])
  await stage.clock.advance(60_000)
}

test('a refused record is delivered once its cause is mended, and leaves the quarantine', async () => {
  await refuse()
  stage.refused.clear()
  expect(await stage.done('replay', { destination: 'a' })).toEqual({
    done: expect.objectContaining({ due: 1, delivered: 1, refused: 0, left: 0 }),
  })
  expect(stage.sent('a').filter((id) => id === 'x')).toHaveLength(2)
  expect(stage.sent('b').filter((id) => id === 'x')).toHaveLength(1)
  expect(entries()).toEqual([])
  expect(stage.account('a')).toMatchObject({ quarantined: 0, delivered: 2, outstanding: 0, possibleDuplicates: 0 })
  expect(await stage.done('replay', {})).toEqual({ done: expect.objectContaining({ due: 0, delivered: 0 }) })
  expect(stage.sent('a').filter((id) => id === 'x')).toHaveLength(2)
})

test('one that is refused again stays, with what the destination says now, and is not tried again by itself', async () => {
  await refuse()
  const answer = stage.outlets.a.answer
  stage.outlets.a.answer = (ids, ...rest) =>
    ids.includes('x')
      ? { status: 'rejected', records: [{ index: ids.indexOf('x'), reason: 'too old' }] }
      : answer(ids, ...rest)
  const id = stage.ask('replay', { ids: [1] })
  expect(await stage.answered(id)).toEqual({ done: expect.objectContaining({ due: 1, refused: 1, delivered: 0 }) })
  expect(entries()).toMatchObject([{ id: 1, reason: 'too old', provisional: false, replay: undefined }])
  await stage.clock.advance(600_000)
  expect(stage.sent('a').filter((id) => id === 'x')).toHaveLength(2)
})

test('a refusal that nothing confirms is told as one, and is no end of the record', async () => {
  stage.speaks = false
  await refuse()
  expect(await stage.done('replay', {})).toEqual({ done: expect.objectContaining({ due: 1, refused: 1, left: 0 }) })
  expect(entries()).toMatchObject([{ provisional: true, replay: 1 }])
  stage.bucket.put(1, event('z'))
  await stage.clock.advance(120_000)
  expect(entries()).toMatchObject([{ provisional: false, replay: undefined }])
})

test('what is asked of a stopped forwarder is done by the command, and its lanes close behind it', async () => {
  await refuse()
  await stage.stop()
  stage.refused.clear()
  expect(await stage.alone('replay', {})).toEqual({ done: expect.objectContaining({ due: 1, delivered: 1 }) })
  expect([entries(), stage.outlets.a.closed]).toEqual([[], 2])
})

test.each(['at the first step', 'when it was made due', 'with its answer lost'])(
  'a crash %s costs nothing, or a possible duplicate that is counted',
  async (when) => {
    stage.speaks = false
    await refuse()
    stage.refused.clear()
    if (when === 'with its answer lost')
      stage.outlets.a.answer = () => ({ status: 'retry', ambiguous: true, reason: 'reset' })
    else stage.outlets.a.answer = () => new Promise(() => {})
    const id = stage.ask('replay', {})
    await stage.clock.advance(when === 'at the first step' ? 0 : 20_000)
    await stage.stop(true)
    stage.outlets.a.answer = () => ({ status: 'delivered' })
    await stage.start()
    expect(await stage.answered(id)).toEqual({ done: expect.objectContaining({ delivered: 1, left: 0 }) })
    expect(entries()).toEqual([])
    const attempts = stage.sent('a').filter((each) => each === 'x').length - 2
    expect(stage.account('a')).toMatchObject({ delivered: 2, outstanding: 0 })
    expect(stage.account('a')?.possibleDuplicates).toBe(attempts > 0 ? 1 : 0)
    expect(await stage.done('replay', {})).toMatchObject({ done: { due: 0 } })
  },
)

test('where the object has gone, the bytes that were kept are sent', async () => {
  await refuse()
  stage.refused.clear()
  stage.bucket.objects.clear()
  expect(await stage.done('replay', {})).toEqual({ done: expect.objectContaining({ due: 1, delivered: 1, lost: 0 }) })
  expect([entries(), stage.account('a')?.lostObjects]).toEqual([[], 0])
})

test('bytes that were kept are sent by the next process, too', async () => {
  await refuse()
  stage.bucket.objects.clear()
  stage.outlets.a.answer = () => ({ status: 'retry', reason: 'busy' })
  const id = stage.ask('replay', {})
  await stage.clock.advance(20_000)
  await stage.stop(true)
  stage.outlets.a.answer = () => ({ status: 'delivered' })
  await stage.start()
  expect(await stage.answered(id)).toEqual({ done: expect.objectContaining({ delivered: 1, lost: 0 }) })
  expect([entries(), stage.account('a')?.lostObjects]).toEqual([[], 0])
})

test('a record too large to be kept stays where it is when its object has gone', async () => {
  const huge = JSON.stringify({ id: 'x', action: 'context.create', payload: 'p'.repeat(1 << 20) })
  stage.bucket.put(30, huge, event('y'))
  stage.refused.add('x')
  await stage.start()
  expect(entries()).toMatchObject([{ bytes: undefined }])
  stage.bucket.objects.clear()
  const id = stage.ask('replay', {})
  for (let hour = 0; hour < 3; hour += 1) await stage.clock.advance(3_600_000)
  expect(await stage.answered(id)).toEqual({ done: expect.objectContaining({ due: 1, delivered: 0, lost: 1 }) })
  expect(entries()).toMatchObject([{ id: 1, replay: undefined }])
  expect(stage.account('a')).toMatchObject({ lostObjects: 0, outstanding: 0, quarantined: 1 })
})

test('a line that nobody could read is sent everywhere once it can be read, and a copy of it nowhere', async () => {
  stage.expectOrganization = 'acme'
  const named = (id: string, organization: string) =>
    JSON.stringify({
      id,
      action: 'context.create',
      occurred_at: '2026-03-15T10:00:00Z',
      organization: { name: organization },
    })
  stage.bucket.put(30, named('x', 'other'), named('y', 'acme'))
  await stage.start()
  expect(entries()).toMatchObject([{ destination: undefined, reason: expect.stringContaining('other') }])
  const before = await stage.done('replay', {})
  expect(before).toEqual({ done: expect.objectContaining({ still: 1, due: 0 }) })
  await stage.stop()
  stage.expectOrganization = undefined
  await stage.start()
  expect(await stage.done('replay', {})).toEqual({ done: expect.objectContaining({ due: 1, delivered: 1, still: 0 }) })
  expect([entries(), stage.sent('a').toSorted(), stage.sent('b').toSorted()]).toEqual([[], ['x', 'y'], ['x', 'y']])
  expect([stage.account('a'), stage.account('b')]).toMatchObject([
    { quarantined: 0, delivered: 2 },
    { quarantined: 0, delivered: 2 },
  ])
  stage.bucket.put(1, named('x', 'other'))
  await stage.clock.advance(120_000)
  expect(stage.account('a')).toMatchObject({ duplicates: 1, delivered: 2 })
})

test('a line that can be read now is sent from the bytes that were kept, if they are all there is', async () => {
  stage.expectOrganization = 'acme'
  const of = (id: string, name: string): string => JSON.stringify({ id, action: 'a', organization: { name } })
  stage.bucket.put(30, of('y', 'acme'), of('x', 'other'))
  await stage.start()
  await stage.stop()
  stage.bucket.objects.clear()
  stage.expectOrganization = undefined
  await stage.start()
  expect(await stage.done('replay', {})).toEqual({ done: expect.objectContaining({ due: 1, delivered: 1 }) })
  expect([entries(), stage.sent('a').toSorted()]).toEqual([[], ['x', 'y']])
})

test('a message that is understood now brings its objects', async () => {
  stage.bucket.put(90, event('x'))
  await stage.start()
  stage.memory.quarantineMessage('r', '?', 'the body is not a JSON object', stage.clock.now())
  const test = JSON.stringify({ Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'acme' })
  stage.memory.quarantineMessage('r', test, 'of an older program', stage.clock.now())
  expect(await stage.done('replay', { receiver: 'r' })).toEqual({
    done: expect.objectContaining({ still: 1, understood: 1 }),
  })
  expect(entries().map(({ id }) => id)).toEqual([1])
})

test('only what is named is replayed', async () => {
  stage.bucket.put(30, event('x'), event('y'), event('z'))
  for (const id of ['x', 'y']) stage.refused.add(id)
  await stage.start()
  await stage.clock.advance(400_000)
  stage.refused.clear()
  expect(entries()).toHaveLength(2)
  const nothing = { done: expect.objectContaining({ due: 0 }) }
  for (const query of [{ destination: 'b' }, { reason: 'other' }, { until: 5 }, { since: 9e15 }, { ids: [99] }])
    expect(await stage.done('replay', query)).toEqual(nothing)
  expect(await stage.done('replay', { ids: [2] })).toEqual({ done: expect.objectContaining({ due: 1, delivered: 1 }) })
  expect(entries().map(({ id }) => id)).toEqual([1])
})

test('however many entries wait for a destination that is retired, those of others are waited for', async () => {
  stage.speaks = false
  stage.fed = ['b']
  const lines = Array.from({ length: 1_212 }, (_, index) => event(`${index % 6 === 5 ? 'y' : 'x'}${index}`))
  stage.bucket.put(30, ...lines)
  const refuse = (ids: readonly string[]): Outcome => {
    const records = ids.flatMap((id, index) =>
      id.startsWith('x') ? [{ index, reason: 'too large', certain: true }] : [],
    )
    return records.length === 0 ? { status: 'delivered' } : { status: 'rejected', records }
  }
  stage.outlets.b.answer = refuse
  await stage.start()
  await stage.clock.advance(60_000)
  const final = () => stage.memory.quarantine({ limit: 2_000 }).filter(({ provisional }) => !provisional)
  expect(final()).toHaveLength(1_010)
  stage.fed = ['a', 'b']
  await stage.stop()
  stage.bucket.put(20, event('z'), event('w'))
  stage.refused.add('z')
  await stage.start()
  await stage.clock.advance(60_000)
  const down = (): Outcome => ({ status: 'retry', reason: '503 not now' })
  stage.outlets.a.answer = down
  stage.outlets.b.answer = down
  const id = stage.ask('replay', {})
  await stage.clock.advance(30_000)
  stage.fed = ['a']
  await stage.stop()
  await stage.start()
  await stage.clock.advance(120_000)
  expect(stage.memory.request(id)?.answer).toBeUndefined()
  stage.outlets.a.answer = () => ({ status: 'delivered' })
  expect(await stage.answered(id)).toMatchObject({ done: { delivered: 1, left: 1_010 } })
})

test('a request of another shape is refused in words', async () => {
  await stage.start()
  expect(await stage.done('replay', { ids: 'all' })).toEqual({
    refused: expect.stringMatching(/not understood.*ids/s),
    hint: expect.any(String),
  })
})

test('who had it replayed, and why, is told to the destinations', async () => {
  await refuse()
  stage.refused.clear()
  await stage.done('replay', { destination: 'a', why: 'INC-7: field added' })
  await stage.clock.advance(5_000)
  for (const destination of ['a', 'b'] as const)
    expect(stage.acts(destination)).toContain('quarantine_replayed ann@ops INC-7: field added')
})
