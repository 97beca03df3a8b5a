// What stands in the place of what was taken away. A keyed hash is the same for the same text and key wherever it stands,
// so that events of one person can still be told to be of one person; without the key it cannot be tried out on guesses,
// as a plain hash of a name or an address can.
import { createHmac } from 'node:crypto'

/** In place of a masked value, and of whatever a dropped one leaves where only a part of a text is to go. */
export const MASK = '[redacted]'

const mostHashes = 1000
const longestText = 256

/** Masks or hashes. Nothing stays nothing; a list of plain values stays a list. Never throws. */
export class Replacement {
  readonly #key: string
  /** People and addresses come again and again, and each of them several times in one event. */
  readonly #hashes = new Map<string, string>()

  constructor(key: string) {
    this.#key = key
  }

  of(action: 'mask' | 'hash', value: unknown): unknown {
    if (value === null || value === undefined) return value
    if (Array.isArray(value) && value.every(isScalar)) return value.map((item) => this.of(action, item))
    return action === 'mask' ? MASK : this.hash(textOf(value))
  }

  /** HMAC-SHA256 of the text in UTF-8, in lower-case hex. */
  hash(text: string): string {
    const known = this.#hashes.get(text)
    if (known !== undefined) return known
    const hash = createHmac('sha256', this.#key).update(text).digest('hex')
    if (this.#hashes.size >= mostHashes) this.#hashes.clear()
    if (text.length <= longestText) this.#hashes.set(text, hash)
    return hash
  }
}

function isScalar(value: unknown): boolean {
  return typeof value !== 'object' || value === null
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  try {
    return JSON.stringify(value) ?? typeof value
  } catch {
    return typeof value
  }
}
