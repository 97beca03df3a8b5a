import type { Ledger } from '../ledger/ledger.ts'

/**
 * Start of the receiver's last sweep that listed everything; undefined before the first, and where everything is to be
 * listed from the beginning once more: until that is done, what was proven is neither taken back nor added to.
 */
export function sweptTo(ledger: Pick<Ledger, 'sweptTo'>, receiver: string): number | undefined {
  const swept = ledger.sweptTo(receiver)
  return swept === undefined || swept <= 0 ? undefined : swept
}
