// Encoded records are many, small and short-lived. A buffer of its own for each costs the garbage collector more than
// the encoding; so they share slabs, which are freed when the last record in them is. Views into a slab are never written
// again. Rejected: one slab per batch, because the exporter does not know which records will travel together.

const SLAB_BYTES = 96 * 1024
/** Longer texts get a buffer of their own, or a few of them would waste most of a slab. */
const LONGEST = 16 * 1024

let slab = Buffer.allocUnsafeSlow(SLAB_BYTES)
let used = 0

/** The text as UTF-8 bytes. Not to be written to: the bytes lie beside those of other records. */
export function utf8(text: string): Buffer {
  return utf8Of([text])
}

/** Texts, each well-formed, one after the other as UTF-8 bytes. Not to be written to, as above. */
export function utf8Of(texts: readonly string[]): Buffer {
  let length = 0
  for (const text of texts) length += text.length
  if (length > LONGEST) return Buffer.from(texts.join(''))
  if (SLAB_BYTES - used < length * 3) {
    slab = Buffer.allocUnsafeSlow(SLAB_BYTES)
    used = 0
  }
  const from = used
  for (const text of texts) used += slab.write(text, used)
  return slab.subarray(from, used)
}
