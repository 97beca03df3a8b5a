// Credentials that can be looked for. Each holds the same mark, whatever its form: hexadecimal, so that a GUID or a key of
// 32 digits can hold it, and long enough that nothing else does. So whoever searches need not know which credentials a
// test used, and finds one also where only its end was left standing, or where it was escaped or encoded on the way.
// Rejected: searching for the credentials themselves, by a list that a new test forgets to extend.

/** What every credential of a test holds. */
export const CANARY_MARK = '5ec4e7ca4a4e'

/** A credential of free form. The kind says where it was put, for whoever finds it elsewhere. */
export function canary(kind: string): string {
  return `${kind}-${CANARY_MARK}`
}

/** A credential that must be a GUID; another one for each number. */
export function canaryGuid(number: number): string {
  return `${number.toString(16).padStart(8, '0')}-0000-4000-8000-${CANARY_MARK}`
}

/** A credential that must be 32 hexadecimal digits; another one for each number. */
export function canaryHex(number: number): string {
  return number.toString(16).padStart(20, '0') + CANARY_MARK
}

/** The mark, as it is and as the usual encodings spell it. */
const spellings: readonly (readonly [string, RegExp])[] = [
  ['', new RegExp(CANARY_MARK, 'gi')],
  ['in base64', new RegExp([0, 1, 2].map(inBase64).join('|'), 'g')],
  ['in hexadecimal', new RegExp(Buffer.from(CANARY_MARK).toString('hex'), 'gi')],
]

/** The digits of base64 that are the mark's alone, where it begins so many bytes after a group of three. */
function inBase64(offset: number): string {
  const digits = Buffer.from('.'.repeat(offset) + CANARY_MARK).toString('base64')
  return digits.slice(offset === 0 ? 0 : offset + 1, Math.floor(((offset + CANARY_MARK.length) * 8) / 6))
}

/** Where credentials stand in a text: what is around each. Empty where there is none. */
export function canariesIn(text: string): readonly string[] {
  return spellings.flatMap(([how, pattern]) =>
    [...text.matchAll(pattern)].map(({ index, 0: { length } }) =>
      `${how} …${text.slice(Math.max(0, index - 60), index + length + 20)}…`.trim(),
    ),
  )
}
