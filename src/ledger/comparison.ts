// Two witnesses of the same days, compared event by event. Both may have millions, so the comparison is kept on disk, in a
// file of its own: it is worth nothing after a crash and is then begun anew.

/** An event, as either witness has it. */
export interface Witnessed {
  /** The event's id; for an event without one, the sha256 of its text. */
  readonly id: string
  /** When it occurred, in milliseconds since 1970; undefined where it does not say. */
  readonly at: number | undefined
}

/** How many events there are of each kind. An event that a witness has twice is one. */
export interface Tallied {
  readonly file: number
  /** Further rows of the file with an event it has already. */
  readonly repeated: number
  /** Within the span of the file. */
  readonly stream: number
  readonly both: number
}

/** One event in the order of time, and who has it. */
export interface Sided {
  readonly at: number
  readonly who: 'file' | 'stream' | 'both'
}

export interface Comparison {
  /** Events of the file. All of them come before the first of the stream. */
  file(events: readonly Witnessed[]): void
  /**
   * Events of the stream. Those outside the span are of no interest, unless the file has them. `held` says for each of up
   * to 52 destinations (bit by bit) whether it has these events, or will have them from the stream.
   */
  stream(events: readonly (Witnessed & { readonly held: number })[], span: { from: number; to: number }): void
  tally(): Tallied
  /** How many of the file's events the destination of this bit has. */
  held(bit: number): number
  /** Events that tell a time, in its order, a thousand or so at once. */
  inOrder(): Generator<readonly Sided[]>
  close(): void
}
