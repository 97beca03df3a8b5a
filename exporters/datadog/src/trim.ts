// Cutting a text so that it takes so many bytes as a JSON string. Counted by code points of the text and not by bytes of
// its JSON: a cut can then fall neither into a character nor into an escape.

const QUOTE = 0x22
const BACKSLASH = 0x5c
/** \b \t \n \f \r: JSON has short escapes for these. */
const SHORT = new Set([0x08, 0x09, 0x0a, 0x0c, 0x0d])

/** The longest beginning of the text that takes at most `room` bytes between the quotes of a JSON string, in UTF-8. */
export function cutToBytes(text: string, room: number): string {
  let used = 0
  let end = 0
  for (const character of text) {
    used += jsonBytes(character.codePointAt(0) ?? 0)
    if (used > room) return text.slice(0, end)
    end += character.length
  }
  return text
}

/** What one code point takes. Half a surrogate pair becomes an escape, and so do U+2028 and U+2029. */
function jsonBytes(code: number): number {
  if (code < 0x20) return SHORT.has(code) ? 2 : 6
  if (code < 0x80) return code === QUOTE || code === BACKSLASH ? 2 : 1
  if (code < 0x800) return 2
  if (code > 0xffff) return 4
  return code === 0x2028 || code === 0x2029 || (code >= 0xd800 && code <= 0xdfff) ? 6 : 3
}
