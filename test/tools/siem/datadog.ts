// As much of Datadog's log search as the guides use: `key:value` terms, all of them, with `*`, or with `-` before them. A key with @ is an attribute by
// its path; the others are the reserved ones, by what a log calls them, or tags. Source: Datadog documentation, "Log Search Syntax".
import { flat, literal, type Row } from './flat.ts'

const reserved: Readonly<Record<string, string>> = {
  service: 'service',
  source: 'ddsource',
  status: 'status',
  host: 'hostname',
}

export interface Term {
  readonly field: string
  readonly value: RegExp
  /** What has this is left out. */
  readonly not: boolean
}

/** Throws for what is no term. */
export function datadogTerms(query: string): readonly Term[] {
  return query
    .trim()
    .split(/\s+/)
    .map((term) => {
      const [, minus, at, key = '', value = ''] = /^(-?)(@?)([\w.]+):(\S+)$/.exec(term) ?? []
      const field = at === '@' ? key : (reserved[key] ?? 'ddtags')
      if (key === '' || value === '') throw new Error(`no term of a log search: ${term}`)
      const pattern = value.replaceAll('\\:', ':').split('*').map(literal).join('.*')
      const whole = field === 'ddtags' ? `(^|,)${key}:${pattern}(,|$)` : `^${pattern}$`
      return { field, value: new RegExp(whole, 's'), not: minus === '-' }
    })
}

export function searchDatadog(query: string, logs: readonly unknown[]): readonly Row[] {
  const terms = datadogTerms(query)
  return logs
    .map((log) => flat('', log))
    .filter((row) => terms.every(({ field, value, not }) => value.test(row[field] ?? '') !== not))
}
