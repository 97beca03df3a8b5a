/** Columns as wide as their widest cell; numbers to the right. */
export interface Column {
  readonly title: string
  readonly right?: boolean
}

export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): readonly string[] {
  const lines = [columns.map(({ title }) => title), ...rows]
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => line[index]?.length ?? 0)))
  return lines.map((line) =>
    columns
      .map((column, index) => cell(line[index] ?? '', widths[index] ?? 0, column))
      .join('  ')
      .trimEnd(),
  )
}

function cell(text: string, width: number, column: Column): string {
  return column.right === true ? text.padStart(width) : text.padEnd(width)
}
