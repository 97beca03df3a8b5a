// What an object is, told by its first bytes. Never by its name: CircleCI's keys have no extension.

export type Compression = 'gzip' | 'zstd' | 'none'

/** By the first four bytes. */
export function compression(head: Uint8Array): Compression {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip'
  if (head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd) return 'zstd'
  // A skippable frame, as parallel and seekable zstd write it first.
  const isSkippable = ((head[0] ?? 0) & 0xf0) === 0x50 && head[1] === 0x2a && head[2] === 0x4d && head[3] === 0x18
  return isSkippable ? 'zstd' : 'none'
}

/** Why the decompressed object as a whole cannot be read, by its first four bytes; undefined if nothing speaks against it. */
export function foreignEncoding(head: Uint8Array): string | undefined {
  if (compression(head) !== 'none') return `compressed twice: ${compression(head)} inside the compressed object`
  const [a, b, c, d] = head
  const isMarked = (a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff)
  const isLittle = Boolean(a) && b === 0 && (head.length < 4 || (Boolean(c) && d === 0))
  const isBig = a === 0 && Boolean(b) && (head.length < 4 || (c === 0 && Boolean(d)))
  if (isMarked || isLittle || isBig) return 'UTF-16 text; only UTF-8 can be read'
  return undefined
}
