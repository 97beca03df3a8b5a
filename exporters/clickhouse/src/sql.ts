// Names and texts in SQL. Query parameters ({table:Identifier}) would do the same on servers from 22.8 on; quoting needs
// no version and reads better in a server's query log.

/** A name in backticks. */
export function identifier(name: string): string {
  return `\`${name.replaceAll(/[\\`]/g, '\\$&')}\``
}

/** A text in quotes. */
export function literal(text: string): string {
  return `'${text.replaceAll(/[\\']/g, '\\$&').replaceAll('\0', '\\0')}'`
}

/** Where the rows go. */
export interface Target {
  readonly database: string
  readonly table: string
}

/** Database and table, quoted. */
export function qualified({ database, table }: Target): string {
  return `${identifier(database)}.${identifier(table)}`
}
