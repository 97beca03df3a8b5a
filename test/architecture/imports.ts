// Finds what a source file imports: static, dynamic and type-only. A parser by regular expressions is enough because
// the formatter fixes how an import looks; what looks otherwise is reported, so nothing can hide from the table.

export interface Imports {
  readonly specifiers: readonly string[]
  /** Places that import something this cannot read, e.g. a computed name. */
  readonly unreadable: readonly string[]
}

/** What is said of an `import()` whose name the source does not hold. */
export const COMPUTED = 'an import() of a computed name'

const names = /[\w$*{},\s]+?/.source
const fixed = new RegExp(`^(?:import|export)\\s+(?:type\\s+)?${names}\\s+from\\s+'([^']+)'`, 'gm')
const bare = /^import\s+'([^']+)'/gm
const dynamic = /\b(?:import|require)\(\s*'([^']+)'\s*[,)]/g
/** Loading a neighbour by name stays in its folder, so in its room. */
const neighbour = /\bimport\(`\.\/\$\{\w+\}\.ts`\)/g
const anyStatic = /^import\b(?!\(|\.)/gm
const anyFrom = /^(?:export\b[^;='"()]*|\}) from '/gm
const anyDynamic = /(?<![\w.'`])(?:import|require)\(|\bcreateRequire\b/g

export function importsOf(source: string): Imports {
  const text = withoutComments(source).replace(neighbour, '')
  const statics = [...found(text, fixed), ...found(text, bare)]
  const dynamics = found(text, dynamic)
  const reExports = found(text, fixed).length - [...text.matchAll(/^import\b[^']*? from '/gm)].length
  const unreadable: string[] = []
  const statements = [...text.matchAll(anyStatic)].length
  if (statements + reExports !== statics.length)
    unreadable.push(`${statements} import statements, ${statics.length} read`)
  if ([...text.matchAll(anyFrom)].length > statics.length) unreadable.push('an export … from that was not read')
  if ([...text.matchAll(anyDynamic)].length !== dynamics.length) unreadable.push(COMPUTED)
  return { specifiers: [...statics, ...dynamics], unreadable }
}

function found(text: string, pattern: RegExp): readonly string[] {
  return [...text.matchAll(pattern)].flatMap(([, specifier]) => specifier ?? [])
}

/** Whole-line and block comments; one behind code cannot hold a statement that matters. */
function withoutComments(source: string): string {
  return source
    .replace(/^\s*\/\/.*$/gm, '')
    .replace(/^\s*\/\*[\s\S]*?\*\/[ \t]*$/gm, '')
    .replace(/\s\/\/ .*$/gm, '')
}
