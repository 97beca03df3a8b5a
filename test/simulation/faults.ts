// Faults somebody might make one day, each a small change of the product's source. The simulation must catch every one:
// a promise whose breaking goes unnoticed is not held by it.

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
    seed: 2,
  },
  {
    name: 'lost-answer-is-delivery',
    why: 'a batch whose answer was lost may never have arrived',
    file: 'src/delivery/plan.ts',
    find: "return { kind: 'retry', ambiguous: false, ...rest(outcome) }",
    replace:
      "return outcome.ambiguous ? resolve({ delivered: 'all' }) : { kind: 'retry', ambiguous: false, ...rest(outcome) }",
    seed: 1,
  },
  {
    name: 'receipt-is-delivery',
    why: 'what was accepted and never stored is not sent again',
    file: 'src/delivery/plan.ts',
    find: "return { kind: 'await', receipt: outcome.receipt, pollAfterMs: outcome.pollAfterMs }",
    replace: "return resolve({ delivered: 'all' })",
    seed: 5,
  },
  {
    name: 'drop-on-401',
    why: 'an expired token empties the log',
    file: 'src/delivery/plan.ts',
    find: "return { kind: 'stop', cause: outcome.cause, reason: outcome.reason }",
    replace: "return resolve({ delivered: 'all' })",
    seed: 18,
  },
  {
    name: 'split-a-frozen-batch',
    why: 'under new tokens the server stores a second time what it stored when its answer was lost',
    file: 'src/delivery/plan.ts',
    find: 'if (!sent.ambiguous) return apply(',
    replace: 'if (sent.members > 0) return apply(',
    seed: 26,
  },
  {
    name: 'no-stop-on-verdicts',
    why: 'a changed column type drains the log into quarantine',
    file: 'src/delivery/options.ts',
    find: 'VERDICTS_TO_STOP = 20',
    replace: 'VERDICTS_TO_STOP = 2000',
    seed: 15,
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
    seed: 12,
  },
  {
    name: 'copy-of-nothing',
    why: 'a copy is skipped for an owner this destination never had',
    file: 'src/ledger/memory/duplicates.ts',
    find: 'if (state.holds(destination, copy.owner.object, copy.owner.from)) return true',
    replace: 'if (copy.owner.object !== object) return true',
    seed: 1,
  },
  {
    name: 'no-rescue',
    why: 'a lost object takes with it what its copies could have given',
    file: 'src/ledger/memory/progress.ts',
    find: 'return rescueRow(state, lost, reason, now)',
    replace: 'return lost.reason === reason ? [] : rescueRow(state, lost, reason, now)',
    seed: 19,
  },
  {
    name: 'prune-by-the-clock',
    why: 'ids are forgotten while an object that may hold their copies is still to be read',
    file: 'src/ledger/memory/duplicates.ts',
    find: 'const border = oldestUndecided(state)',
    replace:
      'const border = oldestUndecided(state) && Math.max(...[...state.objects.values()].map(({ object }) => object.seenAt))',
    seed: 24,
  },
  {
    name: 'id-alone',
    why: 'an id that CircleCI uses twice swallows the second event',
    file: 'src/ledger/rules.ts',
    find: 'if (distance >= sameEventMs) continue',
    replace: '',
    seed: 2,
  },
  {
    name: 'volatile-intents',
    why: 'after a power cut other batches are formed, under other tokens',
    file: 'src/ledger/memory/ledger.ts',
    find: 'return this.#durable(() => intend(',
    replace: 'return this.#volatile(() => intend(',
    seed: 32,
  },
  {
    name: 'volatile-discovery',
    why: 'after a power cut the object that a deleted message announced is unknown',
    file: 'src/ledger/memory/ledger.ts',
    find: 'return this.#durable(() => see(',
    replace: 'return this.#volatile(() => see(',
    seed: 3,
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
    seed: 3,
  },
  {
    name: 'half-a-sweep',
    why: 'a listing that failed counts as one that found nothing',
    file: 'src/receiver/sweeper.ts',
    find: 'for (const partition of [...plan.recent, ...due]) await this.#list(partition, tally, signal)',
    replace:
      'for (const partition of [...plan.recent, ...due]) await this.#list(partition, tally, signal).catch(() => undefined)',
    seed: 3,
  },
  {
    name: 'sha-of-nothing',
    why: 'an event without an id is taken for the next one without an id',
    file: 'src/mapping/identity.ts',
    find: '?? item.sha256',
    replace: "?? 'none'",
    seed: 1,
  },
]
