import type { AuditObject, Discovery, Sighting } from '../domain/objects.ts'
import type { Alteration } from './alterations.ts'

/** One destination fed by one receiver. */
export interface Route {
  readonly destination: string
  readonly receiver: string
  /** Objects whose time is before this are not for this destination. Used only when the route is new. */
  readonly startAt: number
}

/** What became of the objects handed to `see`. */
export interface Seen {
  /** Objects not known before that at least one route wants. */
  readonly fresh: readonly AuditObject[]
  /** Of the fresh ones, those below the watermark of at least one route. */
  readonly late: readonly AuditObject[]
  /** Of the objects not known before, those whose key was known with another version. Noted by this call. */
  readonly altered: readonly Alteration[]
  /** How many were known already, or older than every route's start. */
  readonly known: number
}

/** Which objects exist, and for whom. */
export interface DiscoveryLedger {
  /**
   * Declares today's routes. A new one gets a row for every known object of its receiver from its start on, and if its
   * start lies below `sweptTo` the next sweep begins there (earlier, where objects lay in partitions older than their
   * time); that sweep also finds those of which only the seal is left. A route that is gone is retired: its rows stay,
   * uncounted and not due, until it is back or another route of the destination sees the object.
   * Durable: after it returns, a crash changes nothing. A crash before leaves the routes of the last run.
   */
  enrol(routes: readonly Route[], now: number): void
  /** The routes as enrolled, with the start each was first given. */
  routes(): readonly Route[]
  /**
   * Registers objects: identity is store + key + version, and every wanting route of the receiver gets a row.
   * Seeing an object again by the same receiver does nothing, whatever its rows' state, also when it is sealed. Durable: a message that
   * announced the objects may be deleted after it returns. A crash before it returns leaves none or all of them
   * registered.
   */
  see(receiver: string, store: string, sightings: readonly Sighting[], how: Discovery, now: number): Seen
  /**
   * Start of the receiver's last sweep that listed everything without error; undefined before the first.
   * Lower than that after `enrol` brought a route with an earlier start.
   */
  sweptTo(receiver: string): number | undefined
  /** A sweep begun at `startedAt` listed everything. Durable. A crash before it makes the next sweep list more. */
  swept(receiver: string, startedAt: number): void
  /** The object with this number, undefined if there is none or only its seal is left. */
  object(ref: number): AuditObject | undefined
}
