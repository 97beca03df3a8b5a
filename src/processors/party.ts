// Globs over an actor, a target or a scope. Each has an id, a type and a name, any of which may be missing; a glob is
// tried against all that one could call it. Names come with the code host before them (`github: octocat`), and code
// hosts take no notice of case, so neither does a glob.
import type { LogRecord } from '@circleci-audit-forwarder/contract'
import { bareName } from '../domain/display.ts'
import { matchesGlob } from '../domain/glob.ts'

export type PartyName = 'actor' | 'target' | 'scope'

export interface PartyRule {
  readonly party: PartyName
  readonly globs: readonly string[]
  /** What `isParty` must say for the event to pass. */
  readonly wanted: boolean
}

/** The rules of one party's settings. */
export function partyRules(
  party: PartyName,
  {
    include,
    exclude,
  }: { readonly include?: readonly string[] | undefined; readonly exclude?: readonly string[] | undefined },
): readonly PartyRule[] {
  const rule = (globs: readonly string[] | undefined, wanted: boolean): readonly PartyRule[] =>
    globs === undefined ? [] : [{ party, wanted, globs: globs.map((glob) => glob.toLowerCase()) }]
  return [...rule(include, true), ...rule(exclude, false)]
}

/** Whether one of the rule's globs is about the event's party. No party at all goes by the empty name. */
export function isParty({ party, globs }: PartyRule, attributes: LogRecord['attributes']): boolean {
  const calls = callsOf(attributes, `circleci.audit.${party}`)
  return globs.some((glob) => calls.some((call) => matchesGlob(glob, call)))
}

function callsOf(attributes: LogRecord['attributes'], party: string): readonly string[] {
  const id = lower(attributes[`${party}.id`])
  const type = lower(attributes[`${party}.type`])
  const name = lower(attributes[`${party}.name`])
  const bare = bareName(name)
  return [id, name, bare, `${type}/${name}`, `${type}/${bare}`, ...(name === '' ? [`${type}/${id}`] : [])]
}

function lower(value: unknown): string {
  return typeof value === 'string' ? value.toLowerCase() : ''
}
