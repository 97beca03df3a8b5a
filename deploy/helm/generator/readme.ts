// The table of values in the chart's README.
import { chart, textOf } from './chart.ts'
import { described } from './descriptions.ts'

const begin = '<!-- values: made by `npm run chart` -->'
const end = '<!-- end of values -->'

/** The README with its table as the comments of values.yaml have it. */
export function readme(text: string = textOf(`${chart}/README.md`)): string {
  const [before, rest] = text.split(begin)
  const after = rest?.split(end)[1]
  if (before === undefined || after === undefined) throw new Error(`the README lacks ${begin} or ${end}`)
  return `${before}${begin}\n\n${table()}\n\n${end}${after}`
}

function table(): string {
  const rows = described().map(({ path, description, fallback }) => {
    return `| \`${path}\` | ${shown(fallback)} | ${description.replaceAll('|', '\\|')} |`
  })
  return ['| value | default | |', '|---|---|---|', ...rows].join('\n')
}

function shown(value: unknown): string {
  return value === null || value === '' ? '' : `\`${JSON.stringify(value)}\``
}
