/** A message of a queue, held until deleted or given back. */
export interface Message {
  readonly id: string
  readonly body: string
  /** What the queue wants to see when the message is deleted. */
  readonly receipt: string
}

/** How much is in a queue, as the queue estimates it. */
export interface Depth {
  /** Messages that can be received; those in flight as well where the queue does not tell them apart. */
  readonly waiting: number
  /** Messages that were received and neither deleted nor given back yet, by whoever. */
  readonly inFlight?: number
}

/** How new objects are announced. A notification is only a hint that makes delivery fast; the sweep is the truth. */
export interface Notifications {
  /** For log lines, e.g. the queue's URL. No secret. */
  readonly name: string
  /** Long poll: resolves with up to ten messages, or with none after about 20 s. Throws SourceFailure. */
  receive(signal: AbortSignal): Promise<readonly Message[]>
  /** Called only after what the messages announce is committed. Throws SourceFailure; a second delete does no harm. */
  delete(messages: readonly Message[]): Promise<void>
  /**
   * Gives the messages back: their commit failed, or we are stopping. They come again after a pause that grows with every
   * receive, so that an outage does not use up the queue's maxReceiveCount. Never throws.
   */
  release(messages: readonly Message[]): Promise<void>
  /** How much waits. Absent where nobody can be asked. Takes no message. Throws SourceFailure. */
  depth?(signal: AbortSignal): Promise<Depth>
  close(): Promise<void>
}
