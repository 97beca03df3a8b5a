// Some receivers take their key in the query (`?api_key=...`), and addresses are shown where settings, errors and findings
// are. Which parameter holds a key only its name tells, or that its value is long and mixed as keys are. Rejected: hiding
// every query, because `?tenant=acme` is what an operator looks for when two addresses differ.

const telling =
  /token|secret|passw|pwd|api_?-?key|access_?-?key|private|auth|credential|signature|^(?:key|pass|sig|code|jwt)$/i
const keyLike = /^(?=.*\d)(?=.*[a-z])[\w.~%+/=-]{20,}$/i

/**
 * What a URL holds of credentials: the password before its host and the keys in its query, as written there and decoded.
 * None where the text is no URL.
 */
export function urlSecrets(text: string): readonly string[] {
  const keys = parameters(text).filter(isSecret)
  const password = /^[a-z][a-z0-9+.-]*:\/\/[^/@:\s]*:([^/\s]+)@/i.exec(text)?.[1] ?? ''
  const values = [password, ...keys.map(({ value }) => value)].filter((value) => value !== '')
  return [...new Set(values.flatMap((value) => [value, decoded(value)]))]
}

/** The URL with `mark` in place of the keys in its query; any other text as it is. */
export function maskedUrl(text: string, mark: string): string {
  return parameters(text).reduceRight((masked, parameter) => {
    if (!isSecret(parameter)) return masked
    const { from, value } = parameter
    return masked.slice(0, from) + mark + masked.slice(from + value.length)
  }, text)
}

interface Parameter {
  readonly name: string
  readonly value: string
  /** Where the value begins. */
  readonly from: number
}

/** As written, not as a parser would have them: what is to be found again elsewhere is the text itself. */
function parameters(text: string): readonly Parameter[] {
  const query = text.indexOf('?')
  if (query < 0 || !/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return []
  return [...text.slice(query).matchAll(/(?<=[?&;])([^=&;#]*)=([^&;#]*)/g)].map(
    ({ index, 1: name = '', 2: value = '' }) => ({
      name: decoded(name),
      value,
      from: query + index + name.length + 1,
    }),
  )
}

function isSecret({ name, value }: Parameter): boolean {
  return value !== '' && (telling.test(name) || keyLike.test(value))
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}
