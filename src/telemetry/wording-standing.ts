import { bytes, duration } from './units.ts'
import type { Wording } from './wording.ts'

const next = (hint: string | undefined) => (hint === undefined ? '' : `; ${hint}`)

const onWith = {
  kept: 'it goes on with the ledger that is here',
  restored: 'it goes on with the ledger of the checkpoint',
  begun: 'no owner before it left a checkpoint: it begins with an empty ledger, from where the first one began',
} as const

/** Who owns the sending, and what is kept for the next owner. */
export const standing: Pick<
  Wording,
  | 'standing_by'
  | 'ownership_taken'
  | 'ownership_unrenewed'
  | 'ownership_lost'
  | 'ownership_given_up'
  | 'checkpoint_unreachable'
  | 'checkpoint_made'
  | 'checkpoint_failed'
  | 'checkpoints_kept'
  | 'ledger_restored'
> = {
  standing_by: (e) => ['info', `standing by: owner ${e.owner}, epoch ${e.epoch}; nothing is sent from here`],
  ownership_taken: (e) => [
    'info',
    `this replica owns the sending from now on, epoch ${e.epoch}; ${onWith[e.ledger]}` +
      (e.listAll ? '; buckets are listed from their beginning, once' : ''),
  ],
  ownership_unrenewed: (e) => [
    'warn',
    `the ownership, epoch ${e.epoch}, could not be renewed: ${e.reason}${next(e.hint)}; sending stops in ${duration(e.leftMs)} unless it is`,
  ],
  ownership_lost: (e) => ['error', `the ownership, epoch ${e.epoch}, is lost: ${e.reason}; nothing is sent from here`],
  ownership_given_up: (e) => [
    'info',
    `the ownership, epoch ${e.epoch}, is given up: another replica can take it at once`,
  ],
  checkpoint_unreachable: (e) => [
    'error',
    `cannot learn who owns the sending: ${e.reason}${next(e.hint)}; standing by, next try in ${duration(e.retryInMs)}`,
  ],
  checkpoint_made: (e) => [
    'debug',
    `checkpoint ${e.name}: ${bytes(e.bytes)} of a ledger of ${bytes(e.ledgerBytes)}, in ${duration(e.durationMs)}`,
  ],
  checkpoint_failed: (e) => [
    'error',
    `cannot make a checkpoint: ${e.reason}${next(e.hint)}; should this replica be lost, what it sends from now on is sent again; next try in ${duration(e.retryInMs)}`,
  ],
  checkpoints_kept: (e) => [
    'warn',
    `old checkpoints cannot be removed: ${e.reason}${next(e.hint)}; they stay where they are`,
  ],
  ledger_restored: (e) => [
    'warn',
    `the ledger is restored from checkpoint ${e.name} of ${new Date(e.takenAt).toISOString()}, ${bytes(e.ledgerBytes)}, in ${duration(e.durationMs)}; ` +
      `what was sent since is sent again${e.superseded ? '; the one that was here is kept beside it as .superseded' : ''}`,
  ],
}
