// A receiver on real time over a real store and queue, past its first sweep: what comes now comes by its message. The
// next sweep is a minute off and is waited for; without that wait it would find everything before any message did.
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, vi } from 'vitest'
import type { Notifications } from '../../src/receiver/notifications.ts'
import { Receiver } from '../../src/receiver/receiver.ts'
import type { Store } from '../../src/receiver/store.ts'
import type { TelemetryEvent } from '../../src/telemetry/events.ts'
import { ScriptedSink } from './scripted.ts'

export interface Listening {
  readonly receiver: Receiver
  readonly sink: ScriptedSink
  readonly told: readonly TelemetryEvent[]
  readonly stop: () => Promise<void>
}

export async function listening(store: Store, queue: Notifications): Promise<Listening> {
  const sink = new ScriptedSink([])
  const told: TelemetryEvent[] = []
  const running = new AbortController()
  const receiver = new Receiver({
    id: 'circleci_audit',
    store,
    notifications: [queue],
    options: { sweepIntervalMs: 60_000, lookbackMs: 3_600_000, startAt: Date.now() },
    clock: { now: Date.now, sleep: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => undefined) },
    random: Math.random,
    tell: (event) => told.push(event),
    sink,
  })
  const run = receiver.run(running.signal)
  const stop = () => {
    running.abort()
    return run
  }
  await vi.waitFor(() => expect(told.some((event) => event.type === 'sweep_completed')).toBe(true), 20_000)
  return { receiver, sink, told, stop }
}
