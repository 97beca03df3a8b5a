// What keys look like.
import { isAuditKey, isProbe } from '../../domain/objects.ts'

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
