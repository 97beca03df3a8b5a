import { oneLineJson } from '@circleci-audit-forwarder/contract'

/** What some reader takes for the end of a line, besides what `oneLineJson` sees to. */
const NEL = '\u0085'

/**
 * JSON text without any character that ends a line somewhere, and without surrogate halves. In JSON a raw line feed stands
 * between tokens only, and can go with the white space around it; NEL, U+2028 and U+2029 stand in strings, and are escaped.
 */
export function unbroken(json: string): string {
  const escaped = oneLineJson(json)
  const line = escaped.includes(NEL) ? escaped.replaceAll(NEL, '\\u0085') : escaped
  if (!line.includes('\n') && !line.includes('\r')) return line
  const parts = line.split(/[\r\n]+/).map((part) => part.trim())
  return parts.join(' ').trim()
}
