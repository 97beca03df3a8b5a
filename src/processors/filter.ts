// Withholds events by action. Exclude wins over include; the forwarder's own records always pass, so that a filter can
// never hide a gap. What is withheld is counted, and can be sent later.

import type { LogRecord } from '@circleci-audit-forwarder/contract'
import { z } from 'zod'
import { ActionGlob } from '../domain/action.ts'
import type { Filter, ProcessorModule } from './processor.ts'

const globs = z.array(z.string().min(1).max(256)).min(1)

export const schema = z
  .strictObject({
    include: globs.optional().meta({
      description:
        'Globs over actions (`*` any run of characters, `?` one). If given, only events matching one of them pass.',
    }),
    exclude: globs.optional().meta({
      description: 'Globs over actions. Events matching one of them are withheld, also if `include` has them.',
    }),
  })
  .refine((settings) => settings.include !== undefined || settings.exclude !== undefined, {
    error: 'give include, exclude or both: a filter with neither withholds nothing',
  })

export type FilterSettings = z.output<typeof schema>

const ownRecords = 'circleci_audit_forwarder.'
const eventPrefix = 'circleci.audit.'

/** By the settings' globs, which match the action as written or folded: `workflow.job.*` has `workflow-job-start` too. */
export class ActionFilter implements Filter {
  readonly kind = 'filter'
  readonly name: string
  readonly #include: readonly ActionGlob[] | undefined
  readonly #exclude: readonly ActionGlob[]

  constructor(name: string, settings: FilterSettings) {
    this.name = name
    this.#include = settings.include?.map((glob) => new ActionGlob(glob))
    this.#exclude = (settings.exclude ?? []).map((glob) => new ActionGlob(glob))
  }

  passes({ eventName = '', attributes }: LogRecord): boolean {
    if (eventName.startsWith(ownRecords)) return true
    const action = attributes['circleci.audit.action']
    const raw = typeof action === 'string' ? action : ''
    const folded = eventName.startsWith(eventPrefix) ? eventName.slice(eventPrefix.length) : eventName
    const hits = (glob: ActionGlob) => glob.matches(raw, folded)
    return (this.#include === undefined || this.#include.some(hits)) && !this.#exclude.some(hits)
  }
}

export const module: ProcessorModule<typeof schema> = {
  type: 'filter',
  schema,
  create: (name, settings) => new ActionFilter(name, settings),
}
