// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${...} is the language users write
// `${env:X}`, `${X}`, `${env:X:-default}`, `${file:/path}` and `$$`, in one text. Done on scalars after the YAML is
// parsed and never on its own result, so that a value can hold any characters and can never add a key to the file.
// Rejected: the Collector's way of parsing values as YAML again, and its empty string for an unset variable: an empty
// bucket name or token is found much later than a refusal at start.

/** Where substituted values come from. */
export interface Sources {
  readonly env: Readonly<Record<string, string | undefined>>
  /** The file's text. Throws an Error whose message says why it cannot be read. */
  readFile(path: string): string
}

/** A text after substitution. `origins` is empty where the text referred to nothing. */
export interface Substituted {
  readonly text: string
  /** What it was made from, as written: `env:SPLUNK_TOKEN`, `file:/run/secrets/token`. */
  readonly origins: readonly string[]
  readonly failures: readonly { readonly message: string; readonly hint: string }[]
}

const reference = /\$\$|\$\{([^}]*)\}|\$\{/g
const variable = /^(?:env:)?([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s

type Lookup = { readonly value: string } | { readonly message: string; readonly hint: string }

/** Replaces every reference in the text. */
export function substitute(text: string, sources: Sources): Substituted {
  const origins: string[] = []
  const failures: { message: string; hint: string }[] = []
  const result = text.replaceAll(reference, (match: string, inner: string | undefined) => {
    if (match === '$$') return '$'
    const found = inner === undefined ? unclosed : lookUp(inner, sources)
    if ('value' in found) {
      origins.push(inner!.replace(/:-.*$/s, ''))
      return found.value
    }
    failures.push(found)
    return ''
  })
  return { text: result, origins, failures }
}

const unclosed: Lookup = { message: 'has a `${` without its `}`', hint: 'write `$$` for a literal dollar sign' }

function lookUp(inner: string, sources: Sources): Lookup {
  if (inner.startsWith('file:')) return fromFile(inner.slice('file:'.length), sources)
  const [, name, fallback] = variable.exec(inner) ?? []
  if (name === undefined) return malformed
  const value = sources.env[name]
  if (value !== undefined && value !== '') return { value }
  if (fallback !== undefined) return { value: fallback }
  const state = value === undefined ? 'is not set' : 'is set but empty'
  return {
    message: `refers to the environment variable ${name}, which ${state}`,
    hint: `set ${name}, or write \${env:${name}:-default}`,
  }
}

const malformed: Lookup = {
  message: 'has a `${...}` that is no reference',
  hint: 'write ${env:NAME}, ${env:NAME:-default} or ${file:/path}, and `$$` for a literal dollar sign',
}

function fromFile(path: string, sources: Sources): Lookup {
  try {
    return { value: sources.readFile(path).replace(/\r?\n$/, '') }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return {
      message: `refers to the file ${path}, which cannot be read: ${reason}`,
      hint: 'mount the file, or grant read access to it',
    }
  }
}
