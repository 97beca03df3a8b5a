// The sha1 that CircleCI writes into each key, compared with the object's bytes as they are stored. They are hashed while
// they pass to the decoder, in the one reading that is made anyway; a reading that is broken off proves nothing.
//
// Which bytes CircleCI hashes is not documented. So a mismatch means nothing before the first match, and is only
// remembered; with the first match those remembered become alterations too. If none of the first objects match, the keys
// hold something else, and the comparison is given up for this run: said once, and no CPU spent on it any more.

import { createHash } from 'node:crypto'
import { type AuditObject, sha1InKey } from '../domain/objects.ts'
import type { Tell } from '../telemetry/events.ts'

/** So many different objects without a match, and the comparison is given up. */
export const TRIALS = 20

export interface DigestsParts {
  readonly receiver: string
  readonly tell: Tell
  /** The object's bytes have this sha1 and not the one in its key. True if that is news. */
  readonly altered: (object: AuditObject, sha1: string) => boolean
}

/** One receiver's objects. */
export class Digests {
  readonly #parts: DigestsParts
  #state: 'trying' | 'proven' | 'useless' = 'trying'
  readonly #mismatches = new Map<number, { readonly object: AuditObject; readonly sha1: string }>()

  constructor(parts: DigestsParts) {
    this.#parts = parts
  }

  /** The body, unchanged. What `altered` throws comes out of it, before its end. */
  watched(object: AuditObject, body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    const written = sha1InKey(object.key)
    return written === undefined || this.#state === 'useless' ? body : this.#hashed(object, written, body)
  }

  async *#hashed(
    object: AuditObject,
    written: string,
    body: AsyncIterable<Uint8Array>,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const hash = createHash('sha1')
    for await (const bytes of body) {
      hash.update(bytes)
      yield bytes
    }
    const sha1 = hash.digest('hex')
    if (sha1 === written) this.#matched()
    else this.#mismatched(object, sha1)
  }

  #matched(): void {
    if (this.#state === 'trying') this.#state = 'proven'
    for (const { object, sha1 } of this.#mismatches.values()) {
      this.#report(object, sha1)
      this.#mismatches.delete(object.ref)
    }
  }

  #mismatched(object: AuditObject, sha1: string): void {
    if (this.#state === 'proven') this.#report(object, sha1)
    if (this.#state !== 'trying') return
    this.#mismatches.set(object.ref, { object, sha1 })
    if (this.#mismatches.size < TRIALS) return
    this.#state = 'useless'
    this.#mismatches.clear()
    this.#parts.tell({ type: 'digests_unusable', receiver: this.#parts.receiver, objects: TRIALS, key: object.key })
  }

  #report(object: AuditObject, evidence: string): void {
    const { receiver, tell, altered } = this.#parts
    if (altered(object, evidence)) tell({ type: 'object_altered', receiver, key: object.key, how: 'content', evidence })
  }
}
