// Which ledger the new owner goes on with. Its own, where nobody has made a checkpoint since it was written; else the
// checkpoint's, which knows what others have sent. And how far back it looks: queues delete what was announced, so what
// an owner heard of and did not leave in a checkpoint is known to nobody, and only the bucket can tell. It is then listed
// from its beginning, once, also for objects that came so late that no look-back covers them.
import type { Standing } from '../ledger/sqlite/copy.ts'
import type { Checkpoint, Head } from './head.ts'

/** By how much two clocks may differ before an alarm says so, in milliseconds. */
const SKEW_MS = 5 * 60_000

/** `since`: where a destination that the ledger does not know begins, in place of now; in milliseconds since 1970. */
export type TakeUp =
  /** The one that is there; `superseded` if it is put aside for the checkpoint's. */
  | { readonly ledger: 'kept'; readonly since: undefined; readonly listAll: boolean }
  | {
      readonly ledger: 'restored'
      readonly since: number | undefined
      readonly from: Checkpoint
      readonly superseded: boolean
      readonly listAll: boolean
    }
  /** An empty one, which begins where the first owner began. */
  | { readonly ledger: 'begun'; readonly since: number; readonly listAll: boolean }

/** @param before the head as it was when it was taken */
export function takeUp(before: Head | undefined, head: Head, local: Standing): TakeUp {
  const from = before?.checkpoint
  if (!local.empty && (from === undefined || from.epoch <= local.epoch)) {
    // Another owner may have heard of what it did not leave anywhere.
    return { ledger: 'kept', since: undefined, listAll: before !== undefined && before.epoch !== local.epoch }
  }
  if (from === undefined) return { ledger: 'begun', since: head.begunAt, listAll: before !== undefined }
  const knowsAll = before?.released === true && from.complete && from.epoch === before.epoch
  // What is not in it came after it, if anybody had it.
  const since = knowsAll ? undefined : from.takenAt - SKEW_MS
  return { ledger: 'restored', since, from, superseded: !local.empty, listAll: !knowsAll }
}
