// CSV files as CircleCI and others write them, for tests of what reads them.
import type { DecodedChunk, DecodedItem } from '../../../src/domain/event.ts'
import { decodeImport } from '../../../src/receiver/csv/decode.ts'
import type { DecodeOptions } from '../../../src/receiver/decode/decode.ts'
import { pieces } from '../decode/bodies.ts'

export const firstColumns = [
  ...['id', 'version', 'action', 'payload', 'metadata', 'occurred_at', 'actor', 'target', 'scope', 'success'],
  'request',
]

/** The header of a file with the documented columns. */
export const head = firstColumns.join(',')

export const id = '0b7f3c7e-6a0e-4d0c-9b35-2f4c1f0a9d11'
/** An event of the stream, which a row of these columns holds whole. */
export const event = {
  id,
  version: 1,
  action: 'context.env_var.store',
  occurred_at: '2023-01-05T10:11:12.123456789Z',
  actor: { id: '5a1b', type: 'user', name: 'github: octocat' },
  target: { id: 'c0ffee', type: 'context', name: 'aws-prod' },
  scope: { id: '9e9e', type: 'account', name: 'acme' },
  success: true,
  request: { id: '1-65e5' },
  payload: { context_name: 'aws-prod', number: 3 },
  metadata: {},
}

/** A cell as RFC 4180 has it. */
export function cell(value: unknown): string {
  const text = value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value)
  return /[",\r\n;\t]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** A file with one row of which only these cells are filled. */
export function row(cells: Readonly<Record<string, string>>): string {
  const names = Object.keys(cells)
  return `${names.map(cell).join(',')}\n${names.map((name) => cell(cells[name])).join(',')}\n`
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
