// The one line a person reads in a SIEM's list: `octocat context.secrets.accessed context "aws-prod" success`.
// For display only; every part of it is an attribute as well.
import { asText, isMap } from './plain.ts'

const longestPart = 256
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed, so that a name cannot forge a line.
const control = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g

/** The display string of an event, bounded and on one line. */
export function bodyOf(action: string, actor: unknown, target: unknown, success: boolean | undefined): string {
  const outcome = success === undefined ? '' : success ? ' success' : ' failure'
  return `${actorIn(actor)} ${short(action)}${targetIn(target)}${outcome}`.replace(control, ' ')
}

/**
 * A name without the code host CircleCI puts before it: `github: octocat` → `octocat`. The prefix is
 * `/^[a-z][a-z0-9-]*:\s+/`, read by hand because it is read twice for each event.
 */
export function bareName(name: string): string {
  let at = 0
  while (isHostCharacter(name.charCodeAt(at), at)) at++
  if (at === 0 || name.charCodeAt(at) !== 0x3a) return name
  const rest = name.slice(at + 1)
  const bare = rest.trimStart()
  return bare.length === rest.length ? name : bare
}

function isHostCharacter(code: number, at: number): boolean {
  if (code >= 0x61 && code <= 0x7a) return true
  return at > 0 && ((code >= 0x30 && code <= 0x39) || code === 0x2d)
}

function actorIn(actor: unknown): string {
  if (!isMap(actor)) return 'unknown'
  const name = asText(actor['name'])
  return short((name && bareName(name)) || asText(actor['id']) || asText(actor['type']) || 'unknown')
}

function targetIn(target: unknown): string {
  if (!isMap(target)) return ''
  const type = asText(target['type'])
  const name = asText(target['name'])
  const which = name ? `"${short(bareName(name))}"` : short(asText(target['id']) ?? '')
  return (type ? ` ${short(type)}` : '') + (which ? ` ${which}` : '')
}

function short(text: string): string {
  return text.length <= longestPart ? text : `${text.slice(0, longestPart).toWellFormed()}…`
}
