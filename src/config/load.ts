// Loading a configuration: text → values with places → schema → rules. Nothing stops at the first problem; what cannot
// be judged because of another problem is judged without it.
import { readFileSync, statSync } from 'node:fs'
import { urlSecrets } from '@circleci-audit-forwarder/contract'
import type { z } from 'zod'
import { checkAuthorities } from './authorities.ts'
import { isMapping } from './components.ts'
import { ConfigDocument } from './document.ts'
import { Draft } from './draft.ts'
import { loadPlugins } from './plugins.ts'
import { type Complaint, ConfigError, type Path, type Problem } from './problem.ts'
import { checkRules } from './rules.ts'
import type { Components, Config } from './schema.ts'
import { isInSecretMapping, isSecret, isTellingName, leaves } from './shape.ts'
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
  /** What the file could name: what the program is made with, and its plugins. */
  readonly components: Components
  /** Values that must appear in no output. Secrets that replace them while the program runs are added. */
  readonly secrets: string[]
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
  return parseConfig(textOf(file), file, components, world)
}

/**
 * What the file can name, plugins included, whatever else is wrong with it. Throws ConfigError for plugins that cannot
 * be loaded.
 */
export async function loadComponents(file: string, built: Components, { sources }: World): Promise<Components> {
  const document = new ConfigDocument(textOf(file), sources)
  const { components, complaints } = await loadPlugins(document.value, file, built)
  if (complaints.length === 0) return components
  throw new ConfigError(
    file,
    complaints.map((complaint) => document.place(complaint)),
  )
}

function textOf(file: string): string {
  try {
    return readFile(file)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const hint = 'name the file with --config'
    throw new ConfigError(file, [
      { level: 'error', line: 1, column: 1, path: '', message: `cannot be read: ${reason}`, hint },
    ])
  }
}

/** Checks the text of a configuration file. Throws ConfigError with every problem. */
export async function parseConfig(text: string, file: string, built: Components, world: World): Promise<Loaded> {
  const document = new ConfigDocument(text, world.sources)
  if (!isMapping(document.value)) throw new ConfigError(file, unusable(document))
  const plugins = await loadPlugins(document.value, file, built)
  const { components } = plugins
  const draft = new Draft(document, components)
  const { value, schema } = draft
  const secrets = secretsOf(value, schema, document)
  const service = checkAuthorities(draft.valid().service, world.sources)
  const rules = [...service, ...(await checkRules(draft.valid(), components, world.now))]
  const complaints = [...plugins.complaints, ...draft.complaints(), ...rules].map((each) => without(secrets, each))
  const problems = sorted([...document.problems, ...complaints.map((complaint) => document.place(complaint))])
  if (problems.some(({ level }) => level === 'error')) throw new ConfigError(file, problems)
  return {
    file,
    config: draft.valid(),
    warnings: problems,
    components,
    secrets,
    value,
    schema,
    document,
  }
}

/** An exporter's own words may repeat what it was given. */
function without(secrets: readonly string[], complaint: Complaint): Complaint {
  const told = secrets.filter((secret) => secret.length >= 4 && complaint.message.includes(secret))
  const message = told.reduce((text, secret) => text.replaceAll(secret, '<secret>'), complaint.message)
  return { ...complaint, message }
}

function unusable(document: ConfigDocument): readonly Problem[] {
  if (document.problems.length > 0) return document.problems
  const allowed = 'receivers, processors, exporters, service'
  return [{ level: 'error', line: 1, column: 1, path: '', message: 'the file is no mapping', allowed }]
}

function sorted(problems: readonly Problem[]): readonly Problem[] {
  return problems.toSorted((a, b) => a.line - b.line || a.column - b.column)
}

function secretsOf(value: unknown, schema: z.ZodType, document: ConfigDocument): string[] {
  const secrets = [...leaves(value)].flatMap(({ path, value }): readonly string[] => {
    if (typeof value !== 'string') return []
    const secret = isSecret(schema, path) && isWorthHiding(schema, path, value, document)
    return secret ? [value, ...urlSecrets(value)] : urlSecrets(value)
  })
  return [...new Set(secrets)]
}

/** A proxy's address without a password; an error that leaves it out does not say what it is about. */
const bareAddress = /^https?:\/\/[\w.:[\]-]+\/?$/i

/** A plain header such as `x-scope: audit` would black out ordinary words. */
function isWorthHiding(schema: z.ZodType, path: Path, value: string, document: ConfigDocument): boolean {
  if (!isInSecretMapping(schema, path)) return value !== '' && !bareAddress.test(value)
  return document.origins(path) !== undefined || isTellingName(String(path.at(-1))) || value.length >= 16
}
