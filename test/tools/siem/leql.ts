// As much of Rapid7's LEQL as the guides use: `where(a = "b" AND /regex/)`, then `groupby` and `calculate`, whose names are
// keys, too. Source: Rapid7 documentation, "Log Search: Query Language".
import { flat } from './flat.ts'

interface Leql {
  readonly equals: readonly (readonly [key: string, value: string])[]
  readonly patterns: readonly RegExp[]
  /** Keys of what follows `where`. */
  readonly keys: readonly string[]
}

/** Throws for what is not known of the language. */
export function leql(query: string): Leql {
  const [, conditions = '', rest = ''] =
    /^where\((.*?)\)((?: (?:groupby|calculate|sort|limit)\([^)]*\))*)$/.exec(query.trim()) ?? []
  if (conditions === '') throw new Error(`no query: ${query}`)
  const equals: [string, string][] = []
  const patterns: RegExp[] = []
  for (const condition of conditions.split(' AND ')) {
    const [, quoted, bare, text, word] = /^(?:"([^"]+)"|([\w.]+)) ?= ?(?:"([^"]*)"|(\w+))$/.exec(condition) ?? []
    const [, pattern] = /^\/(.*)\/$/.exec(condition) ?? []
    const [key, value] = [quoted ?? bare, text ?? word]
    if (key !== undefined && value !== undefined) equals.push([key, value])
    else if (pattern !== undefined) patterns.push(new RegExp(pattern))
    else throw new Error(`no condition: ${condition}`)
  }
  const keys = [...rest.matchAll(/(?:groupby|calculate)\((?:\w+:)?([\w.]+)\)/g)]
    .map(([, key = '']) => key)
    .filter((key) => key !== 'count')
  return { equals, patterns, keys }
}

/** Lines that a query finds. */
export function searchRapid7(query: string, lines: readonly string[]): readonly string[] {
  const { equals, patterns } = leql(query)
  return lines.filter((line) => {
    const fields = flat('', JSON.parse(line))
    return equals.every(([key, value]) => fields[key] === value) && patterns.every((pattern) => pattern.test(line))
  })
}
