// What is asked of the running forwarder is done once, answered once, and survives the forwarder.
import { expect, test } from 'vitest'
import { type RequestKind, RequestRefused, readAnswer, requestKind } from '../../src/domain/request.ts'
import { LedgerFailure } from '../../src/ledger/failure.ts'
import { MemoryLedger } from '../../src/ledger/memory/ledger.ts'
import type { RequestLedger } from '../../src/ledger/requests.ts'
import { Requests } from '../../src/pipeline/requests.ts'
import type { TelemetryEvent } from '../../src/telemetry/events.ts'
import { FakeClock } from '../tools/fake-clock.ts'

/** A forwarder's loop over a ledger that outlives it. */
class Forwarder {
  readonly clock = new FakeClock()
  readonly ledger = new MemoryLedger()
  readonly told: TelemetryEvent[] = []
  full = false
  #end = new AbortController()

  ask(kind: string, body: unknown): number {
    return this.ledger.ask(kind, JSON.stringify(body), 'ann', this.clock.now())
  }

  answer(id: number): unknown {
    const text = this.ledger.request(id)?.answer
    return text === undefined ? undefined : readAnswer(text)
  }

  start(...kinds: readonly RequestKind[]): Promise<void> {
    this.#end = new AbortController()
    const tell = (event: TelemetryEvent): void => void this.told.push(event)
    const ledger: RequestLedger = {
      ask: (...asked) => this.ledger.ask(...asked),
      asked: () => this.ledger.asked(),
      request: (id) => this.ledger.request(id),
      report: (id, progress) => this.#unlessFull(() => this.ledger.report(id, progress)),
      answer: (id, text) => this.#unlessFull(() => this.ledger.answer(id, text)),
      forgetAnswered: (before, limit) => this.ledger.forgetAnswered(before, limit),
    }
    return new Requests({ ledger, clock: this.clock, random: () => 1, tell, kinds }).run(this.#end.signal)
  }

  stop(): void {
    this.#end.abort()
  }

  #unlessFull(write: () => void): void {
    if (this.full)
      throw new LedgerFailure('the disk is full', { hint: 'free some space', full: true, cause: undefined })
    write()
  }
}

const words = (body: unknown): { readonly words: readonly string[] } => {
  const { words } = body as { words?: unknown }
  if (!Array.isArray(words)) throw new RequestRefused('there are no words', { hint: 'say some' })
  return { words }
}

test('a request is read, done, answered, and never done again', async () => {
  const forwarder = new Forwarder()
  const said: unknown[] = []
  const say = requestKind({
    name: 'say',
    parse: words,
    act: async (body, { id, by, at }) => {
      said.push({ ...body, id, by, at })
      return { said: body.words.length }
    },
  })
  const run = forwarder.start(say)
  const id = forwarder.ask('say', { words: ['a', 'b'] })
  const at = forwarder.clock.now()
  await forwarder.clock.advance(60_000)
  expect(forwarder.answer(id)).toEqual({ done: { said: 2 } })
  forwarder.stop()
  await run
  const again = forwarder.start(say)
  await forwarder.clock.advance(60_000)
  forwarder.stop()
  await again
  expect(said).toEqual([{ words: ['a', 'b'], id, by: 'ann', at }])
})

test('what cannot be done is answered in words', async () => {
  const forwarder = new Forwarder()
  const say = requestKind({ name: 'say', parse: words, act: () => Promise.reject(new RequestRefused('I am hoarse')) })
  const odd = requestKind({ name: 'odd', parse: words, act: () => Promise.reject(new Error('a bug')) })
  void forwarder.start(say, odd)
  const asked = [
    forwarder.ask('say', { words: ['a'] }),
    forwarder.ask('say', {}),
    forwarder.ask('sing', {}),
    forwarder.ledger.ask('say', '{', 'ann', 0),
    forwarder.ask('odd', { words: [] }),
  ]
  await forwarder.clock.advance(2_000)
  expect(asked.map((id) => forwarder.answer(id))).toEqual([
    { refused: 'I am hoarse' },
    { refused: 'there are no words', hint: 'say some' },
    { refused: expect.stringMatching(/does not know requests of the kind "sing"/), hint: expect.any(String) },
    { refused: 'the body of the request is no JSON' },
    { refused: 'it failed unexpectedly: a bug' },
  ])
  expect(forwarder.told.filter(({ type }) => type === 'bug')).toHaveLength(1)
  const refused = forwarder.told.flatMap((event) => (event.type === 'request_answered' ? [event.refused] : []))
  expect(refused).toHaveLength(5)
})

/** Puts one word after another into a shared list, none twice, pausing between them. */
function slowly(forwarder: Forwarder, put: Set<string>, starts: string[] = []): RequestKind {
  return requestKind({
    name: 'slowly',
    parse: words,
    act: async ({ words }, { signal, report }) => {
      starts.push(words.join(''))
      for (const word of words) {
        if (!put.has(word)) await forwarder.clock.sleep(10_000, signal)
        signal.throwIfAborted()
        put.add(word)
        report({ put: put.size })
      }
      return [...put]
    },
  })
}

test('what a stop or a crash cut off is begun again by the next start, and no other is kept waiting', async () => {
  const forwarder = new Forwarder()
  const [put, starts] = [new Set<string>(), [] as string[]]
  const slow = slowly(forwarder, put, starts)
  const quick = requestKind({ name: 'quick', parse: words, act: async () => 'done' })
  const run = forwarder.start(slow, quick)
  const first = forwarder.ask('slowly', { words: ['a', 'b', 'c'] })
  const other = forwarder.ask('quick', { words: [] })
  await forwarder.clock.advance(15_000)
  expect([forwarder.answer(first), forwarder.answer(other)]).toEqual([undefined, { done: 'done' }])
  expect(forwarder.ledger.request(first)?.progress).toBe('{"put":1}')
  forwarder.stop()
  await run
  forwarder.ledger.crash(0)
  expect(forwarder.ledger.asked().map(({ id }) => id)).toEqual([first])
  void forwarder.start(slow, quick)
  await forwarder.clock.advance(30_000)
  expect(forwarder.answer(first)).toEqual({ done: ['a', 'b', 'c'] })
  expect(starts).toEqual(['abc', 'abc'])
})

test('a full disk delays an answer and does not repeat the act', async () => {
  const forwarder = new Forwarder()
  const [put, starts] = [new Set<string>(), [] as string[]]
  void forwarder.start(slowly(forwarder, put, starts))
  const id = forwarder.ask('slowly', { words: ['a'] })
  await forwarder.clock.advance(5_000)
  forwarder.full = true
  await forwarder.clock.advance(60_000)
  expect(forwarder.answer(id)).toBeUndefined()
  forwarder.full = false
  await forwarder.clock.advance(120_000)
  expect([forwarder.answer(id), starts]).toEqual([{ done: ['a'] }, ['a']])
  expect(new Set(forwarder.told.map(({ type }) => type))).toEqual(
    new Set(['request_taken', 'ledger_failed', 'request_answered']),
  )
})

test('a ledger that fails in the middle of an act has it begun again', async () => {
  const forwarder = new Forwarder()
  let acts = 0
  const failing = requestKind({
    name: 'failing',
    parse: words,
    act: async () => {
      acts += 1
      if (acts < 3) throw new LedgerFailure('the disk is full', { hint: 'free some space', full: true, cause: 0 })
      return acts
    },
  })
  void forwarder.start(failing)
  const id = forwarder.ask('failing', { words: [] })
  await forwarder.clock.advance(60_000)
  expect(forwarder.answer(id)).toEqual({ done: 3 })
})

test('however many of one kind wait for something, another kind is not kept waiting', async () => {
  const forwarder = new Forwarder()
  const stuck = requestKind({
    name: 'stuck',
    parse: words,
    act: (_, { signal }) => forwarder.clock.sleep(Number.MAX_SAFE_INTEGER, signal),
  })
  const quick = requestKind({ name: 'quick', parse: words, act: async () => 'done' })
  void forwarder.start(stuck, quick)
  for (let n = 0; n < 40; n++) forwarder.ask('stuck', { words: [] })
  const id = forwarder.ask('quick', { words: [] })
  await forwarder.clock.advance(5_000)
  expect(forwarder.answer(id)).toEqual({ done: 'done' })
  forwarder.stop()
})

test('however many ask, a bounded number is at work, and all are answered', async () => {
  const forwarder = new Forwarder()
  let [atWork, most] = [0, 0]
  const busy = requestKind({
    name: 'busy',
    parse: words,
    act: async (_, { signal }) => {
      atWork += 1
      most = Math.max(most, atWork)
      await forwarder.clock.sleep(1_500, signal)
      atWork -= 1
    },
  })
  void forwarder.start(busy)
  const asked = Array.from({ length: 100 }, () => forwarder.ask('busy', { words: [] }))
  await forwarder.clock.advance(30_000)
  expect(asked.filter((id) => forwarder.answer(id) === undefined)).toEqual([])
  expect(most).toBe(32)
})

test('however many wait for a destination, the next of their kind is not kept waiting', async () => {
  const forwarder = new Forwarder()
  const kind = requestKind({
    name: 'repair',
    parse: words,
    act: async ({ words: [word] }, { signal, rests }) => {
      rests()
      if (word === 'stuck') await forwarder.clock.sleep(Number.MAX_SAFE_INTEGER, signal)
      return word
    },
  })
  void forwarder.start(kind)
  for (let n = 0; n < 100; n++) forwarder.ask('repair', { words: ['stuck'] })
  const id = forwarder.ask('repair', { words: ['free'] })
  await forwarder.clock.advance(5_000)
  expect(forwarder.answer(id)).toEqual({ done: 'free' })
  forwarder.stop()
})

test('what was answered long ago is forgotten by and by', async () => {
  const forwarder = new Forwarder()
  void forwarder.start(requestKind({ name: 'quick', parse: words, act: async () => 'done' }))
  const id = forwarder.ask('quick', { words: [] })
  await forwarder.clock.advance(5_000)
  expect(forwarder.answer(id)).toEqual({ done: 'done' })
  forwarder.clock.jump(91 * 86_400_000)
  await forwarder.clock.advance(5_000)
  expect(forwarder.ledger.request(id)).toBeUndefined()
  forwarder.stop()
})
