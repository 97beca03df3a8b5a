// The searches that the pages print, by the language they are in: in blocks, in tables and in running text.
import { blocksIn } from './blocks.ts'
import { pages, textOf } from './checkout.ts'

const section = textOf('docs/gaps.md').split('## Told to the SIEM')[1] ?? ''

/** The one that a rule pages by, of the table. */
export function alarmSearch(destination: string): string {
  const [, search] = new RegExp(`^\\| ${destination} \\| \`(.*)\` \\|$`, 'm').exec(section) ?? []
  if (search === undefined) throw new Error(`docs/gaps.md prints no search for ${destination}`)
  return search
}

/** Those that are open now, in Splunk's language or in SQL. */
export function openSearch(language: 'spl' | 'sql'): string {
  const first = language === 'sql' ? '```sql\\n(SELECT' : '```(?:spl)?\\n(index='
  const [, search] = new RegExp(`^${first}[\\s\\S]*?)^\`\`\`$`, 'm').exec(section) ?? []
  if (search === undefined) throw new Error(`docs/gaps.md prints no search in ${language}`)
  return search.trim()
}

const spoken = /^(docs|deploy\/splunk|exporters)\//
/** How a search begins, or is known in the middle of a sentence. */
const marks = {
  spl: /^(index=\S|\| ?tstats )/,
  datadog: /^(service|source):circleci/,
  leql: /^where\(/,
  /** An attribute of Datadog's, or all below it. */
  facet: /^@[\w.]+\*?$/,
} as const

export type Language = keyof typeof marks

/** Every search of a language that is printed, and where. */
export function printed(language: Language): readonly (readonly [page: string, search: string])[] {
  const inline = pages()
    .filter((page) => spoken.test(page))
    .flatMap((page) => [...proseOf(page).matchAll(/`([^`]+)`/g)].map(([, code = '']) => [page, oneLine(code)] as const))
  const blocks = blocksIn(spoken)
    .filter(({ language: said }) => ['', 'spl', 'leql', 'datadog'].includes(said))
    .flatMap(({ page, text }) => searchesIn(text, language).map((search) => [page, search] as const))
  return [...inline, ...blocks].filter(([, search]) => marks[language].test(search))
}

function proseOf(page: string): string {
  return textOf(page).replaceAll(/^( *)```[\s\S]*?^\1```/gm, '')
}

/** Splunk's go over lines that begin with a bar; the others are one a line. */
function searchesIn(text: string, language: Language): readonly string[] {
  return language === 'spl' ? [text.trim()] : text.split('\n')
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim()
}
