// The configuration as it takes effect: what is written, every default beside it, and a mark in place of every secret.
// Made from the values as users write them (`5s`, not 5000), so that it reads like a configuration file.
import { maskedUrl } from '@circleci-audit-forwarder/contract'
import { z } from 'zod'
import type { Loaded } from './load.ts'
import type { Path } from './problem.ts'
import { child, chosen, isSecret, isTellingName, peel } from './shape.ts'

/** All settings with their defaults. No secret is in it: `<secret>` stands where one is, with its origin if it has one. */
export function effective(loaded: Loaded): unknown {
  return new Filling(loaded).fill(loaded.schema, loaded.value, [])
}

class Filling {
  readonly #loaded: Loaded

  constructor(loaded: Loaded) {
    this.#loaded = loaded
  }

  fill(schema: z.ZodType, written: unknown, path: Path): unknown {
    const { core: declared, fallback } = peel(schema)
    const value = written ?? fallback
    const core = chosen(declared, value)
    if (value === undefined || value === null) return undefined
    if (Array.isArray(value)) return value.map((item, index) => this.#next(schema, item, path, index))
    if (typeof value !== 'object') return this.#scalar(value, path)
    const names = core instanceof z.ZodObject ? Object.keys(core.shape) : Object.keys(value)
    const entries = names.map((name) => [
      name,
      this.#next(schema, (value as Record<string, unknown>)[name], path, name),
    ])
    return Object.fromEntries(entries.filter(([, value]) => value !== undefined))
  }

  #next(schema: z.ZodType, value: unknown, path: Path, step: string | number): unknown {
    const below = child(schema, step)
    return below === undefined ? this.#scalar(value, [...path, step]) : this.fill(below, value, [...path, step])
  }

  #scalar(value: unknown, path: Path): unknown {
    const origins = this.#loaded.document.origins(path) ?? []
    const mark = origins.length === 0 ? '<secret>' : `<secret from ${origins.join(', ')}>`
    if (isSecret(this.#loaded.schema, path) || origins.some(isSecretOrigin)) return mark
    if (typeof value !== 'string') return value
    const shown = maskedUrl(value, '<secret>').replaceAll(/\/\/[^/@\s]*@/g, '//<secret>@')
    return this.#loaded.secrets.some((secret) => secret.length >= 4 && shown.includes(secret)) ? mark : shown
  }
}

/** A mounted file, or a variable of a telling name, holds a secret wherever it is put. */
function isSecretOrigin(origin: string): boolean {
  return origin.startsWith('file:') || isTellingName(origin)
}
