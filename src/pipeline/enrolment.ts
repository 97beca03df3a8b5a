// Today's routes in the ledger. Those of earlier runs that are still configured count from the first moment; new ones
// join as their receivers learn where to begin, so an unreachable bucket holds up no other. Those that are gone are
// retired, and said with what they leave behind. What changes here is an act of whoever wrote the configuration, and
// told to the destinations in the transaction that does it.
import { actRecord } from '../domain/acts.ts'
import type { Clock } from '../domain/clock.ts'
import { importOf, isImportReceiver } from '../domain/imports.ts'
import { gapReceiver, isOwnReceiver, type OwnRecord, ownReceiver, stamp } from '../domain/own-records.ts'
import type { Route } from '../ledger/discovery.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Retired } from '../ledger/names.ts'
import type { Tell } from '../telemetry/events.ts'
import { count } from '../telemetry/units.ts'
import { type Renamed, settleNames } from './naming.ts'
import type { DestinationSpec, OwnParts } from './parts.ts'

interface EnrolmentParts {
  readonly ledger: Ledger
  readonly clock: Clock
  readonly destinations: readonly DestinationSpec[]
  readonly tell: Tell
  readonly own?: OwnParts
}

export class Enrolment {
  readonly #parts: EnrolmentParts
  #routes: readonly Route[] = []

  /** Throws SetupError where it is not clear whether a destination was renamed. */
  constructor(parts: EnrolmentParts) {
    const { ledger, tell } = parts
    this.#parts = parts
    const { renamed, retired } = ledger.together(() => this.#begin())
    for (const { from, to: destination } of renamed) tell({ type: 'destination_renamed', destination, from })
    for (const { destination, receiver, outstanding, watermark } of retired)
      tell({ type: 'route_retired', destination, receiver, outstanding, watermark })
  }

  get routes(): readonly Route[] {
    return this.#routes
  }

  /** Adds a receiver's routes. Returns those that are new. Throws LedgerFailure; then nothing has changed. */
  add(routes: readonly Route[]): readonly Route[] {
    const { ledger, clock } = this.#parts
    const known = new Set(this.#routes.map(name))
    const fresh = routes.filter((route) => !known.has(name(route)))
    if (fresh.length === 0) return fresh
    const all = [...this.#routes, ...fresh]
    const now = clock.now()
    ledger.together(() => {
      ledger.enrol(all, now)
      // An import is no new destination.
      const names = new Set(fresh.filter(({ receiver }) => !isImportReceiver(receiver)).map(name))
      // With the start that the ledger knows: one that was here before begins where it did.
      const come = ledger.routes().filter((route) => names.has(name(route)))
      this.#record(come.map((route) => added(route, now, this.#operator)))
    })
    this.#routes = all
    return fresh
  }

  /** An import's routes, which were taken out when it was done: something of it is to be sent again. */
  reopen(receiver: string): void {
    const base = importOf(receiver)?.receiver
    const fed = this.#parts.destinations.filter(({ routes }) => routes.some((route) => route.receiver === base))
    this.add(fed.map(({ id: destination }) => ({ destination, receiver, startAt: 0 })))
  }

  /** Takes a receiver's routes out. Throws LedgerFailure; then nothing has changed. */
  drop(receiver: string): void {
    const rest = this.#routes.filter((route) => route.receiver !== receiver)
    if (rest.length === this.#routes.length) return
    this.#parts.ledger.enrol(rest, this.#parts.clock.now())
    this.#routes = rest
  }

  #begin(): { readonly renamed: readonly Renamed[]; readonly retired: readonly Retired[] } {
    const { ledger, clock, destinations } = this.#parts
    const now = clock.now()
    const renamed = settleNames(ledger, destinations)
    const wanted = new Set(
      destinations.flatMap(({ id, routes }) => routes.map((route) => name({ ...route, destination: id }))),
    )
    const before = ledger.routes().filter(({ receiver }) => !isOwnReceiver(receiver))
    // An import is wanted by whom its events are wanted.
    const feeding = ({ receiver }: Route): string => importOf(receiver)?.receiver ?? receiver
    const kept = before.filter((route) => wanted.has(name({ ...route, receiver: feeding(route) })))
    this.#routes = [...kept, ...this.#ownRoutes()]
    ledger.enrol(this.#routes, now)
    const earlier = new Set(before.map(name))
    const retired = ledger.retired().filter((route) => earlier.has(name(route)))
    const acts = [
      ...renamed.map((one) => renaming(one, now, this.#operator)),
      ...retired.map((one) => gone(one, now, this.#operator)),
    ]
    this.#record(acts)
    return { renamed, retired }
  }

  /** Who is told what of the forwarder itself: a route like any other, without a beginning. */
  #ownRoutes(): readonly Route[] {
    const { destinations, own } = this.#parts
    const told = destinations.filter((one) => own !== undefined && one.told !== 'nothing')
    return told.map(({ id: destination, told }) => {
      return { destination, receiver: told === 'gaps' ? gapReceiver : ownReceiver, startAt: 0 }
    })
  }

  get #operator(): string {
    return this.#parts.own?.operator ?? ''
  }

  #record(acts: readonly OwnRecord[]): void {
    const { ledger, clock, own } = this.#parts
    if (own === undefined || acts.length === 0) return
    ledger.record(
      acts.map((record) => ({ record })),
      clock.now(),
    )
  }
}

function name({ destination, receiver }: { readonly destination: string; readonly receiver: string }): string {
  return `${destination} ${receiver}`
}

const present = 'the configuration it was started with names it'

function added({ destination, receiver, startAt }: Route, at: number, by: string): OwnRecord {
  const from = startAt <= 0 ? 'the beginning' : stamp(startAt)
  const body = `${destination} is fed by ${receiver} from now on, with objects from ${from} on`
  const about = { destination, receiver, start_at: stamp(startAt) }
  return actRecord({ what: 'destination_added', by, at, why: present, body, about })
}

function renaming({ from, to }: Renamed, at: number, by: string): OwnRecord {
  const why = 'the configuration it was started with says `renamed_from`'
  const body = `${from} is called ${to} from now on`
  return actRecord({ what: 'destination_renamed', by, at, why, body, about: { destination: to, renamed_from: from } })
}

function gone({ destination, receiver, watermark, outstanding }: Retired, at: number, by: string): OwnRecord {
  const why = 'the configuration it was started with no longer has it'
  const left = outstanding === 0 ? 'nothing' : count(outstanding, 'object')
  const about = { destination, receiver, watermark: stamp(watermark), undelivered_objects: outstanding }
  const body = `${destination} is no longer fed by ${receiver}; ${left} left undelivered`
  return actRecord({ what: 'destination_retired', by, at, why, body, about })
}
