import type { Batch, Exporter, Outcome } from '@circleci-audit-forwarder/contract'
import { expect, test } from 'vitest'
import { fenced } from '../../src/delivery/fenced.ts'
import { fencedNotifications } from '../../src/receiver/fenced.ts'

const batch: Batch = { members: [], token: 't', now: 0 }
const { signal } = new AbortController()

/** A destination that answers when its signal aborts, or at once. */
function destination(hangs: boolean): Exporter & { readonly sent: Batch[] } {
  const sent: Batch[] = []
  return {
    sent,
    limits: { records: 1, bytes: 1 },
    encode: () => ({ bytes: new Uint8Array() }),
    send: (one, cut) => {
      sent.push(one)
      if (!hangs) return Promise.resolve({ status: 'delivered' })
      return new Promise<Outcome>((resolve) => {
        cut.addEventListener('abort', () => resolve({ status: 'retry', reason: 'cut', ambiguous: true }))
      })
    },
    check: async () => [],
    close: async () => undefined,
  }
}

test('nothing is begun once the fence does not hold, and no attempt counts as one that may have arrived', async () => {
  const inner = destination(false)
  let holds = true
  const exporter = fenced(inner, { holds: () => holds, over: signal })
  expect(await exporter.send(batch, signal)).toEqual({ status: 'delivered' })
  holds = false
  expect(await exporter.send(batch, signal)).toEqual({ status: 'retry', reason: expect.stringContaining('not sent') })
  expect(inner.sent).toHaveLength(1)
  expect(exporter.limits).toBe(inner.limits)
  expect(await exporter.check(signal)).toEqual([])
})

test('what was begun is cut off when the time is over', async () => {
  const over = new AbortController()
  const exporter = fenced(destination(true), { holds: () => true, over: over.signal })
  const sending = exporter.send(batch, signal)
  over.abort()
  expect(await sending).toMatchObject({ status: 'retry', ambiguous: true })
})

test('no message is deleted once the fence does not hold: whoever follows must hear of it', async () => {
  const deleted: string[] = []
  const queue = {
    name: 'q',
    receive: async () => [],
    delete: async (messages: readonly { readonly id: string }[]) => void deleted.push(...messages.map(({ id }) => id)),
    release: async () => undefined,
    close: async () => undefined,
  }
  let holds = true
  const notifications = fencedNotifications(queue, { holds: () => holds, over: signal })
  await notifications.delete([{ id: '1', body: '', receipt: '' }])
  holds = false
  await notifications.delete([{ id: '2', body: '', receipt: '' }])
  expect(deleted).toEqual(['1'])
})
