// What of a configuration may be replaced while the program runs: secrets that `${file:}` refers to, certificates and their
// keys. Whoever uses one asks `Renewable.renewed` before each use. Files are looked at, and read only if they look
// otherwise than at the last look; a file that was written within the last moments is read anyway, because a second
// write of the same length may leave it looking the same. What cannot be used is said once and replaces nothing, so that
// a certificate that is there before its key does no harm. Rejected: notifications of the file system, which do not come
// for what Kubernetes mounts; reading the configuration file itself again, whose other settings need a restart anyway.
import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { urlSecrets } from '@circleci-audit-forwarder/contract'
import type { Loaded } from './load.ts'
import { type Path, pathText } from './problem.ts'
import type { Config } from './schema.ts'
import { isSecret, leaves, valueAt } from './shape.ts'
import type { Sources } from './substitute.ts'

/** A part of the configuration, as its files say it now. */
export interface Read<T> {
  readonly value: T
  /** Values that must appear in no output from now on. */
  readonly secrets: readonly string[]
}

/** Younger than this, in milliseconds, a file may be written again and look the same. */
const YOUNG_MS = 3000

/** Settings that name a file in PEM, under `tls` and in `service`. */
const pemFile = /^(?:ca|cert|key)_file$/

interface Source<T> {
  readonly files: readonly string[]
  /** What `contents` was when the configuration was loaded. */
  readonly loaded: string
  /** What tells one content of the files from another. */
  readonly contents: () => string
  readonly read: () => Read<T>
  readonly now: () => number
}

/** A part of the configuration that can change by its files. */
export class Renewable<T> {
  readonly #files: readonly string[]
  readonly #read: () => Read<T>
  readonly #contents: () => string
  readonly #now: () => number
  #look: string | undefined
  #print: string

  constructor({ files, loaded, contents, read, now }: Source<T>) {
    this.#files = files
    this.#read = read
    this.#contents = contents
    this.#now = now
    this.#print = loaded
  }

  /** Whether nothing it is made from can change. */
  get fixed(): boolean {
    return this.#files.length === 0
  }

  /**
   * The part anew if its files changed since it was asked last, undefined if not. `anyway`: they are read whatever they
   * look like. Throws once for each content that cannot be used.
   */
  renewed(anyway = false): Read<T> | undefined {
    const look = this.#files.map((file) => lookOf(file, this.#now())).join('\n')
    if (look === this.#look && !anyway) return undefined
    this.#look = look.includes(young) ? undefined : look
    const print = this.#contents()
    if (print === this.#print) return undefined
    this.#print = print
    return this.#read()
  }
}

const young = 'young'

function lookOf(file: string, now: number): string {
  try {
    const { ino, size, mtimeMs, mtimeNs, ctimeNs } = statSync(file, { bigint: true })
    return now - Number(mtimeMs) < YOUNG_MS ? young : `${ino} ${size} ${mtimeNs} ${ctimeNs}`
  } catch {
    return 'missing'
  }
}

/**
 * What stands at the path of the configuration, as the schema takes it. To be made before what is made of it: what
 * changes in between is then a change.
 */
export function renewable<T>(
  loaded: Loaded,
  path: Path,
  pick: (config: Config) => T,
  { sources, now }: { readonly sources: Sources; readonly now: () => number },
): Renewable<T> {
  const secrets = secretPaths(loaded, path)
  const pems = pemFiles(valueAt(loaded.value, path), path)
  const named = secrets
    .flatMap((each) => loaded.document.origins(each) ?? [])
    .filter((each) => each.startsWith('file:'))
  const texts = (): readonly string[] => secrets.map((each) => textOf(loaded, each, sources))
  const read = (): Read<T> => {
    const found = texts()
    const value = structuredClone(loaded.value)
    for (const [index, each] of secrets.entries()) set(value, each, found[index])
    const parsed = loaded.schema.safeParse(value)
    if (!parsed.success) throw new Error(parsed.error.issues.map(issueText).join('; '))
    return { value: pick(parsed.data as Config), secrets: found.flatMap((text) => [text, ...urlSecrets(text)]) }
  }
  const contents = (): string =>
    print(
      secrets.map((each) => attempt(() => textOf(loaded, each, sources))),
      pems,
      sources,
    )
  const used = secrets.map((each) => `as ${String(valueAt(loaded.value, each))}`)
  const files = [...named.map((each) => each.slice('file:'.length)), ...pems]
  return new Renewable({ files, loaded: print(used, pems, sources), contents, read, now })
}

/** Of a schema's own words; what was found is left out. */
function issueText({ path, message }: { readonly path: readonly PropertyKey[]; readonly message: string }): string {
  return `${pathText(path as Path)} ${message}`
}

function secretPaths({ document, schema, value }: Loaded, under: Path): readonly Path[] {
  return document.substituted().filter((path) => {
    const text = valueAt(value, path)
    if (typeof text !== 'string' || !under.every((step, index) => path[index] === step)) return false
    const fromFile = document.origins(path)?.some((origin) => origin.startsWith('file:')) ?? false
    return fromFile && (isSecret(schema, path) || urlSecrets(text).length > 0)
  })
}

function textOf({ document }: Loaded, path: Path, sources: Sources): string {
  const again = document.again(path, sources)
  const [failure] = again?.failures ?? []
  if (failure !== undefined) throw new Error(`${pathText(path)} ${failure.message}`)
  return again?.text ?? ''
}

/** The PEM files named under a path. */
export function pemFiles(value: unknown, path: Path): readonly string[] {
  const named = [...leaves(value, path)].filter((leaf) => pemFile.test(String(leaf.path.at(-1))))
  return named.flatMap(({ value: file }) => (typeof file === 'string' ? [file] : []))
}

function print(texts: readonly string[], pems: readonly string[], { readFile }: Sources): string {
  const contents = pems.map((file) => attempt(() => readFile(file)))
  return createHash('sha256')
    .update(JSON.stringify([texts, contents]))
    .digest('base64')
}

function attempt(read: () => string): string {
  try {
    return `as ${read()}`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function set(value: unknown, path: Path, replacement: unknown): void {
  const parent = valueAt(value, path.slice(0, -1)) as Record<string | number, unknown>
  parent[path.at(-1)!] = replacement
}
