// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${...} is the language users write
// From YAML text to plain values, with the line and column of every key and value. Substitution happens here, on
// scalars. Everything is bounded: the text, the depth, and the number of values after anchors are followed, so that a
// file of nested aliases cannot fill the memory. Rejected: the library's own `toJS`, which forgets where values stood.
import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseDocument,
  type YAMLError,
  type Document as Yaml,
} from 'yaml'
import type { Complaint, Path, Problem } from './problem.ts'
import { pathText } from './problem.ts'
import { type Sources, type Substituted, substitute } from './substitute.ts'

const MAX_BYTES = 1024 * 1024
const MAX_VALUES = 20_000
const MAX_DEPTH = 64

type Range = readonly [number, ...number[]] | null | undefined

/** A parsed configuration file: values, where they stand, and which of them came from elsewhere. */
export class ConfigDocument {
  readonly value: unknown
  readonly problems: readonly Problem[]
  readonly #lines: LineCounter
  readonly #places: ReadonlyMap<string, Spot>
  readonly #origins: ReadonlyMap<string, readonly string[]>
  readonly #written: ReadonlyMap<string, string>

  constructor(text: string, sources: Sources) {
    this.#lines = new LineCounter()
    const conversion = convert(text, sources, this.#lines)
    this.value = conversion.value
    this.#places = conversion.spots
    this.#origins = conversion.origins
    this.#written = conversion.written
    this.problems = conversion.complaints.map((complaint) => this.place(complaint))
  }

  /** What the value was substituted from; undefined for a value that stands in the file itself. */
  origins(path: Path): readonly string[] | undefined {
    return this.#origins.get(key(path))
  }

  /** A substituted value, substituted again from what its sources say now; undefined for one that stands in the file itself. */
  again(path: Path, sources: Sources): Substituted | undefined {
    const written = this.#written.get(key(path))
    return written === undefined ? undefined : substitute(written, sources)
  }

  /** Every text that came from the environment or a file. */
  substituted(): readonly Path[] {
    return [...this.#origins.keys()].map((path) => JSON.parse(path) as Path)
  }

  /** Gives a complaint its line and column: those of the nearest thing on its path that stands in the file. */
  place(complaint: Complaint & { readonly offset?: number }): Problem {
    const { path, key: atKey, offset, ...rest } = complaint
    const { line, col } = this.#lines.linePos(offset ?? this.#offset(path, atKey ?? false))
    return { ...rest, line: Math.max(1, line), column: Math.max(1, col), path: pathText(path) }
  }

  #offset(path: Path, atKey: boolean): number {
    for (let length = path.length; length > 0; length--) {
      const spot = this.#places.get(key(path.slice(0, length)))
      if (spot !== undefined) return atKey || length < path.length ? spot.key : spot.value
    }
    return 0
  }
}

interface Spot {
  /** Offset of the key; of the item in a list. */
  readonly key: number
  readonly value: number
}

interface Conversion {
  readonly value: unknown
  readonly spots: ReadonlyMap<string, Spot>
  readonly origins: ReadonlyMap<string, readonly string[]>
  /** The substituted texts as they stand in the file. */
  readonly written: ReadonlyMap<string, string>
  readonly complaints: readonly (Complaint & { readonly offset?: number })[]
}

function key(path: Path): string {
  return JSON.stringify(path)
}

function failed(message: string, hint?: string): Conversion {
  const complaint: Complaint = { level: 'error', path: [], message, ...(hint !== undefined && { hint }) }
  return { value: undefined, spots: new Map(), origins: new Map(), written: new Map(), complaints: [complaint] }
}

function convert(text: string, sources: Sources, lines: LineCounter): Conversion {
  if (Buffer.byteLength(text) > MAX_BYTES) return failed(`the file is larger than ${MAX_BYTES} bytes`)
  let yaml: Yaml.Parsed
  try {
    yaml = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true, version: '1.2' })
  } catch {
    return failed('the file is nested too deeply to be read')
  }
  const complaints = syntaxComplaints([...yaml.errors, ...yaml.warnings], text)
  if (complaints.length > 0) return { ...failed(''), complaints }
  if (yaml.contents === null) return failed('the file is empty', 'start from the example in the README')
  return new Converter(yaml, sources).run()
}

const ownWords: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'the same key stands twice in one mapping',
  MULTIPLE_DOCS: 'the file holds more than one document',
  BAD_ALIAS: 'an alias (`*name`) has no anchor',
  TAG_RESOLVE_FAILED: 'a tag (`!name`) is not known; text that begins with `!` must be quoted',
}

/** Of the errors that follow from one another the first; and every repeated key. */
function syntaxComplaints(errors: readonly YAMLError[], text: string): readonly (Complaint & { offset: number })[] {
  const first = errors.find(({ code }) => code !== 'DUPLICATE_KEY')
  return errors
    .filter((error) => error.code === 'DUPLICATE_KEY' || error === first)
    .map((error) => ({ ...syntaxComplaint(error, text), offset: error.pos[0] }))
}

function syntaxComplaint({ code, message, pos }: YAMLError, text: string): Complaint {
  const from = text.lastIndexOf('\n', Math.max(0, pos[0] - 1)) + 1
  const unquoted = /[{[].*[^"'\s]?\s*\$\{/.test(text.slice(from, pos[0] + 2))
  const hint = unquoted ? { hint: 'inside { } and [ ] a ${...} must be quoted: "${env:NAME}"' } : {}
  // After the colon the library quotes the source, and a secret may stand there.
  const words = ownWords[code] ?? `the file is no valid YAML: ${message.split(/[:\n]/, 1)[0]}`
  return { level: 'error', path: [], message: words, ...hint }
}

/** One walk over the parsed nodes. */
class Converter {
  readonly #yaml: Yaml.Parsed
  readonly #sources: Sources
  readonly #spots = new Map<string, Spot>()
  readonly #origins = new Map<string, readonly string[]>()
  readonly #written = new Map<string, string>()
  readonly #complaints: Complaint[] = []
  #values = 0
  #tooDeep = false

  constructor(yaml: Yaml.Parsed, sources: Sources) {
    this.#yaml = yaml
    this.#sources = sources
  }

  run(): Conversion {
    const value = this.#node(this.#yaml.contents, [])
    if (this.#tooDeep)
      return failed(`values are nested more than ${MAX_DEPTH} deep`, 'an anchor may hold its own alias')
    if (this.#values > MAX_VALUES)
      return failed(`the file holds more than ${MAX_VALUES} values once its anchors are followed`)
    return {
      value,
      spots: this.#spots,
      origins: this.#origins,
      written: this.#written,
      complaints: this.#complaints,
    }
  }

  #node(node: unknown, path: Path): unknown {
    this.#values++
    if (this.#values > MAX_VALUES) return undefined
    this.#tooDeep ||= path.length > MAX_DEPTH
    if (this.#tooDeep) return undefined
    if (isAlias(node)) return this.#alias(node, path)
    if (isMap(node)) return this.#mapping(node.items, path)
    if (isSeq(node)) return node.items.map((item, index) => this.#item(item, [...path, index]))
    if (isScalar(node)) return typeof node.value === 'string' ? this.#text(node.value, path) : node.value
    return null
  }

  #alias(alias: Alias, path: Path): unknown {
    const target = alias.resolve(this.#yaml)
    return target === undefined
      ? this.#complain(path, 'is an alias (`*name`) without an anchor')
      : this.#node(target, path)
  }

  #item(node: unknown, path: Path): unknown {
    const offset = start(node)
    this.#spots.set(key(path), { key: offset, value: offset })
    return this.#node(node, path)
  }

  #mapping(pairs: readonly Pair[], path: Path): Record<string, unknown> {
    const own: Record<string, unknown> = {}
    const merged: Record<string, unknown> = {}
    const nameOf = ({ key: node }: Pair): string | undefined => (isScalar(node) ? String(node.value) : undefined)
    // What is merged comes first, so that places and origins are those of the mapping's own keys where it has them.
    for (const pair of pairs.toSorted((a, b) => Number(nameOf(b) === '<<') - Number(nameOf(a) === '<<'))) {
      const name = nameOf(pair)
      if (name === '<<') Object.assign(merged, this.#merge(pair.value, path))
      else if (name === undefined || name === '__proto__') this.#complain(path, 'has a key that is no plain text')
      else own[name] = this.#entry(pair, [...path, name])
    }
    return { ...merged, ...own }
  }

  #entry(pair: Pair, path: Path): unknown {
    const keyAt = start(pair.key)
    this.#spots.set(key(path), { key: keyAt, value: start(pair.value) || keyAt })
    return this.#node(pair.value, path)
  }

  /** `<<: *base`: the base's keys, unless the mapping has its own. Of several bases the first one wins. */
  #merge(node: unknown, path: Path): unknown {
    const target = isAlias(node) ? (node as Alias).resolve(this.#yaml) : node
    const bases = (isSeq(target) ? target.items : [target]).map((base) => this.#node(base, path))
    const mappings = bases.every((base) => typeof base === 'object' && base !== null && !Array.isArray(base))
    if (!mappings) return this.#complain(path, 'merges (`<<`) something that is no mapping')
    return Object.assign({}, ...bases.toReversed())
  }

  #text(text: string, path: Path): string {
    const result = substitute(text, this.#sources)
    for (const failure of result.failures) this.#complaints.push({ level: 'error', path, ...failure })
    this.#origins.delete(key(path)) // those of what was merged
    this.#written.delete(key(path))
    if (result.origins.length > 0) {
      this.#origins.set(key(path), result.origins)
      this.#written.set(key(path), text)
    }
    return result.text
  }

  #complain(path: Path, message: string): undefined {
    this.#complaints.push({ level: 'error', path, message })
  }
}

function start(node: unknown): number {
  const range = (node as { range?: Range } | null)?.range
  return range?.[0] ?? 0
}
