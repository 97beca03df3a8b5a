// Walking a zod schema beside a value: what is allowed at a path, which defaults hold, what is secret.
import { duration, size } from '@circleci-audit-forwarder/contract'
import { z } from 'zod'
import type { Path } from './problem.ts'
import { durationText, sizeText } from './texts.ts'

/** What this program writes on a setting besides its type. */
export interface Meta {
  readonly description?: string | undefined
  readonly secret?: boolean | undefined
}

/** A schema without its wrappers, and what the wrappers said. */
export interface Peeled {
  readonly core: z.ZodType
  readonly meta: Meta
  readonly optional: boolean
  /** The default, as a user would write it. */
  readonly fallback: unknown
}

export function peel(schema: z.ZodType): Peeled {
  let current = schema
  let meta: Meta = {}
  let fallback: unknown
  let optional = false
  for (;;) {
    meta = { ...current.meta(), ...meta }
    if (current instanceof z.ZodDefault || current instanceof z.ZodPrefault) fallback ??= written(current)
    optional ||= current instanceof z.ZodOptional
    const inner = unwrapped(current)
    if (inner === undefined) return { core: current, meta, optional: optional || fallback !== undefined, fallback }
    current = inner
  }
}

function unwrapped(schema: z.ZodType): z.ZodType | undefined {
  if (schema instanceof z.ZodPipe)
    return (schema.def.in instanceof z.ZodTransform ? schema.def.out : schema.def.in) as z.ZodType
  const { innerType } = schema.def as { innerType?: z.ZodType }
  return innerType
}

/** A default in the form in which users write values: `.default()` holds what parsing yields, `.prefault()` what users write. */
function written(schema: z.ZodDefault | z.ZodPrefault): unknown {
  const value = schema.def.defaultValue
  if (schema instanceof z.ZodPrefault || typeof value !== 'number') return value
  const kind = scalarKind(schema)
  if (kind === 'duration') return durationText(value)
  return kind === 'size' ? sizeText(value) : value
}

/** Whether a setting is one of the shared scalars, through wrappers and refinements. */
export function scalarKind(schema: z.ZodType): 'duration' | 'size' | undefined {
  for (let current: z.ZodType | undefined = schema; current !== undefined; current = unwrapped(current)) {
    if (!(current instanceof z.ZodPipe)) continue
    if (current.def.in === duration.def.in) return 'duration'
    if (current.def.in === size.def.in) return 'size'
  }
  return undefined
}

/** The schema one step further down; undefined where nothing may stand. */
export function child(schema: z.ZodType, step: string | number): z.ZodType | undefined {
  const { core } = peel(schema)
  if (core instanceof z.ZodObject) return Object.hasOwn(core.shape, step) ? (core.shape[step] as z.ZodType) : undefined
  if (core instanceof z.ZodRecord) return core.valueType as z.ZodType
  if (core instanceof z.ZodArray) return core.element as z.ZodType
  if (!(core instanceof z.ZodUnion)) return undefined
  return core.options.map((option) => child(option as z.ZodType, step)).find((found) => found !== undefined)
}

/** Of a union the option that fits the value: a list has another shape than the one thing it may be instead. */
export function chosen(core: z.ZodType, value: unknown): z.ZodType {
  if (!(core instanceof z.ZodUnion)) return core
  const options = (core.options as readonly z.ZodType[]).map((option) => peel(option).core)
  const isFitting = (option: z.ZodType): boolean => option instanceof z.ZodArray === Array.isArray(value)
  return options.find(isFitting) ?? core
}

/** The schema at a path; undefined where nothing may stand. */
export function schemaAt(schema: z.ZodType, path: Path): z.ZodType | undefined {
  let current: z.ZodType | undefined = schema
  for (const step of path) current = current && child(current, step)
  return current
}

const telling = /token|secret|passw|api_?-?key|private|authorization|cookie|credential/i

/** Whether a name says that its value is a secret. */
export function isTellingName(name: string): boolean {
  return telling.test(name)
}

/** Whether what stands at the path must not be shown: by its schema, or, where there is none, by its name. */
export function isSecret(schema: z.ZodType, path: Path): boolean {
  if (path.some((step) => typeof step === 'string' && secretName.test(step))) return true
  let current: z.ZodType | undefined = schema
  for (const step of [undefined, ...path]) {
    if (step !== undefined) current = current && child(current, step)
    if (current === undefined) return false
    if (peel(current).meta.secret === true) return true
  }
  return false
}

/** Whether it is one value of a mapping that is secret as a whole, such as `headers`: most of those hold no secret. */
export function isInSecretMapping(schema: z.ZodType, path: Path): boolean {
  return path.some((_, length) => {
    const above = schemaAt(schema, path.slice(0, length))
    if (above === undefined) return false
    const { core, meta } = peel(above)
    return core instanceof z.ZodRecord && meta.secret === true
  })
}

/** Stricter than `telling`, since a setting such as `token_file` is none. */
const secretName = /^(.*[_-])?(token|secret|password|api_key|authorization|cookie|credentials?|secret_access_key)$/i

/** What stands at the path; undefined where nothing does. */
export function valueAt(value: unknown, path: Path): unknown {
  let current = value
  for (const step of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, step)) return undefined
    current = (current as Record<string | number, unknown>)[step]
  }
  return current
}

/** Every scalar of a value with its path. */
export function* leaves(value: unknown, path: Path = []): Generator<{ readonly path: Path; readonly value: unknown }> {
  if (typeof value !== 'object' || value === null) return yield { path, value }
  const steps = Array.isArray(value) ? value.keys() : Object.keys(value)
  for (const step of steps) yield* leaves((value as Record<string | number, unknown>)[step], [...path, step])
}
