// The judgement at rest. It knows what was written into the world and what the destinations hold, and asks the ledger only
// what an operator could ask: routes, accounts, quarantine.

import { isOwnReceiver } from '../../src/domain/own-records.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import type { QuarantineEntry } from '../../src/ledger/quarantine.ts'
import type { Operator } from './operator.ts'
import { judgeDelay } from './oracle-delay.ts'
import { judgeGaps, judgeGapsOf } from './oracle-gaps.ts'
import { isOwnEntry, judgeOwn } from './oracle-own.ts'
import { judgeQuarantine } from './oracle-quarantine.ts'
import { judgeReach } from './oracle-reach.ts'
import { judgeRepeats } from './oracle-repeats.ts'
import type { DestinationPlan, Plan } from './plan.ts'
import type { Queue } from './queue.ts'
import type { Server } from './server.ts'
import type { Spoken } from './spoken.ts'
import type { Verdict } from './trace.ts'
import type { TrueObject, Truth } from './truth.ts'
import type { Watch } from './watch.ts'

export interface OracleParts {
  readonly plan: Plan
  readonly watch: Watch
  readonly truth: Truth
  readonly verdict: Verdict
  readonly servers: ReadonlyMap<string, Server>
  readonly queues: readonly Queue[]
  readonly ledger: Ledger
  readonly operator: Operator
  readonly spoken: Spoken
  readonly now: number
}

/** One destination, and everything its judge needs. */
export interface Case extends OracleParts {
  readonly destination: DestinationPlan
  readonly server: Server
  readonly entries: readonly QuarantineEntry[]
  /** Where the destination begins in this object's bucket. */
  readonly startOf: (object: TrueObject) => number
}

export class Oracle {
  readonly #parts: OracleParts

  constructor(parts: OracleParts) {
    this.#parts = parts
  }

  judge(idle: boolean): void {
    const { plan, servers, ledger, verdict } = this.#parts
    this.#judgeRest(idle)
    const entries = ledger.quarantine({ limit: 1_000_000 })
    const starts = this.#starts()
    for (const destination of plan.destinations) {
      const server = servers.get(destination.id) as Server
      const startOf = (object: TrueObject): number =>
        starts.get(`${destination.id} ${object.source}`) ?? Number.POSITIVE_INFINITY
      const mine = entries.filter((entry) => entry.destination === destination.id)
      const audit = mine.filter((entry) => !isOwnEntry(entry))
      const one: Case = { ...this.#parts, destination, server, entries: audit, startOf }
      judgeReach(one)
      judgeRepeats(one)
      judgeDelay(one)
      judgeQuarantine(one)
      judgeOwn(one, mine.filter(isOwnEntry))
      judgeGapsOf(one, mine)
    }
    judgeGaps(this.#parts)
    this.#judgeBad(entries, starts)
    for (const { provisional, replay, id } of entries.filter((entry) => !isOwnEntry(entry))) {
      if (provisional) verdict.breaks(`rest: the verdict on quarantine entry ${id} is still provisional`)
      else if (replay !== undefined) verdict.breaks(`rest: quarantine entry ${id} is still on its way`)
    }
  }

  #judgeRest(idle: boolean): void {
    const { ledger, verdict, queues } = this.#parts
    if (!idle) verdict.breaks('rest: the lanes are not idle')
    for (const { destination, receiver, outstanding, oldest } of ledger.accounts())
      if (outstanding > 0)
        verdict.breaks(
          `rest: ${destination} ${receiver} has ${outstanding} outstanding objects, oldest ${oldest?.key}: ${oldest?.reason}`,
        )
    for (const [index, { length }] of queues.entries())
      if (length > 0 && this.#parts.plan.buckets[index]?.queued === true)
        verdict.breaks(`rest: ${length} messages are still in the queue`)
  }

  /** Where each destination begins in each bucket; that it is where it was told to. */
  #starts(): ReadonlyMap<string, number> {
    const { ledger, plan, verdict, watch, now } = this.#parts
    const starts = new Map<string, number>()
    for (const { destination, receiver, startAt } of ledger.routes()) {
      if (isOwnReceiver(receiver)) continue
      const index = Number(receiver.split('/')[1])
      starts.set(`${destination} s3://${plan.buckets[index]?.name}`, startAt)
      const configured = plan.destinations.find(({ id }) => id === destination)?.startAt
      const born = watch.lives.find(({ life }) => life.filters.has(destination))?.from ?? now
      const ok =
        configured?.from === 'beginning'
          ? startAt === 0
          : configured?.from === 'instant'
            ? startAt === configured.at
            : within(startAt + (configured?.from === 'ago' ? configured.ms : 0), born, now)
      if (!ok)
        verdict.breaks(`start: ${destination} begins at ${new Date(startAt).toISOString()}, not where it was told to`)
    }
    return starts
  }

  /** Every bad line is kept once, with its bytes. */
  #judgeBad(entries: readonly QuarantineEntry[], starts: ReadonlyMap<string, number>): void {
    const { truth, watch, verdict, plan } = this.#parts
    const kept = new Map<string, QuarantineEntry[]>()
    for (const entry of entries) {
      if (entry.destination !== undefined || entry.object === undefined) continue
      const name = `${entry.object.store} ${entry.object.key} ${entry.offset}`
      kept.set(name, [...(kept.get(name) ?? []), entry])
    }
    // Two versions of one key may have a bad line at the same place.
    const explained = new Set<string>()
    for (const object of truth.objects) {
      const wanted = plan.destinations.some(
        ({ id }) => object.time >= (starts.get(`${id} ${object.source}`) ?? Infinity),
      )
      for (const { offset, bytes } of object.bad) {
        const name = `${object.source} ${object.key} ${offset}`
        const found = kept.get(name) ?? []
        explained.add(name)
        const right = found.filter((entry) => entry.bytes !== undefined && isSameLine(entry.bytes, bytes))
        if (object.goneAt === undefined && wanted && watch.seen.has(object) && right.length !== 1)
          verdict.breaks(
            `bad lines: the one at ${name} is ${right.length} times in quarantine with its bytes, not once`,
          )
      }
    }
    const unexplained = [...kept.keys()].filter((name) => !explained.has(name))
    for (const name of unexplained) verdict.breaks(`bad lines: ${name} is in quarantine and was not bad`)
  }
}

function within(value: number, low: number, high: number): boolean {
  return low - 1000 <= value && value <= high
}

/** As read: a carriage return at the end may belong to it. */
function isSameLine(kept: Uint8Array, line: Uint8Array): boolean {
  const end = kept[kept.length - 1] === 13 ? kept.length - 1 : kept.length
  return Buffer.compare(kept.subarray(0, end), line) === 0
}
