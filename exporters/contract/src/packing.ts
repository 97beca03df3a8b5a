import { createHash } from 'node:crypto'
import type { Encoded, Exporter } from './exporter.ts'

/** Packs encoded records into batches: in order, one partition each, within the limits. A record too large goes alone. */
export function pack<Member extends Encoded>(
  members: Iterable<Member>,
  limits: Exporter['limits'],
): readonly (readonly Member[])[] {
  const batches: Member[][] = []
  const open = new Map<string | undefined, { members: Member[]; bytes: number }>()
  for (const member of members) {
    const size = member.bytes.length
    let batch = open.get(member.partition)
    if (batch === undefined || batch.members.length >= limits.records || batch.bytes + size > limits.bytes) {
      batch = { members: [], bytes: 0 }
      open.set(member.partition, batch)
      batches.push(batch.members)
    }
    batch.members.push(member)
    batch.bytes += size
  }
  return batches
}

/** A token for members that no ledger knows: the same bytes in the same order give the same token. */
export function contentToken(members: readonly Encoded[]): string {
  const hash = createHash('sha256')
  for (const member of members) hash.update(`${member.bytes.length}:`).update(member.bytes)
  return hash.digest('hex')
}
