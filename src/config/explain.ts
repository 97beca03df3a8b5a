// What the schema refuses, in an operator's words. Zod's own texts speak of types; these say what stands there, what
// may stand there, and what was probably meant. A value is shown only where it is no secret and stands in the file
// itself: what came from the environment is never echoed, whatever is wrong with it.
import { z } from 'zod'
import { counterpart } from './counterparts.ts'
import type { ConfigDocument } from './document.ts'
import type { Complaint, Path } from './problem.ts'
import { ALTERNATIVES } from './scalars.ts'
import { isSecret, peel, scalarKind, schemaAt, valueAt } from './shape.ts'
import { nearest } from './spelling.ts'

type Issue = z.core.$ZodIssue

/** What the explanations look things up in. */
export interface Context {
  readonly schema: z.ZodType
  readonly value: unknown
  readonly document: ConfigDocument
}

/** Everything the schema refuses, each thing once. */
export function explain(issues: readonly Issue[], context: Context): readonly Complaint[] {
  const unknown = new Set(
    issues.filter(({ code }) => code === 'unrecognized_keys').map(({ path }) => JSON.stringify(path)),
  )
  return issues
    .filter((issue) => !(isAlternatives(issue) && unknown.has(JSON.stringify(issue.path))))
    .flatMap((issue) => complaints(issue, context))
}

/** An unknown key under alternatives is the better explanation of why none of them is there. */
function isAlternatives(issue: Issue): boolean {
  return issue.code === 'custom' && issue.params?.['kind'] === ALTERNATIVES
}

function complaints(issue: Issue, context: Context): readonly Complaint[] {
  const path = issue.path as Path
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(path, key, context))
    case 'invalid_type':
      return [wrongType(path, [issue.expected], context)]
    case 'invalid_value':
      return [wrongValue(path, issue, context)]
    case 'invalid_union':
      return union(issue, context)
    case 'invalid_key':
      return [
        { level: 'error', path, key: true, message: `has a key that ${issue.issues[0]?.message ?? 'is not allowed'}` },
      ]
    case 'too_small':
    case 'too_big':
      return [{ ...wrong(path, context, 'scalar'), message: bound(issue) }]
    default:
      return [{ ...wrong(path, context, 'scalar'), message: ownWords(issue.message, path, context) }]
  }
}

function unknownKey(path: Path, key: string, context: Context): Complaint {
  const { core } = peel(schemaAt(context.schema, path) ?? context.schema)
  const options = core instanceof z.ZodUnion ? core.options : [core]
  const names = options.flatMap((option) => (option instanceof z.ZodObject ? Object.keys(option.shape) : []))
  return unknownName([...path, key], key, names, 'is not a setting')
}

/** A name that does not exist: what it is called here, or what was probably meant. */
export function unknownName(path: Path, name: string, names: readonly string[], message: string): Complaint {
  const other = counterpart(path.slice(0, -1), name)
  const near = nearest(name, names)
  const hint = other ?? (near === undefined ? undefined : `did you mean \`${near}\`?`)
  return {
    level: 'error',
    path,
    key: true,
    message,
    ...(names.length > 0 && { allowed: names.toSorted().join(', ') }),
    ...(hint !== undefined && { hint }),
  }
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a mapping',
  record: 'a mapping',
  array: 'a list',
}

function wrongType(path: Path, expected: readonly string[], context: Context): Complaint {
  const schema = schemaAt(context.schema, path)
  const { description } = schema === undefined ? {} : peel(schema).meta
  const about = description === undefined ? {} : { about: description }
  const value = valueAt(context.value, path)
  if (value === undefined) return { level: 'error', path, message: 'is missing', ...about }
  const isDuration = schema !== undefined && scalarKind(schema) === 'duration'
  const quotable = schema !== undefined && peel(schema).core instanceof z.ZodString && typeof value !== 'object'
  return {
    ...wrong(path, context),
    message: isDuration
      ? 'is no duration: write 200ms, 5s, 1m30s or 7d'
      : `must be ${expected.map((type) => typeNames[type] ?? type).join(' or ')}`,
    ...about,
    ...(quotable && !isDuration && { hint: 'put it in quotes' }),
  }
}

function wrongValue(path: Path, issue: Issue & { code: 'invalid_value' }, context: Context): Complaint {
  const values = issue.values.map(String)
  const value = valueAt(context.value, path)
  if (value === undefined) return wrongType(path, [], context)
  const near = typeof value === 'string' && !isHidden(path, context) ? nearest(value, values) : undefined
  return {
    ...wrong(path, context),
    message: issue.message.startsWith('Invalid') ? 'is not one of the values' : ownWords(issue.message, path, context),
    allowed: values.join(', '),
    ...(near !== undefined && { hint: `did you mean \`${near}\`?` }),
  }
}

/** Of several alternatives the one whose type fits explains best; where none fits, all types are named. */
function union(issue: Issue & { code: 'invalid_union' }, context: Context): readonly Complaint[] {
  const path = issue.path as Path
  const fitting = issue.errors.find(
    (branch) => !branch.some((inner) => inner.code === 'invalid_type' && inner.path.length === 0),
  )
  if (fitting !== undefined) {
    return fitting.flatMap((inner) => complaints({ ...inner, path: [...path, ...inner.path] } as Issue, context))
  }
  const expected = issue.errors.flatMap((branch) =>
    branch.flatMap((inner) => ('expected' in inner ? [inner.expected] : [])),
  )
  return [wrongType(path, [...new Set(expected)], context)]
}

function bound(issue: Issue & { code: 'too_small' | 'too_big' }): string {
  if (!issue.message.startsWith('Too ')) return issue.message
  const [words, limit] = issue.code === 'too_small' ? ['at least', issue.minimum] : ['at most', issue.maximum]
  return `must be ${words} ${limit}${issue.origin === 'string' ? ' characters long' : ''}`
}

/** A schema's own message, unless it repeats a part of a value that must not be shown, or is zod's. */
function ownWords(message: string, path: Path, context: Context): string {
  if (message.startsWith('Invalid')) return 'is not allowed here'
  const value = valueAt(context.value, path)
  return isHidden(path, context) && typeof value === 'string' && repeats(message, value)
    ? 'is not allowed here'
    : message
}

function repeats(message: string, value: string): boolean {
  const length = Math.min(6, value.length)
  for (let from = 0; from + length <= value.length; from++) {
    if (length > 0 && message.includes(value.slice(from, from + length))) return true
  }
  return false
}

function wrong(path: Path, context: Context, show: 'scalar' | 'all' = 'all'): Complaint {
  const value = valueAt(context.value, path)
  const isShown = value !== undefined && (show === 'all' || typeof value !== 'object')
  const found = !isShown ? undefined : shown(value, path, context)
  return { level: 'error', path, message: '', ...(found !== undefined && { found }) }
}

/** The value as an error may show it. */
function shown(value: unknown, path: Path, context: Context): string {
  if (value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a mapping'
  const kind = typeNames[typeof value] ?? typeof value
  const origins = context.document.origins(path)
  if (origins !== undefined) return `${kind} from ${origins.map((origin) => `\${${origin}}`).join(' and ')} (not shown)`
  if (isHidden(path, context)) return `${kind} (not shown)`
  const text = JSON.stringify(value)
    .replaceAll(/\/\/[^/@\s]*@/g, '//...@')
    .replaceAll(/(:\/\/[^?"\s]*\?)[^"\s]+/g, '$1...')
  return text.length > 80 ? `${text.slice(0, 80)}...` : text
}

/** Text where a mapping belongs may be anything, a pasted credential too. */
function isHidden(path: Path, context: Context): boolean {
  if (context.document.origins(path) !== undefined || isSecret(context.schema, path)) return true
  const schema = schemaAt(context.schema, path)
  if (schema === undefined) return true
  const { core } = peel(schema)
  return core instanceof z.ZodObject || core instanceof z.ZodRecord || core instanceof z.ZodArray
}
