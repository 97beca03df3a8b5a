// The one line a person reads in a SIEM's list: `octocat context.secrets.accessed context "aws-prod" success`. Here, and
// not with the mapping, because who redacts a name must be able to write the line again without it.

/** What the line says of an actor or a target, as far as it is known. */
export interface Named {
  readonly id?: string | undefined
  readonly type?: string | undefined
  readonly name?: string | undefined
}

export interface Displayed {
  readonly actor: Named
  readonly action: string
  readonly target: Named
  readonly success: boolean | undefined
}

const longestPart = 256
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed, so that a name cannot forge a line.
const control = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g

/** The line, bounded, and one line whatever the names hold. */
export function displayLine({ actor, action, target, success }: Displayed): string {
  const outcome = success === undefined ? '' : success ? ' success' : ' failure'
  return `${actorText(actor)} ${short(action)}${targetText(target)}${outcome}`.replace(control, ' ')
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

function actorText({ id, type, name }: Named): string {
  return short((name && bareName(name)) || id || type || 'unknown')
}

function targetText({ id, type, name }: Named): string {
  const which = name ? `"${short(bareName(name))}"` : short(id ?? '')
  return (type ? ` ${short(type)}` : '') + (which ? ` ${which}` : '')
}

function short(text: string): string {
  return text.length <= longestPart ? text : `${text.slice(0, longestPart).toWellFormed()}…`
}
