// What a store and a queue can be asked beyond what forwarding needs, so that `doctor` can say what was proven. Asking
// changes nothing: no message is taken, no object is written.
import type { Finding } from '../domain/finding.ts'
import type { Notifications } from './notifications.ts'
import type { Store } from './store.ts'

/** What only this kind of store can tell. */
export interface Inspection {
  /** Whether the store's clock is another one than ours. */
  readonly ownClock: boolean
  /** The setting that names the prefix, for advice. */
  readonly prefixSetting: string
  /** Names of the folders directly below this one (`''` is the root), without slashes; the first thousand. Throws SourceFailure. */
  folders(path: string, signal: AbortSignal): Promise<readonly string[]>
  /** Everything else there is to say, in words. Never rejects for what the store answers. */
  particulars(signal: AbortSignal): Promise<readonly Finding[]>
  /** Whom the store tells of new objects. Absent where the store has no such setting. Throws SourceFailure. */
  announces?(signal: AbortSignal): Promise<Announces>
}

/** Whom a bucket tells of new objects. */
export interface Announces {
  readonly queues: readonly Announcement[]
  readonly topics: readonly Announcement[]
  /** Whether every event goes to EventBridge. */
  readonly eventBridge: boolean
  /** Whether an empty answer is to be believed: some S3-compatible services answer so whatever is set. */
  readonly believable: boolean
}

/** One target of a bucket's notifications, and for which events and keys. */
export interface Announcement {
  readonly arn: string
  readonly events: readonly string[]
  readonly prefix: string
  readonly suffix: string
}

export interface InspectedStore extends Store {
  inspection(): Inspection
  /** Releases connections, where there are any. */
  close?(): void
}

export interface InspectedQueue extends Notifications {
  /**
   * What the queue says of itself, and whether the bucket's notifications lead to it. Takes no message: receiving one
   * hides it from the forwarder and counts against the queue's maxReceiveCount. Never rejects for what it is answered.
   */
  check(store: InspectedStore, signal: AbortSignal): Promise<readonly Finding[]>
}
