// What can be wrong with an object or a source, told apart because what follows differs: gone is lost, denied and
// unreachable are outstanding and tried again.

export type ReadFailureKind =
  /** It is not there any more (and we may list, so the 404 is to be believed), or another version took its key. */
  | 'gone'
  /** We may not read it: permission, KMS key, or a 403 that cannot be told from a 404. */
  | 'denied'
  /** In an archive class; must be restored first. */
  | 'archived'
  /** Network, time-out, throttling, a body shorter than its length. */
  | 'unreachable'

/** Reading an object failed. `message` says doing what, to what, why; `hint` what to do next. */
export class ReadFailure extends Error {
  readonly kind: ReadFailureKind
  readonly hint: string | undefined

  constructor(kind: ReadFailureKind, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.name = 'ReadFailure'
    this.kind = kind
    this.hint = options.hint
  }
}

/** A bucket cannot be listed or a queue cannot be read. */
export class SourceFailure extends Error {
  readonly hint: string | undefined

  constructor(message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.name = 'SourceFailure'
    this.hint = options.hint
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
