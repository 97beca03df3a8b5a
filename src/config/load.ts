// Loading a configuration: text → values with places → schema → rules. Nothing stops at the first problem; what cannot
// be judged because of another problem is judged without it.
import { readFileSync, statSync } from 'node:fs'
import type { z } from 'zod'
import { isMapping } from './components.ts'
import { ConfigDocument } from './document.ts'
import { Draft } from './draft.ts'
import { ConfigError, type Path, type Problem } from './problem.ts'
import { checkRules } from './rules.ts'
import type { Components, Config } from './schema.ts'
import { isSecret, isTellingName, leaves } from './shape.ts'
import type { Sources } from './substitute.ts'

/** Everything of the outside that loading depends on. */
export interface World {
  readonly sources: Sources
  /** Wall-clock time, in milliseconds since 1970. */
  readonly now: number
}

/** A configuration that can be used, and what it was made from. */
export interface Loaded {
  readonly file: string
  readonly config: Config
  readonly warnings: readonly Problem[]
  /** Values that must appear in no output. */
  readonly secrets: readonly string[]
  /** The values as written, after substitution; with `schema` and `document`, what `effective` reads. */
  readonly value: unknown
  readonly schema: z.ZodType
  readonly document: ConfigDocument
}

const MAX_SECRET_BYTES = 1024 * 1024

/** This process's environment and files. */
export function processSources(): Sources {
  return { env: process.env, readFile }
}

function readFile(path: string): string {
  const stat = statSync(path)
  if (!stat.isFile()) throw new Error('it is no regular file')
  if (stat.size > MAX_SECRET_BYTES) throw new Error(`it is larger than ${MAX_SECRET_BYTES} bytes`)
  return readFileSync(path, 'utf8')
}

/** Reads and checks a configuration file. Throws ConfigError with every problem. */
export async function loadConfig(file: string, components: Components, world: World): Promise<Loaded> {
  let text: string
  try {
    text = readFile(file)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const hint = 'name the file with --config'
    throw new ConfigError(file, [
      { level: 'error', line: 1, column: 1, path: '', message: `cannot be read: ${reason}`, hint },
    ])
  }
  return parseConfig(text, file, components, world)
}

/** Checks the text of a configuration file. Throws ConfigError with every problem. */
export async function parseConfig(text: string, file: string, components: Components, world: World): Promise<Loaded> {
  const document = new ConfigDocument(text, world.sources)
  if (!isMapping(document.value)) throw new ConfigError(file, unusable(document))
  const draft = new Draft(document, components)
  const complaints = [...draft.complaints(), ...(await checkRules(draft.valid(), components, world.now))]
  const problems = sorted([...document.problems, ...complaints.map((complaint) => document.place(complaint))])
  if (problems.some(({ level }) => level === 'error')) throw new ConfigError(file, problems)
  const { value, schema } = draft
  return {
    file,
    config: draft.valid(),
    warnings: problems,
    secrets: secretsOf(value, schema, document),
    value,
    schema,
    document,
  }
}

function unusable(document: ConfigDocument): readonly Problem[] {
  if (document.problems.length > 0) return document.problems
  const allowed = 'receivers, processors, exporters, service'
  return [{ level: 'error', line: 1, column: 1, path: '', message: 'the file is no mapping', allowed }]
}

function sorted(problems: readonly Problem[]): readonly Problem[] {
  return problems.toSorted((a, b) => a.line - b.line || a.column - b.column)
}

function secretsOf(value: unknown, schema: z.ZodType, document: ConfigDocument): readonly string[] {
  const secrets = [...leaves(value)]
    .filter(
      ({ path, value }) => typeof value === 'string' && isSecret(schema, path) && isWorthHiding(path, value, document),
    )
    .map((leaf) => leaf.value as string)
  return [...new Set(secrets)]
}

/** A plain header such as `x-scope: audit` would black out ordinary words. */
function isWorthHiding(path: Path, value: string, document: ConfigDocument): boolean {
  if (!path.includes('headers')) return value !== ''
  return document.origins(path) !== undefined || isTellingName(String(path.at(-1))) || value.length >= 16
}
