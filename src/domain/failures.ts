// What can be wrong with an object or a source, told apart because what follows differs: gone is lost, denied and
// unreachable are outstanding and tried again.

export type ReadFailureKind =
  /** It is not there any more (and we may list, so the 404 is to be believed), or another version took its key. */
  | 'gone'
  /** We may not read it: permission, KMS key, or a 403 that cannot be told from a 404. */
  | 'denied'
  /** In an archive class; must be restored first. */
  | 'archived'
  /** It begins with events of others alone, and of whom is expected none was ever found. */
  | 'foreign'
  /** Network, time-out, throttling, a body shorter than its length. */
  | 'unreachable'

/** How an object came to be gone, as far as its store can tell. */
export type Absence =
  /** A rule of the bucket's own removed it when its time was up. */
  | 'expired'
  /** Another version has its key: audit objects are written once, so somebody wrote over it. */
  | 'replaced'
  /** It was deleted, or nobody can say. */
  | 'vanished'

/** Reading an object failed. `message` says doing what, to what, why; `hint` what to do next. */
export class ReadFailure extends Error {
  readonly kind: ReadFailureKind
  readonly hint: string | undefined
  /** Set where the kind is `gone`. */
  readonly absence: Absence | undefined

  constructor(
    kind: ReadFailureKind,
    message: string,
    options: { hint?: string; cause?: unknown; absence?: Absence } = {},
  ) {
    super(message, { cause: options.cause })
    this.name = 'ReadFailure'
    this.kind = kind
    this.hint = options.hint
    this.absence = kind === 'gone' ? (options.absence ?? 'vanished') : undefined
  }
}

/** A bucket cannot be listed or a queue cannot be read. */
export class SourceFailure extends Error {
  readonly hint: string | undefined
  /** The service was busy, failing or out of reach: the same may be asked again soon. */
  readonly passing: boolean

  constructor(message: string, options: { hint?: string; cause?: unknown; passing?: boolean } = {}) {
    super(message, { cause: options.cause })
    this.name = 'SourceFailure'
    this.hint = options.hint
    this.passing = options.passing ?? false
  }
}

/** The set-up does not work as configured: said once, at start, with exit code 2. */
export class SetupError extends Error {
  readonly hint: string | undefined

  constructor(message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.name = 'SetupError'
    this.hint = options.hint
  }
}
