import type { AlterationKind } from '../domain/objects.ts'

/** An object that is not what it was. */
export interface Alteration {
  readonly object: { readonly ref: number; readonly store: string; readonly key: string }
  readonly kind: AlterationKind
  /** For `content`, the sha1 its bytes have; for `version`, the version its key had before. */
  readonly evidence: string
  /** When it was found out, in milliseconds since 1970. */
  readonly at: number
}

/** Audit objects are written once. Those that changed are named, each once; `see` notes new versions by itself. */
export interface AlterationLedger {
  /**
   * The object's bytes do not have the sha1 in its key, but this one. True if that was not known yet. The object may be
   * sealed by now. Not durable: a crash forgets it with every later decision on the object, which is then read, and
   * found altered, again.
   */
  altered(object: Alteration['object'], sha1: string, now: number): boolean
  /** Oldest first. */
  alterations(query: { readonly limit: number }): readonly Alteration[]
}
