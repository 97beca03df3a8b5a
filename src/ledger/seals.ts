/** How far a walk over old objects has come: the object looked at last. */
export interface SealCursor {
  readonly time: number
  readonly object: number
}

export interface SealQuery {
  /** Only objects of a time before this. */
  readonly before: number
  /** Where the walk goes on; undefined to begin with the oldest. */
  readonly after: SealCursor | undefined
  /** How many objects are looked at. */
  readonly limit: number
  /** Numbers of objects that somebody is still reading: left alone. */
  readonly except?: ReadonlySet<number>
}

export interface Sealing {
  /** Objects that were sealed. */
  readonly sealed: number
  /** Where to go on; undefined when nothing older than `before` is left to look at. */
  readonly next: SealCursor | undefined
}

/**
 * What is left of objects that are done with. A million of them would be a million rows for ever, and nobody asks for
 * more than: is this one new? So an object that every destination with a row for it has settled for good leaves its
 * rows, and enters the seal of its day: a mark (a hash of store, key and version), its number, and its first sight.
 * `see` asks rows and seals alike, and whoever wants to skip a copy takes a sealed owner for one that has delivered.
 */
export interface SealLedger {
  /**
   * Walks over objects in the order of their time and seals those that can be: all their rows are settled and none of
   * what was skipped in them can ever come back, their key tells a time, and quarantine holds nothing of them. Nothing
   * is decided by it: an object is as known, as late and as settled as before, to every destination alike. What a seal
   * no longer has is the version's text, and rows to begin with for a destination that is added later: it gets those
   * objects, with their number and first sight, when the bucket is listed from its start on, which `enrol` sees to.
   * Not durable: a crash forgets whole seals, and the rows are back.
   */
  seal(query: SealQuery): Sealing
}
