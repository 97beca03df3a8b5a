// What happens to an object: first to its text, then to the file it is stored as.
import { constants, gzipSync, zstdCompressSync } from 'node:zlib'
import type { Chance } from '../simulation/chance.ts'

const tokens = [
  '{',
  '}',
  '[',
  ']',
  '"',
  '\\',
  '\n',
  '\r\n',
  ',',
  ':',
  '\0\0\0\0',
  '\uFEFF',
  'null',
  '-',
  '1e999',
  '"id":"twice",',
  '"__proto__":{"id":1},',
  '\\ud800',
  '\n{"id":',
  '{"events":[',
  ']}\n',
  '[[[[[[[[',
  '{"a":'.repeat(300),
  '['.repeat(5_000),
  'y'.repeat(9_000),
  '\u00e9',
]

type Change = (bytes: Buffer, chance: Chance) => Buffer

const changes: readonly Change[] = [
  (bytes, chance) => changed(bytes, chance, (byte) => byte ^ (1 << chance.int(0, 7))),
  (bytes, chance) => changed(bytes, chance, () => chance.int(0, 255)),
  (bytes, chance) => spliced(bytes, chance, Buffer.from(chance.pick(tokens))),
  (bytes, chance) => spliced(bytes, chance, noise(chance, chance.int(1, 200))),
  (bytes, chance) => spliced(bytes, chance, piece(bytes, chance)),
  (bytes, chance) => removed(bytes, chance),
  (bytes, chance) => bytes.subarray(0, chance.int(0, bytes.length)),
  (bytes, chance) => bytes.subarray(chance.int(0, bytes.length)),
  (bytes, chance) => Buffer.concat([piece(bytes, chance), bytes]),
  (bytes, chance) => (chance.hit(0.2) ? Buffer.from(bytes.toString('utf8'), 'utf16le') : bytes),
  (bytes, chance) => (chance.hit(0.2) ? Buffer.from(bytes.toString('utf8'), 'latin1') : bytes),
  (bytes, chance) =>
    spliced(bytes, chance, Buffer.alloc(chance.int(1, 3_000), chance.pick([0, 0x20, 0x0a, 0x5b, 0xff]))),
]

/** The bytes after up to four changes; two in five are left alone. */
export function mutated(bytes: Buffer, chance: Chance): Buffer {
  let result = bytes
  const times = chance.hit(0.4) ? 0 : chance.int(1, 4)
  for (let time = 0; time < times; time += 1) result = chance.pick(changes)(result, chance)
  return result
}

/** Without its checksum, zstd takes a flipped bit for another text. */
const checked = { params: { [constants.ZSTD_c_checksumFlag]: 1 } }

export interface Stored {
  readonly bytes: Buffer
  /** What comes out of it; undefined where nobody can say without decompressing it. */
  readonly content: Buffer | undefined
}

/** The content as a file: plain, or compressed, and then perhaps damaged. */
export function stored(content: Buffer, chance: Chance): Stored {
  if (chance.hit(0.6) || content.length === 0) return { bytes: content, content }
  const compress = (bytes: Buffer): Buffer => (isZstd ? zstdCompressSync(bytes, checked) : gzipSync(bytes))
  const isZstd = chance.hit(0.3)
  const cut = chance.int(0, content.length)
  const members = chance.hit(0.3) ? [content.subarray(0, cut), content.subarray(cut)] : [content]
  const padding = Buffer.alloc(chance.hit(0.2) ? chance.int(1, 600) : 0)
  const bytes = Buffer.concat([...members.map(compress), padding])
  if (chance.hit(0.4)) return { bytes, content }
  // A wrong checksum at the very end: everything comes out before it is known to be wrong.
  if (padding.length === 0 && chance.hit(0.2))
    return { bytes: inverted(bytes, bytes.length - chance.int(1, 4)), content }
  return { bytes: damaged(bytes, chance), content: undefined }
}

function inverted(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[at] = (copy[at] ?? 0) ^ 0xff
  return copy
}

function damaged(bytes: Buffer, chance: Chance): Buffer {
  const kind = chance.int(0, 4)
  if (kind === 0) return bytes.subarray(0, chance.int(1, bytes.length))
  if (kind === 1) return Buffer.concat([bytes, noise(chance, 40)])
  if (kind === 2) return removed(bytes, chance)
  if (kind === 3) return spliced(bytes, chance, noise(chance, 20))
  return changed(bytes, chance, (byte) => byte ^ (1 << chance.int(0, 7)))
}

function changed(bytes: Buffer, chance: Chance, to: (byte: number) => number): Buffer {
  const copy = Buffer.from(bytes)
  const at = chance.int(0, Math.max(0, bytes.length - 1))
  if (bytes.length > 0) copy[at] = to(bytes[at] ?? 0)
  return copy
}

function spliced(bytes: Buffer, chance: Chance, more: Buffer): Buffer {
  const at = chance.int(0, bytes.length)
  return Buffer.concat([bytes.subarray(0, at), more, bytes.subarray(at)])
}

function removed(bytes: Buffer, chance: Chance): Buffer {
  const at = chance.int(0, bytes.length)
  return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + chance.int(1, 300))])
}

function piece(bytes: Buffer, chance: Chance): Buffer {
  const at = chance.int(0, bytes.length)
  return bytes.subarray(at, at + chance.int(1, 2_000))
}

function noise(chance: Chance, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => chance.int(0, 255)))
}
