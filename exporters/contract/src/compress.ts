import * as zlib from 'node:zlib'
import { SettingError } from './setting-error.ts'

export const contentEncoding = { gzip: 'gzip', zstd: 'zstd' } as const

// Audit records repeat themselves: level 1 gives most of the saving for a fraction of the time of the default level.
const gzipOptions = { level: 1, chunkSize: 256 * 1024 }

/** Compresses on zlib's thread pool. One buffer at a time: feeding many small parts costs a thread switch each. */
export function squeeze(plain: Uint8Array, compression: 'gzip' | 'zstd'): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, bytes: Buffer): void => (error === null ? resolve(bytes) : reject(error))
    if (compression === 'gzip') zlib.gzip(plain, gzipOptions, done)
    else zlib.zstdCompress(plain, { chunkSize: 256 * 1024 }, done)
  })
}

/** Node 22.15 and later have zstd. */
export function checkCompression(compression: string | undefined): void {
  if (compression === 'zstd' && typeof zlib.zstdCompress !== 'function') {
    throw new SettingError('compression', `zstd needs Node 22.15 or later, this is ${process.version}; use gzip`)
  }
}
