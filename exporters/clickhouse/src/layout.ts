// What a layout is: the columns of a table, how a record becomes its row, how a row is found again, and the statement
// that creates the table. One file each in layouts/; a new one is its file and a line in layouts.ts.
import type { Encoded, LogRecord } from '@circleci-audit-forwarder/contract'
import { literal, type Target } from './sql.ts'

/** One column of a table. */
export interface Column {
  readonly name: string
  readonly type: string
  /** What follows the type in the statement: a default, a codec. */
  readonly rest?: string
  /** The table computes it; rows do not bring it. */
  readonly computed?: boolean
}

/** A record as one line of JSONEachRow, with what is needed to find the row again. */
export interface Row extends Encoded {
  readonly partition: string
  /** As it stands in the table. */
  readonly id: string
  /** As it stands in the layout's time column: seconds since 1970. */
  readonly time: number
  /** Values of the layout's `prefix` columns. */
  readonly prefix: readonly string[]
}

/** What is the same in every row of a destination. */
export interface Constants {
  readonly workspaceId: string
  readonly sourceId: string
  /** Number of days; 0 keeps rows for ever. */
  readonly retentionDays: number
}

/** How the table is to be created. */
export interface DdlOptions {
  /** Number of days after which rows go; undefined keeps them for ever. */
  readonly retentionDays?: number | undefined
  /** Creates it ON CLUSTER, with the replicated engine. */
  readonly cluster?: string | undefined
  /** Writes types as the schema names them, without LowCardinality. */
  readonly plainTypes?: boolean | undefined
}

/** A table layout. */
export interface Layout {
  readonly name: string
  /** The table's name where none is configured. */
  readonly table: string
  readonly columns: readonly Column[]
  /** How rows are found again: the leading columns of the sorting key, the time, and what identifies a row. */
  readonly lookup: { readonly prefix: readonly string[]; readonly time: string; readonly id: string }
  /** Pure, and never throws. */
  encoder(constants: Constants): (record: LogRecord) => Row
  ddl(target: Target, options: DdlOptions): string
}

/** Inserts that a table remembers, so that a repeated one is stored once. */
export const DEDUPLICATION_WINDOW = 10_000

/** Without LowCardinality: the wrapper changes how a column is stored, not what it takes. */
export function plainType(type: string): string {
  return type.replaceAll(/LowCardinality\((\w+)\)/g, '$1')
}

/** What a statement is made of. */
export interface Statement {
  readonly columns: readonly Column[]
  readonly indexes: readonly string[]
  /** Engine without `Replicated` before it. */
  readonly engine: string
  readonly clauses: readonly string[]
  readonly settings: readonly string[]
}

/** The statement that creates a table. */
export function createTable(target: string, statement: Statement, { cluster, plainTypes }: DdlOptions): string {
  const width = Math.max(...statement.columns.map(({ name }) => name.length))
  const columns = statement.columns.map(({ name, type, rest }) => {
    const written = plainTypes === true ? plainType(type) : type
    return `    ${name.padEnd(width)} ${written}${rest === undefined ? '' : ` ${rest}`}`
  })
  const window =
    cluster === undefined
      ? [`non_replicated_deduplication_window = ${DEDUPLICATION_WINDOW}`]
      : [
          `replicated_deduplication_window = ${DEDUPLICATION_WINDOW}`,
          'replicated_deduplication_window_seconds = 604800',
        ]
  return [
    `CREATE TABLE IF NOT EXISTS ${target}${cluster === undefined ? '' : ` ON CLUSTER ${literal(cluster)}`}`,
    '(',
    [...columns, ...statement.indexes.map((index) => `    INDEX ${index}`)].join(',\n'),
    ')',
    `ENGINE = ${cluster === undefined ? '' : 'Replicated'}${statement.engine}`,
    ...statement.clauses,
    `SETTINGS ${[...statement.settings, ...window].join(', ')}`,
  ].join('\n')
}
