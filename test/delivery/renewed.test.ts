import type { Exporter, Outcome } from '@circleci-audit-forwarder/contract'
import { expect, test } from 'vitest'
import { renewed } from '../../src/delivery/renewed.ts'

const never = new AbortController().signal
const batch = { members: [], token: 't', now: 0 }

/** An exporter that says what it was asked, and answers when it is told to. */
function staged(name: string, said: string[], outcome: Outcome = { status: 'delivered' }) {
  let answer: () => void = () => undefined
  const held = new Promise<void>((resolve) => {
    answer = resolve
  })
  const exporter: Exporter = {
    limits: { records: 1, bytes: 1 },
    encode: () => ({ bytes: Buffer.from(name) }),
    send: async () => {
      said.push(`${name} sends`)
      if (name.endsWith('slow')) await held
      return outcome
    },
    confirm: async (receipts) => {
      said.push(`${name} is asked for ${receipts.join()}`)
      return new Map(receipts.map((receipt) => [receipt, { status: 'delivered' }]))
    },
    check: async () => [],
    close: async () => void said.push(`${name} closes`),
  }
  return { exporter, answer }
}

test('a new one takes over; the one before is closed when its last request is answered', async () => {
  const said: string[] = []
  const slow = staged('slow', said)
  const next = [undefined, staged('second', said).exporter]
  const exporter = renewed(slow.exporter, () => next.shift())
  const first = exporter.send(batch, never)
  await exporter.send(batch, never)
  expect(said).toEqual(['slow sends', 'second sends'])
  slow.answer()
  expect(await first).toEqual({ status: 'delivered' })
  expect(said).toEqual(['slow sends', 'second sends', 'slow closes'])
  await exporter.close()
  expect(said.at(-1)).toBe('second closes')
})

test('a receipt is asked for where it was given, and until then nothing is closed', async () => {
  const said: string[] = []
  const accepted: Outcome = { status: 'accepted', receipt: 'r1', pollAfterMs: 1 }
  const next = [undefined, staged('second', said).exporter]
  const exporter = renewed(staged('first', said, accepted).exporter, () => next.shift())
  await exporter.send(batch, never)
  await exporter.send(batch, never)
  const answers = await exporter.confirm?.(['r1', 'r0'], never)
  expect([...(answers?.keys() ?? [])].sort()).toEqual(['r0', 'r1'])
  expect(said).toEqual([
    'first sends',
    'second sends',
    'first is asked for r1',
    'second is asked for r0',
    'first closes',
  ])
})

test('after an answer that stopped the destination the files are read whatever they look like', async () => {
  const asked: boolean[] = []
  const stopped: Outcome = { status: 'stopped', cause: 'credentials', reason: '401' }
  const { exporter: first } = staged('first', [], stopped)
  const exporter = renewed(first, (anyway) => {
    asked.push(anyway)
    return undefined
  })
  await exporter.send(batch, never)
  await exporter.send(batch, never)
  expect(asked).toEqual([false, true])
})

test('what can be searched is searched with the credentials of now', async () => {
  const searchable = (found: readonly number[]): Exporter => ({
    ...staged('one', []).exporter,
    readBack: async () => found,
  })
  const next = [undefined, searchable([0])]
  const exporter = renewed(searchable([]), () => next.shift())
  expect(await exporter.readBack?.(batch, never)).toEqual([])
  expect(await exporter.readBack?.(batch, never)).toEqual([0])
})

test('an exporter that cannot confirm cannot after either', () => {
  const { confirm: _, ...plain } = staged('first', []).exporter
  const after = renewed(plain, () => undefined)
  expect([after.confirm, after.stored, after.readBack]).toEqual([undefined, undefined, undefined])
})
