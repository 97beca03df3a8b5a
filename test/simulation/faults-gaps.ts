// Faults in what is said to be missing. They show in worlds that are watched.
import type { Fault } from './faults.ts'

export const GAPS: readonly Fault[] = [
  {
    name: 'losses-untold',
    why: 'an object that is lost is in no gap',
    file: 'src/watch/watch.ts',
    find: 'this.#add(lost(symptom, this.#book.open, this.#parts.clock.now()))',
    replace: 'void lost',
    seed: 37,
  },
  {
    name: 'gaps-for-ever',
    why: 'a destination that has caught up is said to be behind for ever',
    file: 'src/watch/kinds.ts',
    find: "  'delivery_behind',\n  'buffer_expiring',\n  'quarantined',\n",
    replace: "  'quarantined',\n",
    seed: 37,
  },
  {
    name: 'refusals-unsaid',
    why: 'what a destination refused for good is in no gap',
    file: 'src/watch/quarantined.ts',
    find: 'ledger.quarantined().map(quarantineLack)',
    replace: 'ledger.quarantined().slice(0, 0).map(quarantineLack)',
    seed: 37,
  },
  {
    name: 'wolves',
    why: 'silences are told before there is a rhythm to tell them by',
    file: 'src/domain/gaps-stream.ts',
    find: 'if (until - last < limits.floor) return undefined',
    replace: 'if (until - last > limits.floor) return { from: last, to: next, toldAt: until, silence: undefined }',
    seed: 37,
  },
]
