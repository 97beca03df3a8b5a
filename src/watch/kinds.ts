// What is common to the gaps of a kind: whether they last, from whom it is known, and what is said when they are over.
import type { GapKind } from '../domain/gaps.ts'

/** What is known only from what is said, by receivers, lanes and buckets. */
export const said: ReadonlySet<GapKind> = new Set([
  'source_unreachable',
  'object_unreadable',
  'object_archived',
  'notification_missed',
  // How long the bucket keeps objects may have to be asked first.
  'buffer_expiring',
])

/** What lasts: healed as soon as it is not seen any more. */
export const lasting: ReadonlySet<GapKind> = new Set([
  'source_unreachable',
  'object_unreadable',
  'object_archived',
  'delivery_behind',
  'buffer_expiring',
  'quarantined',
  'expected_missing',
  'notification_missed',
])

/** What is said when it is not seen any more. */
export const healed: Partial<Record<GapKind, string>> = {
  source_unreachable: 'it can be reached again',
  object_unreadable: 'what could not be read was read, or is not outstanding any more',
  object_archived: 'the objects are back from the archive',
  delivery_behind: 'the destination has caught up',
  buffer_expiring: 'what was outstanding is delivered, or the bucket keeps it for longer',
  quarantined: 'nothing of it is in quarantine any more',
  expected_missing: 'it came',
  notification_missed: 'new objects are announced again',
}
