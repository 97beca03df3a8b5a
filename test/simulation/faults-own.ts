// Faults in what the forwarder says of itself. They show in worlds in which it speaks.
import type { Fault } from './faults.ts'

export const OWN_RECORDS: readonly Fault[] = [
  {
    name: 'forgetful-hours',
    why: 'an hour in which something came late is never accounted for again',
    file: 'src/ledger/memory/discovery.ts',
    find: '  state.touchHour({ route: route.id, object: ref })',
    replace: '',
    seed: 7,
  },
  {
    name: 'generous-hours',
    why: 'what was withheld or refused is accounted for as delivered',
    file: 'src/ledger/memory/closing.ts',
    find: 'delivered: sum(({ row }) => row.tally.delivered)',
    replace: 'delivered: sum(({ object }) => object.events)',
    seed: 7,
  },
  {
    name: 'hours-too-early',
    why: 'an hour is accounted for while events of it are on their way',
    file: 'src/ledger/memory/closing.ts',
    find: 'filter((hour) => !busy.some(within(hour)))',
    replace: 'filter((hour) => busy.length >= 0 && hour > 0)',
    seed: 7,
  },
  {
    name: 'fleeting-heartbeats',
    why: 'a heartbeat that was sent is unknown after a power cut, and said again as another',
    file: 'src/ledger/memory/saying.ts',
    find: "return this.#state.journal.commit('durable', body)",
    replace: "return this.#state.journal.commit('volatile', body)",
    seed: 7,
  },
  {
    name: 'one-for-all',
    why: 'nobody can tell how many heartbeats the one that arrives stands for',
    file: 'src/domain/heartbeat.ts',
    find: "Number(attributes['heartbeats'] ?? 1), 0)",
    replace: 'Math.min(1, Object.keys(attributes).length), 0)',
    seed: 16,
  },
]
