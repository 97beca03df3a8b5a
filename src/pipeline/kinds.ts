// What can be asked of a running forwarder, each kind once.
import type { RequestKind } from '../domain/request.ts'
import { backfillKind } from './repairs/backfill.ts'
import { exportKind } from './repairs/export.ts'
import type { RepairParts } from './repairs/parts.ts'
import { replayKind } from './repairs/replay.ts'

/** Every kind of request, over these parts. */
export function requestKinds(parts: RepairParts): readonly RequestKind[] {
  return [replayKind(parts), exportKind(parts), backfillKind(parts)]
}
