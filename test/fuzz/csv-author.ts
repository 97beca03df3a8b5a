// CSV files as an administrator might have them: the documented columns in any order and spelling, three ways of quoting a
// blob, flattened columns, other delimiters and line ends. What each row holds is known, so that it can be looked for.
import type { Chance } from '../simulation/chance.ts'
import type { Written } from './author.ts'

export interface WrittenFile {
  readonly text: string
  /** Ids of the events, by the row's own text. */
  readonly rows: readonly { readonly id: string; readonly text: string }[]
}

const columns = 'id version action payload occurred_at actor target organization success request'.split(' ')
const spellings: readonly ((name: string) => string)[] = [
  (name) => name,
  (name) => name.toUpperCase(),
  (name) => name.replaceAll('_', ' '),
  (name) => ` ${name}`,
]

type Quoting = 'doubled' | 'backslash' | 'twice'

export function fileOf(events: readonly Written[], chance: Chance): WrittenFile {
  const order = chance.hit(0.5) ? columns : columns.toSorted(() => chance.random() - 0.5)
  const spelling = chance.pick(spellings)
  const quoting: Quoting = chance.hit(0.7) ? 'doubled' : chance.pick(['backslash', 'twice'] as const)
  const delimiter = chance.hit(0.85) ? ',' : chance.pick([';', '\t'])
  const newline = chance.hit(0.7) ? '\n' : '\r\n'
  const extra = chance.hit(0.2) ? ['"kept, ""as"" it is"'] : []
  const names = [...order.map(spelling), ...extra.map(() => 'extra')]
  const rows = events.map(({ id, text }) => {
    const event = JSON.parse(text) as Record<string, unknown>
    const cells = order.map((name) => cell(event[name], quoting, delimiter, chance))
    return { id, text: [...cells, ...extra].join(delimiter) }
  })
  const lines = [names.join(delimiter), ...rows.map((row) => row.text)]
  const text = `${chance.hit(0.2) ? '\uFEFF' : ''}${lines.join(newline)}${chance.hit(0.8) ? newline : ''}`
  return { text, rows }
}

function cell(value: unknown, quoting: Quoting, delimiter: string, chance: Chance): string {
  if (value === undefined || value === null) return chance.pick(['', 'null', 'NULL'])
  const json = JSON.stringify(value)
  const text =
    typeof value === 'string' ? value : quoting === 'twice' && typeof value === 'object' ? JSON.stringify(json) : json
  const isPlain = !/["\r\n\\]/.test(text) && !text.includes(delimiter) && text.trim() === text
  if (isPlain && chance.hit(0.8)) return text
  if (quoting === 'backslash') return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
  return `"${text.replaceAll('"', '""')}"`
}
