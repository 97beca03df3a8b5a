// The last line of defence: whoever tells an event has already left secrets out, and here every text of a line is
// searched once more, for the secrets this process was given and for what secrets look like in the answers and URLs
// of the systems we talk to. Works on values before they are serialised, so that no replacement can break a line.
// Rejected: pino's `redact` paths, which know where a secret should be, not where a vendor's error message puts it.

const mark = '[redacted]'
/** A shorter "secret" would black out ordinary words, and keeps nobody out. */
const shortestSecret = 4
const longestText = 8192

const patterns: readonly (readonly [RegExp, string])[] = [
  // user:password@ in a URL; greedy, because a password may hold an @ itself
  [/([a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/"'<>]+@/gi, `$1${mark}@`],
  [/\b(Splunk\s+)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi, `$1${mark}`],
  [/(\/noformat\/)[0-9a-f-]{8,}/gi, `$1${mark}`],
  [/\b((?:proxy-)?authorization["']?\s*[:=]\s*["']?(?:(?:basic|bearer|splunk|digest)\s+)?)[^\s"',]+/gi, `$1${mark}`],
  [/\b((?:dd|x)-(?:api|insight|access)-(?:key|token)["']?\s*[:=]\s*["']?)[^\s"',]+/gi, `$1${mark}`],
  [/\b(Bearer\s+)[\w.~+/=-]{16,}/gi, `$1${mark}`],
  [
    /([\w-]{0,40}(?:token|secret|password|passwd|api[_-]?key|access[_-]?key|signature|credential)[\w-]{0,40})(["']?=["']?|["']\s*:\s*["'])[^\s"'&;,)]+/gi,
    `$1$2${mark}`,
  ],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, mark],
]

/** `text` without the given secrets (also JSON- or URL-escaped) and without anything that looks like one. */
export function redact(text: string, secrets: readonly string[]): string {
  let clean = text
  for (const secret of spellings(secrets)) clean = clean.replaceAll(secret, mark)
  // Cut only after the known secrets are gone: a cut through the middle of one would leave its first half.
  if (clean.length > longestText) clean = `${clean.slice(0, longestText)}… (${clean.length} characters)`
  for (const [pattern, replacement] of patterns) clean = clean.replace(pattern, replacement)
  return clean
}

/** The same for every text in a value that is about to become a line's fields. */
export function redactDeep(value: unknown, secrets: readonly string[]): unknown {
  if (typeof value === 'string') return redact(value, secrets)
  if (Array.isArray(value)) return value.slice(0, 100).map((item) => redactDeep(item, secrets))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, redactDeep(item, secrets)]))
}

/** Longest first, so that a secret inside another one does not leave the rest of it behind. */
function spellings(secrets: readonly string[]): readonly string[] {
  const all = secrets
    .filter((secret) => secret.length >= shortestSecret)
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)])
  return [...new Set(all)].sort((a, b) => b.length - a.length)
}
