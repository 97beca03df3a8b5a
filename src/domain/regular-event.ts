import { ActionGlob, foldAction } from './action.ts'
import { bareName } from './display.ts'
import type { AuditEvent } from './event.ts'
import { matchesGlob } from './glob.ts'

/** Which event is meant: globs over the action, in either spelling, and over its target's name or id. */
export interface EventMatch {
  readonly action: string
  readonly target?: string | undefined
}

/** Whether an event is the one that is meant. */
export function eventMatcher({ action, target }: EventMatch): (event: AuditEvent) => boolean {
  const actions = new ActionGlob(action)
  return (event) => {
    const raw = event.action
    if (typeof raw !== 'string' || !actions.matches(raw, foldAction(raw))) return false
    return target === undefined || names(event.target).some((name) => matchesGlob(target, name))
  }
}

/** What it is called, in words. */
export function matchText({ action, target }: EventMatch): string {
  return target === undefined ? action : `${action} of ${target}`
}

function names(party: unknown): readonly string[] {
  if (typeof party !== 'object' || party === null) return []
  const { id, name } = party as { readonly id?: unknown; readonly name?: unknown }
  return [id, name, typeof name === 'string' ? bareName(name) : name].filter((one) => typeof one === 'string')
}
