// How much attention an event deserves, in three levels. CircleCI's own `common_fields.status` is documented as a
// placeholder that always says "info", so it is not looked at. In this order, the last one that speaks wins: the table
// of known actions, or a rule by words for unknown ones; what the payload tells; a failed attempt at something guarded;
// the operator's overrides.
//
// Rejected: raising every failure. What `success: false` means for workflow.* and build.* is not documented; if it means
// "the job failed", a warning for each would bury the ones that matter.

import { ActionGlob, foldAction } from '../domain/action.ts'
import type { Level } from '../domain/severity.ts'
import { actionLevels } from './actions.ts'

/** An operator's word on the level of some actions. The first that matches decides. */
export interface Override {
  readonly glob: ActionGlob
  readonly level: Level
}

/** What severity is judged by. */
export interface Judged {
  readonly raw: string
  readonly folded: string
  /** Level by action alone, see `levelOfAction`. */
  readonly base: Level
  readonly success: boolean | undefined
  readonly payload: unknown
}

const table: ReadonlyMap<string, Level> = new Map(
  Object.entries(actionLevels).map(([action, level]) => [foldAction(action), level]),
)
const telling =
  /token|key|secret|env\.var|role|grant|restriction|member|group|sso|saml|settings|policy|webhook|invitation/
const destroying = /(?:^|\.)(?:deleted?|removed?|revoked?)(?:\.all)?$/
const guarded =
  /^(?:context|checkout\.key|deploy\.keys|group|org|user|audit\.log)|env\.var|api\.token|ssh\.key|role\.grant/

/** The level of an action before anything else is known. Unknown actions are graded by the words in their name. */
export function levelOfAction(folded: string): Level {
  return table.get(folded) ?? (telling.test(folded) || destroying.test(folded) ? 'warning' : 'info')
}

/** The level of an event. */
export function levelOfEvent(event: Judged, overrides: readonly Override[]): Level {
  for (const override of overrides) {
    if (override.glob.matches(event.raw, event.folded)) return override.level
  }
  const level = event.folded === 'trigger.event.create' && isUnversioned(event.payload) ? 'warning' : event.base
  return event.success === false ? levelOfFailure(event.folded, level) : level
}

function levelOfFailure(folded: string, level: Level): Level {
  if (folded === 'workflow.job.context.request') return 'warning'
  if (folded.startsWith('workflow.') || folded.startsWith('build.')) return level
  return guarded.test(folded) ? 'critical' : level
}

/** A pipeline run with a configuration that came with the request, so that nobody reviewed it. */
function isUnversioned(payload: unknown): boolean {
  if (typeof payload !== 'object' || payload === null) return false
  const source = Reflect.get(payload, 'config-source') ?? Reflect.get(payload, 'config_source')
  return typeof source === 'string' && source.trim().toLowerCase() === 'api'
}

/** Overrides as the configuration has them: glob → level, in the order written. */
export function overridesFrom(severities: Readonly<Record<string, Level>>): readonly Override[] {
  return Object.entries(severities).map(([glob, level]) => ({ glob: new ActionGlob(glob), level }))
}
