// The CSV that an administrator downloads from CircleCI, of everything that happened.
import type { AuditFile } from '../e2e/stage/corpus.ts'
import { csv, firstColumns } from '../receiver/csv/rows.ts'

/** All that a row of the file can say. */
const columns = [...firstColumns, 'organization', 'account', 'common_fields']

export function asCsv(files: readonly AuditFile[]): string {
  const lines = files.flatMap(({ body }) => body.trimEnd().split('\n'))
  return csv(
    lines.map((line) => JSON.parse(line)),
    columns,
  )
}
