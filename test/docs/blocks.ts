// The code blocks of the project's pages, and what each block of YAML is. Every one must be something that can be checked:
// a block that nothing recognises is a fault, for nobody would notice when it stops being true.
import { parse } from 'yaml'
import { pages, textOf } from './checkout.ts'

export interface Block {
  readonly page: string
  readonly line: number
  readonly language: string
  /** What stands behind the language: `file=index.js`, `before`. */
  readonly label: string
  readonly text: string
}

/** `page:line`. */
export function nameOf({ page, line }: Block): string {
  return `${page}:${line}`
}

/** Every fenced block of the pages that match; without a pattern, of all pages there are. */
export function blocksIn(matching: RegExp = /\.md$/): readonly Block[] {
  return pages()
    .filter((page) => matching.test(page))
    .flatMap((page) => blocksOf(page, textOf(page)))
}

/** The fenced blocks of a page, wherever they are: also indented, with a label, of `~~~`. Throws for one that never ends. */
export function blocksOf(page: string, markdown: string): readonly Block[] {
  const blocks: Block[] = []
  const lines = markdown.split('\n')
  for (let at = 0; at < lines.length; at++) {
    const [, indent = '', fence = '', info = ''] = /^([ >]*)(`{3,}|~{3,})([^`]*)$/.exec(lines[at] ?? '') ?? []
    if (fence === '') continue
    const end = lines.findIndex((line, index) => index > at && line.replace(/^[ >]*/, '').trimEnd() === fence)
    if (end < 0) throw new Error(`${page}:${at + 1}: a block that never ends`)
    const text = lines
      .slice(at + 1, end)
      .map((line) => `${line.startsWith(indent) ? line.slice(indent.length) : line}\n`)
    const [language = '', ...label] = info.trim().split(' ')
    blocks.push({ page, line: at + 1, language, label: label.join(' '), text: text.join('') })
    at = end
  }
  return blocks
}

export type Mapping = Readonly<Record<string, unknown>>

/** The mapping at the top; empty for anything else. */
export function topOf(text: string): Mapping {
  const value: unknown = parse(text)
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Mapping) : {}
}

export type Kind =
  | 'circleci'
  | 'whole'
  | 'fragment'
  | 'plugins'
  | 'values'
  | 'manifest'
  | 'collector'
  | 'vector'
  | 'prometheus'

/** Parts of a configuration that are shown alone. */
const fragments: ReadonlySet<string> = new Set(['exporters', 'processors', 'service'])

/** Keys by which files of other programs are known. */
const marks: readonly (readonly [Kind, readonly string[]])[] = [
  ['manifest', ['apiVersion', 'kind']],
  ['circleci', ['jobs', 'workflows']],
  ['prometheus', ['scrape_configs']],
]

/** What a block of YAML is; undefined where nothing recognises it. */
export function kindOf({ text }: Block): Kind | undefined {
  const top = topOf(text)
  const keys = Object.keys(top)
  const [known] = marks.find(([, names]) => names.every((name) => name in top)) ?? []
  if (known !== undefined) return known
  if ('sources' in top || 'sinks' in top) return 'vector'
  if (isOf(top, /^otlp(\/|$)/)) return 'collector'
  if ('service' in top && 'plugins' in (top['service'] as Mapping)) return 'plugins'
  if ('receivers' in top && 'service' in top) return 'whole'
  if (keys.length === 1 && fragments.has(keys[0] ?? '')) return 'fragment'
  return keys.length > 0 && keys.every((key) => valueKeys.has(key)) ? 'values' : undefined
}

function isOf(top: Mapping, receiver: RegExp): boolean {
  return Object.keys((top['receivers'] ?? {}) as Mapping).some((id) => receiver.test(id))
}

const valuesSchema = JSON.parse(textOf('deploy/helm/circleci-audit-forwarder/values.schema.json')) as {
  readonly properties: Mapping
}
const valueKeys = new Set(Object.keys(valuesSchema.properties))
