// CSV files as CircleCI and others write them, for tests of what reads them.
import type { DecodedChunk, DecodedItem } from '../../../src/domain/event.ts'
import { decodeImport } from '../../../src/receiver/csv/decode.ts'
import type { DecodeOptions } from '../../../src/receiver/decode/decode.ts'
import { pieces } from '../decode/bodies.ts'

export const firstColumns = [
  ...['id', 'version', 'action', 'payload', 'metadata', 'occurred_at', 'actor', 'target', 'scope', 'success'],
  'request',
]

/** A cell as RFC 4180 has it. */
export function cell(value: unknown): string {
  const text = value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value)
  return /[",\r\n;\t]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** Events as a file with these columns. */
export function csv(
  events: readonly Readonly<Record<string, unknown>>[],
  columns: readonly string[] = firstColumns,
  newline = '\n',
): string {
  const rows = events.map((event) => columns.map((column) => cell(event[column])).join(','))
  return [columns.join(','), ...rows, ''].join(newline)
}

export async function importedChunks(
  body: string | Uint8Array,
  options: DecodeOptions = {},
  sizes?: readonly number[],
): Promise<DecodedChunk[]> {
  const chunks: DecodedChunk[] = []
  for await (const chunk of decodeImport(pieces(body, sizes), options)) chunks.push(chunk)
  return chunks
}

export async function importedItems(
  body: string | Uint8Array,
  options?: DecodeOptions,
  sizes?: readonly number[],
): Promise<DecodedItem[]> {
  return (await importedChunks(body, options, sizes)).flatMap(({ items }) => items)
}

/** The events, or `!` and why there is none. */
export async function read(body: string | Uint8Array, options?: DecodeOptions): Promise<unknown[]> {
  return (await importedItems(body, options)).map(({ event, bad }) => event ?? `!${bad?.reason}`)
}
