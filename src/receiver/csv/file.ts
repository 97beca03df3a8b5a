// What a file is as a whole, told by its first bytes.

import { foreignEncoding } from '../decode/signature.ts'
import { columnsOf } from './columns.ts'
import { type Marks, scanRow } from './scan.ts'

const lineFeed = 0x0a
const carriageReturn = 0x0d
const comma = 0x2c
const delimiters = [comma, 0x3b, 0x09]

/** Why it is no text that can be read; undefined if nothing speaks against it. */
export function foreignFile(head: Buffer): string | undefined {
  const isZip = head.length > 3 && head[0] === 0x50 && head[1] === 0x4b && (head[2] ?? 9) < 8 && (head[3] ?? 9) < 9
  return isZip ? 'a zip archive or an Excel workbook: unpack it, or save it as CSV' : foreignEncoding(head)
}

/**
 * How the file separates: by the first line's end, and by what names the most columns in it (comma if nothing does).
 * Undefined while the end of the line has not arrived; `isAll` says that no more of it will.
 */
export function marksOf(head: Buffer, isAll: boolean): Marks | undefined {
  const feed = head.indexOf(lineFeed)
  const back = head.indexOf(carriageReturn)
  const isMac = back !== -1 && back + 1 < head.length && head[back + 1] !== lineFeed && (feed === -1 || back < feed)
  const end = isMac ? back : feed
  if (end === -1 && !isAll) return undefined
  const newline = isMac ? carriageReturn : lineFeed
  const line = end === -1 ? head : head.subarray(0, end)
  return { delimiter: delimiterOf(line, newline), newline }
}

function delimiterOf(line: Buffer, newline: number): number {
  const known = delimiters.map((delimiter) => {
    const row = scanRow(line, 0, line.length, true, { delimiter, newline }, 'doubled')
    return row.kind === 'row' ? (columnsOf(row.cells)?.columns.known ?? 0) : 0
  })
  const best = Math.max(...known)
  return delimiters[best > 0 ? known.indexOf(best) : 0] ?? comma
}
