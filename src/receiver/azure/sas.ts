// A shared access signature says in clear what it allows and until when; only its last part is a secret. So `doctor` can
// tell what will stop working, and what is allowed beyond need, without asking anybody.
// https://learn.microsoft.com/rest/api/storageservices/create-service-sas
import type { Finding } from '../../domain/finding.ts'
import { duration } from '../../telemetry/units.ts'

const DAY = 86_400_000
/** Sooner than this, an expiry is warned of. */
const SOON_MS = 30 * DAY

/** What a signature must allow, by letter, and in words. */
export type Needed = Readonly<Record<string, string>>

/** In words; `now` is milliseconds since 1970. None without a signature. What is `useful` may be allowed or not. */
export function signatureFindings(
  token: string | undefined,
  needed: Needed,
  now: number,
  useful = '',
): readonly Finding[] {
  if (token === undefined) return []
  const query = new URLSearchParams(token.replace(/^\?/, ''))
  return [validity(query, now), allowance(query, needed, useful)]
}

function validity(query: URLSearchParams, now: number): Finding {
  const what = 'the shared access signature is valid'
  const [from, until] = ['st', 'se'].map((name) => Date.parse(query.get(name) ?? '')) as [number, number]
  const next = 'make a new one, or use a managed identity, which does not expire'
  if (from > now) return { level: 'error', what, detail: `not before ${query.get('st')}`, next }
  if (Number.isNaN(until)) return { level: 'unknown', what, detail: 'a stored access policy says until when' }
  if (until <= now) return { level: 'error', what, detail: `it expired ${duration(now - until)} ago`, next }
  const detail = `for ${duration(until - now)} more`
  return until - now < SOON_MS ? { level: 'warning', what, detail, next } : { level: 'ok', what, detail }
}

function allowance(query: URLSearchParams, needed: Needed, useful: string): Finding {
  const what = 'the shared access signature allows what is needed, and no more'
  const allowed = query.get('sp')
  if (allowed === null) return { level: 'unknown', what, detail: 'a stored access policy says what it allows' }
  const missing = Object.keys(needed).filter((letter) => !allowed.includes(letter))
  const names = (letters: readonly string[]) => letters.map((letter) => `${needed[letter]} (${letter})`).join(', ')
  const next = `make one that allows ${names(Object.keys(needed))}`
  if (missing.length > 0) return { level: 'error', what, detail: `it does not allow to ${names(missing)}`, next }
  const beyond = [...allowed].filter((letter) => needed[letter] === undefined && !useful.includes(letter)).join('')
  if (beyond === '') return { level: 'ok', what }
  return { level: 'warning', what, detail: `it also allows "${beyond}"`, next }
}
