// Withholds events: by action, severity, outcome, and by who did it to what, for whom. An event passes if every setting
// that is given lets it pass. Where an event does not say what a setting asks (no outcome, no severity) it passes: in
// doubt an audit log has the event. The forwarder's own records always pass, so that a filter can never hide a gap. What
// is withheld is counted, and can be sent later.
//
// Rejected: a language of conditions. Every one of these settings can be read aloud and checked when the file is loaded.

import type { LogRecord } from '@circleci-audit-forwarder/contract'
import { z } from 'zod'
import { ActionGlob } from '../domain/action.ts'
import { type Level, severityNumbers } from '../domain/severity.ts'
import { actionOf, isOwn } from './audit-event.ts'
import { isParty, type PartyName, type PartyRule, partyRules } from './party.ts'
import type { Filter, ProcessorModule } from './processor.ts'

const globs = z.array(z.string().min(1).max(256)).min(1)

function party(who: string, example: string) {
  return z
    .strictObject({
      include: globs.optional().meta({ description: `If given, only events whose ${who} matches one of them pass.` }),
      exclude: globs.optional().meta({ description: `Events whose ${who} matches one of them are withheld.` }),
    })
    .refine(({ include, exclude }) => include !== undefined || exclude !== undefined, {
      error: 'give include, exclude or both',
    })
    .optional()
    .meta({
      description: `By ${who}: globs over its id, its name (also without the code host: \`octocat\` for \`github: octocat\`) and \`type/name\`, e.g. \`${example}\`. Case does not matter.`,
    })
}

export const schema = z
  .strictObject({
    include: globs.optional().meta({
      description:
        'Globs over actions (`*` any run of characters, `?` one). If given, only events matching one of them pass.',
    }),
    exclude: globs.optional().meta({
      description: 'Globs over actions. Events matching one of them are withheld, also if `include` has them.',
    }),
    min_severity: z.enum(['info', 'warning', 'critical']).optional().meta({
      description: 'Events of a lower severity are withheld. What a `severity` processor before this one says counts.',
    }),
    success: z.boolean().optional().meta({
      description: '`false`: only what failed passes; `true`: only what succeeded. Events that do not say, pass.',
    }),
    actor: party('actor', 'user/dependabot*'),
    target: party('target', 'context/*'),
    scope: party('scope', 'account/acme'),
  })
  .refine((settings) => Object.values(settings).some((setting) => setting !== undefined), {
    error: 'give at least one setting: a filter without any withholds nothing',
  })

export type FilterSettings = z.output<typeof schema>

/** By the settings' globs, which match the action as written or folded: `workflow.job.*` has `workflow-job-start` too. */
export class EventFilter implements Filter {
  readonly kind = 'filter'
  readonly name: string
  readonly #include: readonly ActionGlob[] | undefined
  readonly #exclude: readonly ActionGlob[]
  readonly #floor: number
  readonly #success: boolean | undefined
  readonly #parties: readonly PartyRule[]

  constructor(name: string, settings: FilterSettings) {
    this.name = name
    this.#include = settings.include?.map((glob) => new ActionGlob(glob))
    this.#exclude = (settings.exclude ?? []).map((glob) => new ActionGlob(glob))
    this.#floor = floorOf(settings.min_severity)
    this.#success = settings.success
    this.#parties = (['actor', 'target', 'scope'] as const).flatMap((who: PartyName) =>
      partyRules(who, settings[who] ?? {}),
    )
  }

  passes(record: LogRecord): boolean {
    return isOwn(record) || (this.#passesAction(record) && this.#passesLevel(record) && this.#passesParties(record))
  }

  #passesAction(record: LogRecord): boolean {
    const { raw, folded } = actionOf(record)
    const hits = (glob: ActionGlob) => glob.matches(raw, folded)
    return (this.#include === undefined || this.#include.some(hits)) && !this.#exclude.some(hits)
  }

  #passesLevel({ severityNumber, attributes }: LogRecord): boolean {
    if (severityNumber !== undefined && severityNumber > 0 && severityNumber < this.#floor) return false
    const success = attributes['circleci.audit.success']
    return this.#success === undefined || typeof success !== 'boolean' || success === this.#success
  }

  #passesParties({ attributes }: LogRecord): boolean {
    return this.#parties.every((rule) => isParty(rule, attributes) === rule.wanted)
  }
}

function floorOf(level: Level | undefined): number {
  return level === undefined ? 0 : severityNumbers[level]
}

export const module: ProcessorModule<typeof schema> = {
  type: 'filter',
  schema,
  create: (name, settings) => new EventFilter(name, settings),
}
