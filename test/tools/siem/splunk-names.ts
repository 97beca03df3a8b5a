// The fields that a search in Splunk's language reads, command by command; those that it makes itself (`AS`, `eval`, named
// groups) are left out, and renamed ones have the name they were sent under. Nothing is run. A command that is not known is
// refused, so that no name is overlooked.

/** Functions and words that are no fields. */
const words: ReadonlySet<string> = new Set(['AND', 'OR', 'NOT', 'isnull', 'isnotnull', 'now', 'relative_time', 'count'])

export function splunkNames(spl: string): readonly string[] {
  const made = new Set(
    [...spl.matchAll(/ AS (\w+)|\?<(\w+)>|[ ,](\w+)=(?=coalesce|'|substr)/g)].map((m) => m[1] ?? m[2] ?? m[3]),
  )
  const [, from = '', to = ''] = /rename "([\w.]+)\.\*" AS ([\w.]+)\.\*/.exec(spl) ?? []
  const sent = (name: string): string => (to !== '' && name.startsWith(`${to}.`) ? from + name.slice(to.length) : name)
  const names = spl.split(/\s*\n?\s*\|\s*/).flatMap((command) => namesOf(command.trim()))
  return [...new Set(names.filter((name) => !made.has(name)).map(sent))]
}

function namesOf(command: string): readonly string[] {
  const [verb = ''] = command.split(/[ =(]/)
  switch (verb) {
    case '':
    case 'rename':
    case 'head':
    case 'datamodel':
      return []
    case 'rex':
      return all(command, /field="([\w.]+)"/g)
    case 'eval':
      return bare(command.replace(/^eval /, '').replaceAll(/(^|, )\w+=/g, '$1'))
    case 'where':
      return bare(command.replace(/^where /, ''))
    case 'sort':
      return all(command, /[-+]([\w.]+)/g)
    case 'dedup':
    case 'table':
      return command.split(/[ ,]+/).slice(1)
    case 'stats':
    case 'eventstats':
      return [
        ...all(command, /\(([\w.]+)\)/g),
        ...(command.split(/ by /i)[1] ?? '').split(/[ ,]+/).filter((n) => n !== ''),
      ]
    default:
      if (!/^(tstats|search|index=|\(|sourcetype=)/.test(command))
        throw new Error(`no command of this search: ${command}`)
      return [
        ...all(command, / BY ([\w.]+)/g),
        ...all(command, /([\w.]+)=/g),
        ...all(command, /max\(([\w.]+)\)/g),
      ].filter((name) => name !== 'earliest' && name !== 'span')
  }
}

function all(text: string, pattern: RegExp): readonly string[] {
  return [...text.matchAll(pattern)].map(([, name = '']) => name)
}

/** Names of an expression: in single quotes, or bare; neither texts nor numbers nor functions. */
function bare(expression: string): readonly string[] {
  const quoted = all(expression, /'([\w.]+)'/g)
  const rest = expression.replaceAll(/'[^']*'|"[^"]*"/g, ' ')
  return [...quoted, ...all(rest, /([A-Za-z_][\w.]*)\b(?!\()/g).filter((name) => !words.has(name) && name !== 'substr')]
}
