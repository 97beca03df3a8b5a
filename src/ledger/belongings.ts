/** Whose events a receiver's objects hold, as far as `expect_organization` had it found out. */
export interface Belonging {
  readonly receiver: string
  /** The expected organisation of which an event was found last; undefined if none ever was. */
  readonly found: string | undefined
  /** Nothing but events of others was found, of which none is settled before one of the expected is. */
  readonly stop: ReceiverStop | undefined
}

export interface ReceiverStop {
  /** Who was expected, as configured then. */
  readonly expected: string
  readonly reason: string
  /** In milliseconds since 1970. */
  readonly since: number
}

export interface BelongingLedger {
  /** Of every receiver of which something was noted, by name. */
  all(): readonly Belonging[]
  /** Notes it in place of what was noted of the receiver. Not durable: what a crash forgets is found out again. */
  note(belonging: Belonging): void
}
