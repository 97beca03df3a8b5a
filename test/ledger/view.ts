import type { AuditObject } from '../../src/domain/objects.ts'
import { ownStore } from '../../src/domain/own-records.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { start } from './lane.ts'
import { allRefs, destinations, dueAll } from './steps-own.ts'

export const receivers = ['bucket', 'archive'] as const

/** Audit objects. */
export function refs(ledger: Ledger): AuditObject[] {
  return allRefs(ledger).filter(({ store }) => store !== ownStore)
}

/** Everything of a ledger that can be seen, for comparison. */
export function view(ledger: Ledger): unknown {
  const objects = allRefs(ledger)
  return {
    own: objects.map(({ ref }) => ledger.own(ref)),
    ownStandings: ledger.ownStandings(),
    routes: ledger.routes(),
    accounts: ledger.accounts(),
    retired: ledger.retired(),
    totals: ledger.totals(),
    holdings: ledger.holdings().quarantine,
    hours: ledger.hours(0),
    alterations: ledger.alterations({ limit: 50 }),
    belongings: ledger.belongings.all(),
    watch: {
      arrivals: receivers.map((receiver) => ledger.watch.arrivals(receiver, 0, 9e9)),
      events: receivers.map((receiver) => ledger.watch.eventMinutes(receiver, 0, 9e7)),
      unread: receivers.map((receiver) => ledger.watch.unread(receiver)),
      quarantined: ledger.watch.quarantined(),
      noted: ledger.watch.noted(99),
      gaps: ledger.watch.gaps({ closed: 3 }),
      gap: ledger.watch.gap('g1'),
      memory: ledger.watch.memory('m1'),
    },
    objects,
    quarantine: ledger.quarantine({ limit: 100 }),
    splunkOnly: ledger.quarantine({ limit: 3, destination: 'splunk' }),
    kept: objects.map(({ ref }) => ledger.kept(ref)),
    repairs: [1, 2, 3, 4, 5].map((id) => ledger.repair(id)),
    reasons: ledger.quarantine({ limit: 4, reason: 'NO', after: 1, since: start + 5_000, until: start + 40_000 }),
    archived: ledger.quarantine({ limit: 9, receiver: 'archive' }),
    entry: ledger.entry(2),
    bare: ledger.quarantine({ limit: 2, bare: true }),
    underWay: ledger.underWay(2, 0, 9),
    asked: ledger.asked(),
    request: ledger.request(1),
    destinations: destinations.map((destination) => ({
      intents: ledger.intents(destination),
      provisional: ledger.provisional(destination),
      due: dueAll(ledger, destination),
      rows: objects.map(({ ref }) => ledger.row(destination, ref)),
      adopted: objects.map(({ ref }) => ledger.adopted(destination, ref)),
      withheld: objects.map(({ ref }) => ledger.withheld(destination, ref)),
    })),
  }
}
