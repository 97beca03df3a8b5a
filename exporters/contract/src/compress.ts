// Compresses a request's parts on zlib's thread pool, after gathering them: feeding many small parts costs a thread
// switch each. Gzip keeps its working memory, the gathering buffer and zlib's state, for the next request: fresh buffers
// of a megabyte for each would be collected with a mark over the whole heap, time and again, which cost more than a tenth
// of all that forwarding takes. Rejected: one-shot `zlib.gzip` for these reasons, and a pool of output buffers, because
// nobody knows when a socket is done with one.
import * as zlib from 'node:zlib'
import { SettingError } from './setting-error.ts'

export const contentEncoding = { gzip: 'gzip', zstd: 'zstd' } as const

// Audit records repeat themselves: level 1 gives most of the saving for a fraction of the time of the default level.
const gzipOptions = { level: 1, chunkSize: 96 * 1024 }
/** A longer body is compressed with memory of its own: what is kept must not be sized by the largest there ever was. */
const KEPT_BYTES = 4 * 1024 * 1024
/** As many as zlib's pool has threads: more would wait anyway. */
const KEPT_GZIPPERS = 4

/** The parts, one after another, compressed as one body. Nothing may write to them meanwhile. */
export async function squeeze(parts: readonly Uint8Array[], compression: 'gzip' | 'zstd'): Promise<Buffer> {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  if (compression === 'zstd') return zstd(Buffer.concat(parts, length))
  const gzipper = idle.pop() ?? new Gzipper()
  const bytes = await gzipper.squeeze(parts, length)
  if (length <= KEPT_BYTES && idle.length < KEPT_GZIPPERS) idle.push(gzipper)
  else gzipper.close()
  return bytes
}

interface Squeezed {
  readonly members: readonly object[]
  readonly compression: string
  readonly bytes: Promise<Buffer>
}

/** By first member, so that a body is forgotten with what it was made of. */
const known = new WeakMap<object, Squeezed>()

/**
 * The same for a body that is wholly made of `members`: compressed once for an attempt and its repeats, and once for
 * destinations that share their encodings. By identity: equal ids are not equal bytes where processors differ.
 */
export function squeezeOnce(
  members: readonly object[],
  parts: readonly Uint8Array[],
  compression: 'gzip' | 'zstd',
): Promise<Buffer> {
  const [first] = members
  if (first === undefined) return squeeze(parts, compression)
  const before = known.get(first)
  if (before !== undefined && before.compression === compression && isSame(before.members, members)) return before.bytes
  const bytes = squeeze(parts, compression)
  known.set(first, { members, compression, bytes })
  bytes.catch(() => known.delete(first))
  return bytes
}

function isSame(some: readonly object[], others: readonly object[]): boolean {
  return some.length === others.length && some.every((member, index) => member === others[index])
}

/** One body at a time. */
class Gzipper {
  // The types grant `reset` to deflate alone; zlib and Node reset both the same way.
  readonly #gzip = zlib.createGzip(gzipOptions) as zlib.Gzip & Pick<zlib.Deflate, 'reset'>
  #gathered = Buffer.alloc(0)
  #out: Buffer[] = []

  constructor() {
    this.#gzip.on('data', (chunk: Buffer) => this.#out.push(chunk))
  }

  squeeze(parts: readonly Uint8Array[], length: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#gzip.once('error', reject)
      this.#gzip.write(this.#gather(parts, length))
      // Finished as a gzip member, not as a stream: reset makes it ready for the next member.
      this.#gzip.flush(zlib.constants.Z_FINISH, () => {
        if (this.#gzip.destroyed) return // by an error, which rejects: there is nothing left to reset
        this.#gzip.off('error', reject)
        this.#gzip.reset()
        const [first = Buffer.alloc(0), ...more] = this.#out
        this.#out = []
        resolve(more.length === 0 ? first : Buffer.concat([first, ...more]))
      })
    })
  }

  close(): void {
    this.#gzip.close()
  }

  #gather(parts: readonly Uint8Array[], length: number): Buffer {
    if (this.#gathered.length < length) this.#gathered = Buffer.allocUnsafeSlow(2 ** Math.ceil(Math.log2(length)))
    let at = 0
    for (const part of parts) {
      this.#gathered.set(part, at)
      at += part.length
    }
    return this.#gathered.subarray(0, length)
  }
}

const idle: Gzipper[] = []

function zstd(plain: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, bytes: Buffer): void => (error === null ? resolve(bytes) : reject(error))
    zlib.zstdCompress(plain, { chunkSize: 256 * 1024 }, done)
  })
}

/** Node 22.15 and later have zstd. */
export function checkCompression(compression: string | undefined): void {
  if (compression === 'zstd' && typeof zlib.zstdCompress !== 'function') {
    throw new SettingError('compression', `zstd needs Node 22.15 or later, this is ${process.version}; use gzip`)
  }
}
