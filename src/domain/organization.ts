// Whose an event is. CircleCI names the organisation up to three times (`organization`, `scope`, `account`), each with an
// id, mostly with a name, and older events only under `scope`. So an event is an organisation's if any of them says so, by
// id or by name, and another's only if something is said and nothing fits. An event that names none is nobody's to refuse.

import { bareName } from './display.ts'
import type { AuditEvent } from './event.ts'

const owners = ['organization', 'scope', 'account'] as const
const longestShown = 100

/** The expected organisation's, nobody's, or for this reason another's. */
export type Whose = 'ours' | 'unsaid' | { readonly foreign: string }

export function whoseIs(expected: string, event: AuditEvent): Whose {
  const wanted = folded(expected)
  let first: string | undefined
  for (const owner of owners) {
    const party: unknown = event[owner]
    if (typeof party !== 'object' || party === null) continue
    for (const said of sayings(party)) {
      if (folded(said) === wanted || folded(bareName(said)) === wanted) return 'ours'
      first ??= `${owner} ${shown(said)}`
    }
  }
  if (first === undefined) return 'unsaid'
  return { foreign: `of another organisation: its ${first} is not ${shown(expected)}` }
}

/** Why the event belongs to another organisation; undefined if it does not, or does not say. */
export function foreignTo(expected: string, event: AuditEvent): string | undefined {
  const whose = whoseIs(expected, event)
  return typeof whose === 'object' ? whose.foreign : undefined
}

function sayings(party: { readonly id?: unknown; readonly name?: unknown }): string[] {
  return [party.id, party.name].filter((said): said is string => typeof said === 'string' && said !== '')
}

function folded(text: string): string {
  return text.trim().toLowerCase()
}

function shown(text: string): string {
  return JSON.stringify(text.length <= longestShown ? text : `${text.slice(0, longestShown).toWellFormed()}…`)
}
