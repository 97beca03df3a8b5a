// What a body looks like, told from its first bytes: for people. The decoder finds out for itself as it goes.
import { constants, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { compression } from './signature.ts'

/** E.g. `gzip ndjson`, `plain array`, from the object's first bytes. */
export function bodyFormat(head: Uint8Array): string {
  const packed = compression(head)
  return `${packed === 'none' ? 'plain' : packed} ${textFormat(opened(head, packed))}`
}

function opened(head: Uint8Array, packed: 'gzip' | 'zstd' | 'none'): string {
  try {
    // A head is a torn body: what comes out before the tear is what is wanted.
    const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 1 << 24 }
    if (packed === 'gzip') return Buffer.from(gunzipSync(head, options)).toString('utf8')
    if (packed === 'zstd') {
      return zstdDecompressSync(head, { finishFlush: constants.ZSTD_e_flush, maxOutputLength: 1 << 24 }).toString(
        'utf8',
      )
    }
    return Buffer.from(head).toString('utf8')
  } catch {
    return ''
  }
}

function textFormat(text: string): string {
  const start = text.trimStart().replace(/^\uFEFF/, '')
  if (start.startsWith('[')) return 'array'
  if (!start.startsWith('{')) return start === '' ? 'unreadable' : 'other'
  const end = start.indexOf('\n')
  return isJson(end < 0 ? start : start.slice(0, end)) ? 'ndjson' : 'json'
}

function isJson(line: string): boolean {
  try {
    JSON.parse(line)
    return true
  } catch {
    return false
  }
}
