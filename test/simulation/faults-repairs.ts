// Faults in what operators have done again. They show in worlds in which somebody mends.
import type { Fault } from './faults.ts'

export const REPAIRS: readonly Fault[] = [
  {
    name: 'replayed-is-not-due',
    why: 'what is asked for again is on its way for ever',
    file: 'src/ledger/memory/repairs.ts',
    find: 'state.setRow(takenOut(due(row, now), [[entry.from, entry.to]]))',
    replace: '',
    seed: 15,
  },
  {
    name: 'backfill-for-one',
    why: 'an object that is brought to one destination is never brought to the others',
    file: 'src/ledger/memory/refill.ts',
    find: 'if (isNews) for (const route of routesOf(state, place.receiver)) want(state, route.id, ref, now)',
    replace: '',
    seed: 37,
  },
  {
    name: 'withheld-is-forgotten',
    why: 'what a filter withheld cannot be sent later',
    file: 'src/ledger/memory/endings.ts',
    find: 'if (withheld.length > 0) withhold(state, destination, object, withheld)',
    replace: '',
    seed: 21,
  },
  {
    name: 'released-is-filtered',
    why: 'what is asked for although a filter withheld it is withheld again',
    file: 'src/delivery/sift.ts',
    find: 'if (covers(row.released, piece.from, piece.to))',
    replace: 'if (row.released.length < 0)',
    seed: 5,
  },
  {
    name: 'forced-under-the-same-token',
    why: 'a destination that recognises batches takes none of them a second time',
    file: 'src/delivery/candidate.ts',
    find: 'Math.max(latest, generation)',
    replace: 'Math.min(latest, generation)',
    seed: 5,
  },
  {
    name: 'forced-is-not-due',
    why: 'what is sent once more is not sent',
    file: 'src/ledger/memory/refill.ts',
    find: 'state.setRow({ ...takenOut(row, ranges), generation: repair })',
    replace: "state.setRow({ ...row, generation: repair, state: 'settled' })",
    seed: 13,
  },
]
