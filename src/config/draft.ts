// A file on its way to a configuration. A text that was substituted has no type of its own: where the schema wants a
// number or a boolean it is read as one, and where it wants text it stays text, digits or not.
import type { z } from 'zod'
import { checkIds, checkPipelines, idsOf, isMapping, unusableIds } from './components.ts'
import type { ConfigDocument } from './document.ts'
import { type Context, explain } from './explain.ts'
import type { Complaint, Path } from './problem.ts'
import { checkInlineSecrets } from './rules.ts'
import { type Components, type Config, configSchema, sections } from './schema.ts'
import { valueAt } from './shape.ts'

/** A file on its way to a configuration. */
export class Draft {
  readonly value: Record<string, unknown>
  readonly schema: z.ZodType<Config>
  readonly #document: ConfigDocument
  readonly #components: Components
  readonly #issues: readonly z.core.$ZodIssue[]
  readonly #config: Config

  constructor(document: ConfigDocument, components: Components) {
    this.#document = document
    this.#components = components
    const value = structuredClone(document.value) as Record<string, unknown>
    for (const section of sections) if (value[section] === null) value[section] = {}
    const known = withoutUnknown(value, components)
    this.schema = configSchema(components, idsOf(known))
    this.value = adapt(known, this.schema, document)
    const result = this.schema.safeParse(this.value)
    this.#issues = result.success ? [] : result.error.issues
    this.#config = result.success ? result.data : this.#remainder()
  }

  /** The configuration; while there are issues, only those components and service settings that have none. */
  valid(): Config {
    return this.#config
  }

  complaints(): readonly Complaint[] {
    const context: Context = { schema: this.schema, value: this.value, document: this.#document }
    const ids = idsOf(this.#document.value as Record<string, unknown>)
    const broken = new Set(this.#document.problems.map(({ path }) => path))
    const explained = explain(this.#issues, context)
    return [
      ...explained.filter((complaint) => !broken.has(this.#document.place(complaint).path)),
      ...checkIds(ids, this.#components),
      ...checkPipelines(this.value, ids),
      ...checkInlineSecrets(this.value, this.schema, this.#document),
    ]
  }

  #remainder(): Config {
    const broken = new Set(this.#issues.flatMap(brokenParts))
    const sound = (section: string): Record<string, unknown> => {
      const body = this.value[section]
      if (!isMapping(body)) return {}
      return Object.fromEntries(Object.entries(body).filter(([key]) => !broken.has(JSON.stringify([section, key]))))
    }
    const rest = {
      receivers: sound('receivers'),
      processors: sound('processors'),
      exporters: sound('exporters'),
      service: { pipelines: {}, ...sound('service') },
    }
    return configSchema(this.#components, idsOf(rest)).parse(rest)
  }
}

/** The components or service settings that an issue is about. */
function brokenParts(issue: z.core.$ZodIssue): readonly string[] {
  const [section, key] = issue.path
  const keys = key === undefined && issue.code === 'unrecognized_keys' ? issue.keys : [key]
  return keys.map((key) => JSON.stringify([section, key]))
}

/** Components whose type does not exist are told by their ids; the schema need not see them. */
function withoutUnknown(value: Record<string, unknown>, components: Components): Record<string, unknown> {
  const unknown = new Set(unusableIds(idsOf(value), components).map(({ section, id }) => JSON.stringify([section, id])))
  for (const section of sections) {
    const body = value[section]
    if (!isMapping(body)) continue
    value[section] = Object.fromEntries(
      Object.entries(body).filter(([id]) => !unknown.has(JSON.stringify([section, id]))),
    )
  }
  return value
}

/** `console:` with nothing after it is a mapping without keys, and substituted text takes the type that is asked for. */
function adapt(value: Record<string, unknown>, schema: z.ZodType, document: ConfigDocument): Record<string, unknown> {
  const result = schema.safeParse(value)
  if (result.success) return value
  for (const issue of result.error.issues) {
    const path = issue.path as Path
    const current = valueAt(value, path)
    if (current === null && expects(issue, /^(object|record)$/)) set(value, path, {})
    const substituted = typeof current === 'string' && document.origins(path) !== undefined
    if (substituted && expects(issue, /^(number|int|boolean)$/)) set(value, path, typed(current))
  }
  return value
}

function expects(issue: z.core.$ZodIssue, types: RegExp): boolean {
  if (issue.code === 'invalid_union') return issue.errors.flat().some((inner) => expects(inner, types))
  return issue.code === 'invalid_type' && types.test(issue.expected)
}

/** A text as YAML would read it, if that is a number or a boolean. */
function typed(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true'
  return /^[-+]?\d+(\.\d+)?$/.test(text) ? Number(text) : text
}

function set(value: unknown, path: Path, replacement: unknown): void {
  const parent = valueAt(value, path.slice(0, -1)) as Record<string | number, unknown>
  parent[path.at(-1)!] = replacement
}
