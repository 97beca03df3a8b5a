// The searches that docs/gaps.md prints, by the destination in whose language they are.
import { textOf } from './checkout.ts'

const section = textOf('docs/gaps.md').split('## Told to the SIEM')[1] ?? ''

/** The one that a rule pages by, of the table. */
export function alarmSearch(destination: string): string {
  const [, search] = new RegExp(`^\\| ${destination} \\| \`(.*)\` \\|$`, 'm').exec(section) ?? []
  if (search === undefined) throw new Error(`docs/gaps.md prints no search for ${destination}`)
  return search
}

/** Those that are open now, in Splunk's language or in SQL. */
export function openSearch(language: 'spl' | 'sql'): string {
  const fence = language === 'sql' ? '```sql' : '```'
  const [, search] = new RegExp(`^${fence}\n([^]*?)^\`\`\`$`, 'm').exec(section) ?? []
  if (search === undefined) throw new Error(`docs/gaps.md prints no search in ${language}`)
  return search.trim()
}
