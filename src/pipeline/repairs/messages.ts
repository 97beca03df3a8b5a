import { SourceFailure } from '../../domain/failures.ts'
import type { QuarantineEntry } from '../../ledger/quarantine.ts'
import { resolve } from '../../receiver/announcements.ts'
import { parseNotification } from '../../receiver/envelope.ts'
import type { RepairParts } from './parts.ts'

/** Reads a message that nobody understood once more; what it announces is seen, as if it had just come. */
export async function read(
  { ledger, receivers, clock, wake }: RepairParts,
  { id, receiver, reason }: QuarantineEntry,
  signal: AbortSignal,
): Promise<'understood' | 'still' | 'retired' | 'unreadable'> {
  const spec = receivers.find((one) => one.id === receiver)
  if (spec === undefined) return 'retired'
  const bytes = ledger.entry(id)?.bytes
  if (bytes === undefined) return 'still'
  const notification = parseNotification(Buffer.from(bytes).toString('utf8'))
  if (notification.kind === 'unknown') {
    if (notification.reason !== reason) ledger.remark(id, notification.reason)
    return 'still'
  }
  try {
    const announced = notification.kind === 'objects' ? notification.objects : []
    const { sightings } = await resolve(announced, spec.store, signal)
    if (sightings.length > 0) ledger.see(receiver, spec.store.uri, sightings, 'notified', clock.now())
  } catch (error) {
    if (error instanceof SourceFailure) return 'unreadable'
    throw error
  }
  ledger.understood(id)
  wake()
  return 'understood'
}
