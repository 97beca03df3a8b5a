// The loop that hears. Messages are received, what they announce is committed, then they are deleted: in this order and with
// nothing in between, so that a crash at any point leaves either the message or the row. A message nobody understands is
// kept and deleted, never received again and again. Whatever fails, the messages go back and the loop waits and goes on:
// it ends only with its signal.

import { backoff } from '../domain/backoff.ts'
import type { Sighting } from '../domain/objects.ts'
import { type Ignored, resolve } from './announcements.ts'
import { toldSeen } from './discoveries.ts'
import { parseNotification } from './envelope.ts'
import type { Notification } from './notification.ts'
import type { Message, Notifications } from './notifications.ts'
import type { ReceiverParts } from './parts.ts'

const patience = { initialMs: 500, maxMs: 30_000 }

interface Read {
  readonly message: Message
  readonly notification: Notification
}

export class Listener {
  readonly #parts: ReceiverParts
  readonly #queue: Notifications
  #failures = 0

  constructor(parts: ReceiverParts, queue: Notifications) {
    this.#parts = parts
    this.#queue = queue
  }

  /** Listens until the signal aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#once(signal)
        if (this.#failures > 0) this.#parts.tell({ type: 'receive_resumed', receiver: this.#parts.id })
        this.#failures = 0
      } catch (error) {
        if (!signal.aborted) await this.#wait(error, signal)
      }
    }
  }

  async #once(signal: AbortSignal): Promise<void> {
    const messages = await this.#queue.receive(signal)
    if (messages.length === 0) return
    this.#parts.tell({ type: 'messages_received', receiver: this.#parts.id, count: messages.length })
    try {
      await this.#commit(messages, signal)
    } catch (error) {
      await this.#queue.release(messages)
      throw error
    }
    await this.#queue.delete(messages)
    this.#parts.tell({ type: 'messages_deleted', receiver: this.#parts.id, count: messages.length })
  }

  async #commit(messages: readonly Message[], signal: AbortSignal): Promise<void> {
    const read = messages.map((message) => ({ message, notification: parseNotification(message.body) }))
    const announced = read.flatMap(({ notification }) => (notification.kind === 'objects' ? notification.objects : []))
    const { sightings, ignored } = await resolve(announced, this.#parts.store, signal)
    if (sightings.length > 0) this.#see(sightings)
    this.#keepUnknown(read)
    this.#tellIgnored(ignored)
  }

  #see(sightings: readonly Sighting[]): void {
    const { id, sink, clock, tell } = this.#parts
    const seen = sink.see(sightings, 'notified')
    tell(toldSeen(id, 'notified', sightings, seen, clock.now()))
  }

  #keepUnknown(read: readonly Read[]): void {
    const { id, sink, tell } = this.#parts
    for (const { message, notification } of read) {
      if (notification.kind !== 'unknown') continue
      sink.quarantine(message.body, notification.reason)
      tell({ type: 'message_quarantined', receiver: id, reason: notification.reason })
    }
  }

  #tellIgnored(ignored: readonly Ignored[]): void {
    const { id, tell } = this.#parts
    for (const [reason, objects] of Map.groupBy(ignored, (object) => object.reason))
      tell({ type: 'objects_ignored', receiver: id, count: objects.length, reason, key: objects[0]?.key ?? '' })
  }

  async #wait(error: unknown, signal: AbortSignal): Promise<void> {
    const { id, clock, random, tell } = this.#parts
    this.#failures += 1
    const retryInMs = backoff(this.#failures, patience, random)
    const { message, hint } = error as { message?: string; hint?: string }
    tell({ type: 'receive_failed', receiver: id, reason: message ?? String(error), hint, retryInMs })
    await clock.sleep(retryInMs, signal)
  }
}
