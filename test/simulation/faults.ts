// Faults somebody might make one day, each a small change of the product's source. The simulation must catch every one:
// a promise whose breaking goes unnoticed is not held by it.

import { OWN_RECORDS } from './faults-own.ts'
import { REPAIRS } from './faults-repairs.ts'

export interface Fault {
  readonly name: string
  /** What would go wrong in the field. */
  readonly why: string
  readonly file: string
  /** Must be there exactly once. */
  readonly find: string
  readonly replace: string
  /** A seed that catches it. */
  readonly seed: number
}

export const FAULTS: readonly Fault[] = [
  {
    name: 'delete-before-commit',
    why: 'a crash between the two loses the announcement',
    file: 'src/receiver/listener.ts',
    find: 'await this.#commit(messages, signal)',
    replace: 'await this.#queue.delete(messages); await this.#commit(messages, signal)',
    seed: 1,
  },
  {
    name: 'sweep-from-now',
    why: 'what was written during ten days of downtime is never listed',
    file: 'src/receiver/sweep.ts',
    find: 'Math.min(now, sweptTo) - lookbackMs',
    replace: 'now - lookbackMs',
    seed: 1,
  },
  {
    name: 'cursor',
    why: 'a later batch that lands first takes the earlier ones with it',
    file: 'src/ledger/rules.ts',
    find: '  assert.equal(totalBytes(union), totalBytes(settled) + bytes,',
    replace: '  if (bytes > 0) return [[0, union[union.length - 1]?.[1] ?? 0]]\n  assert.ok(true,',
    seed: 1,
  },
  {
    name: 'watermark-past-pending',
    why: 'the watermark says that everything is there, and it is not',
    file: 'src/ledger/rules.ts',
    find: 'Math.min(oldestOutstanding ?? Number.POSITIVE_INFINITY, sweptTo - sweepMarginMs)',
    replace: 'sweptTo - sweepMarginMs + 0 * (oldestOutstanding ?? 0)',
    seed: 1,
  },
  {
    name: 'watermark-up-to-now',
    why: 'the watermark passes what no sweep has looked for',
    file: 'src/ledger/rules.ts',
    find: 'Math.min(oldestOutstanding ?? Number.POSITIVE_INFINITY, sweptTo - sweepMarginMs)',
    replace: 'Math.min(oldestOutstanding ?? Number.POSITIVE_INFINITY, sweptTo + 12 * hourMs)',
    seed: 1,
  },
  {
    name: 'refusal-is-delivery',
    why: 'a refused record is gone without a trace',
    file: 'src/delivery/plan.ts',
    find: 'return resolve({ refused: [{ member: only, reason }], reason })',
    replace: "return resolve({ delivered: 'all', reason })",
    seed: 3,
  },
  {
    name: 'lost-answer-is-delivery',
    why: 'a batch whose answer was lost may never have arrived',
    file: 'src/delivery/plan.ts',
    find: "return { kind: 'retry', ambiguous: false, ...rest(outcome) }",
    replace:
      "return outcome.ambiguous ? resolve({ delivered: 'all' }) : { kind: 'retry', ambiguous: false, ...rest(outcome) }",
    seed: 2,
  },
  {
    name: 'receipt-is-delivery',
    why: 'what was accepted and never stored is not sent again',
    file: 'src/delivery/plan.ts',
    find: 'return awaiting(outcome)',
    replace: "return resolve({ delivered: 'all' })",
    seed: 4,
  },
  {
    name: 'drop-on-401',
    why: 'an expired token empties the log',
    file: 'src/delivery/plan.ts',
    find: "return { kind: 'stop', cause: outcome.cause, reason: outcome.reason }",
    replace: "return resolve({ delivered: 'all' })",
    seed: 8,
  },
  {
    name: 'split-a-frozen-batch',
    why: 'under new tokens the server stores a second time what it stored when its answer was lost',
    file: 'src/delivery/plan.ts',
    find: 'if (!sent.ambiguous) return apply(',
    replace: 'if (sent.members > 0) return apply(',
    seed: 11,
  },
  {
    name: 'no-look-up-after-the-window',
    why: 'what was stored before a long outage is stored again: the server has forgotten its token',
    file: 'src/delivery/plan.ts',
    find: 'ageMs + attemptMs >= windowMs',
    replace: 'ageMs + attemptMs >= Number.POSITIVE_INFINITY',
    seed: 8,
  },
  {
    name: 'young-after-a-restart',
    why: 'a batch of the last run is taken for a new one, and not looked up however old it is',
    file: 'src/delivery/landing.ts',
    find: 'const ageMs = clock.now() - intent.createdAt',
    replace: 'const ageMs = clock.now() - Math.max(flight.formedAt, intent.createdAt)',
    seed: 8,
  },
  {
    name: 'dissolve-without-asking',
    why: 'what can still be read of a batch that cannot be formed again is stored twice',
    file: 'src/delivery/landing.ts',
    find: 'const isAsked = ambiguous && askable',
    replace: 'const isAsked = ambiguous && askable && records < 0',
    seed: 1,
  },
  {
    name: 'refusals-in-a-row-are-final',
    why: 'the last good records of a spell of refusals stay in quarantine',
    file: 'src/delivery/verdicts.ts',
    find: 'const SURE = 1',
    replace: 'const SURE = 19',
    seed: 9,
  },
  {
    name: 'nothing-is-certain',
    why: 'a backlog of records that no destination would take stops the lane after twenty, again and again',
    file: 'src/delivery/plan.ts',
    find: '...(certain === true && { certain })',
    replace: '...(certain === undefined && { certain })',
    seed: 2,
  },
  {
    name: 'no-stop-on-verdicts',
    why: 'a changed column type drains the log into quarantine',
    file: 'src/delivery/options.ts',
    find: 'VERDICTS_TO_STOP = 20',
    replace: 'VERDICTS_TO_STOP = 2000',
    seed: 6,
  },
  {
    name: 'lost-at-first-sight',
    why: 'an object that is not to be found for a moment is given up',
    file: 'src/delivery/options.ts',
    find: 'READINGS_TO_LOSE = 3',
    replace: 'READINGS_TO_LOSE = 1',
    seed: 1,
  },
  {
    name: 'filters-asked-again',
    why: 'what was promised to a destination is withheld after a restart',
    file: 'src/delivery/reform.ts',
    find: 'const record = processing.transform(piece.record)',
    replace: 'const record = processing.process(piece.record)\n        if (record === undefined) continue',
    seed: 9,
  },
  {
    name: 'copy-of-nothing',
    why: 'a copy is skipped for an owner this destination never had',
    file: 'src/ledger/memory/duplicates.ts',
    find: 'if (state.holds(destination, copy.owner.object, copy.owner.from)) return true',
    replace: 'if (copy.owner.object !== object) return true',
    seed: 2,
  },
  {
    name: 'no-rescue',
    why: 'a lost object takes with it what its copies could have given',
    file: 'src/ledger/memory/progress.ts',
    find: 'return rescueRow(state, ended, reason, now)',
    replace: 'return ended.reason === reason ? [] : rescueRow(state, ended, reason, now)',
    seed: 4,
  },
  {
    name: 'prune-by-the-clock',
    why: 'ids are forgotten while an object that may hold their copies is still to be read',
    file: 'src/ledger/memory/pruning.ts',
    find: 'const border = oldestUndecided(state)',
    replace:
      'const border = oldestUndecided(state) && Math.max(...[...state.objects.values()].map(({ object }) => object.seenAt))',
    seed: 4,
  },
  {
    name: 'id-alone',
    why: 'an id that CircleCI uses twice swallows the second event',
    file: 'src/ledger/rules.ts',
    find: 'if (distance >= sameEventMs) continue',
    replace: '',
    seed: 1,
  },
  {
    name: 'volatile-intents',
    why: 'after a power cut other batches are formed, under other tokens',
    file: 'src/ledger/memory/ledger.ts',
    find: 'return this.#durable(() => intend(',
    replace: 'return this.#volatile(() => intend(',
    seed: 34,
  },
  {
    name: 'volatile-discovery',
    why: 'after a power cut the object that a deleted message announced is unknown',
    file: 'src/ledger/memory/ledger.ts',
    find: 'return this.#durable(() => see(',
    replace: 'return this.#volatile(() => see(',
    seed: 14,
  },
  {
    name: 'forget-late-objects',
    why: 'what appears below the watermark is nobody’s',
    file: 'src/ledger/memory/discovery.ts',
    find: 'const wanting = routes.filter((route) => time >= route.startAt)',
    replace: 'const wanting = routes.filter((route) => time >= route.startAt && !isLate(route, time))',
    seed: 1,
  },
  {
    name: 'forget-new-destinations',
    why: 'a destination added later never gets what was there before it',
    file: 'src/ledger/memory/discovery.ts',
    find: 'for (const destination of changed) reconcile(',
    replace: 'for (const destination of [] as string[]) reconcile(',
    seed: 2,
  },
  {
    name: 'no-sweep-for-new-destinations',
    why: 'objects older than every other destination’s start are never looked for',
    file: 'src/ledger/memory/discovery.ts',
    find: 'if (swept !== undefined && from < swept) state.sweptTo.set(route.receiver, from)',
    replace: '',
    seed: 2,
  },
  {
    name: 'nothing-is-unfinished',
    why: 'a run that was to end says that everything is done, and it is not',
    file: 'src/pipeline.ts',
    find: 'if (idle && outstanding.length === 0) return []',
    replace: 'if (idle || outstanding.length >= 0) return []',
    seed: 12,
  },
  {
    name: 'half-a-sweep',
    why: 'a listing that failed counts as one that found nothing',
    file: 'src/receiver/sweeper.ts',
    find: 'for (const partition of [...plan.recent, ...due]) await this.#list(partition, tally, signal)',
    replace:
      'for (const partition of [...plan.recent, ...due]) await this.#list(partition, tally, signal).catch(() => undefined)',
    seed: 10,
  },
  {
    name: 'sha-of-nothing',
    why: 'an event without an id is taken for the next one without an id',
    file: 'src/mapping/identity.ts',
    find: '?? item.sha256',
    replace: "?? 'none'",
    seed: 1,
  },
  ...REPAIRS,
  ...OWN_RECORDS,
]
