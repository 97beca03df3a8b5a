// What keys and bodies look like, by name and by first bytes.
import { constants, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { isAuditKey, isProbe } from '../../domain/objects.ts'
import { compression } from '../../receiver/decode/signature.ts'

const parts = /(?:^|\/)year=\d{4}\/month=(\d{1,2})\/day=(\d{1,2})\/hour=(\d{1,2})\//

export type KeySpelling = 'padded' | 'unpadded' | 'either' | 'foreign' | 'probe'

/** How the key writes its numbers: `month=07`, `month=7`, or such that nobody can tell (`month=11`). */
export function keySpelling(object: { readonly key: string; readonly size: number }): KeySpelling {
  if (isProbe(object)) return 'probe'
  const numbers = parts.exec(object.key)?.slice(1)
  if (numbers === undefined || !isAuditKey(object.key)) return 'foreign'
  if (numbers.some((number) => number.length === 1)) return 'unpadded'
  return numbers.some((number) => number.startsWith('0')) ? 'padded' : 'either'
}

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
