// The operator's word on how much attention some actions deserve, for the destinations of one pipeline. For all of a
// receiver's destinations the receiver has `severity` itself. The forwarder's own records keep theirs: `"*": info` must
// not make a gap look like the daily work.
import type { LogRecord } from '@circleci-audit-forwarder/contract'
import { z } from 'zod'
import { ActionGlob } from '../domain/action.ts'
import { type Level, severityNumbers } from '../domain/severity.ts'
import { actionOf, isOwn } from './audit-event.ts'
import type { ProcessorModule, Transformer } from './processor.ts'

const level = z.enum(['info', 'warning', 'critical'])

export const schema = z.strictObject({
  set: z
    .record(z.string().min(1).max(256), level)
    .refine((set) => Object.keys(set).length > 0, { error: 'give at least one glob: without any nothing changes' })
    .meta({
      description: 'Severity by glob over actions (`*` any run of characters, `?` one). The first match holds.',
    }),
})

export type SeveritySettings = z.output<typeof schema>

interface Override {
  readonly glob: ActionGlob
  readonly level: Level
}

/** Sets number and text by the first glob that matches the action, as written or folded. */
export class SeverityOverride implements Transformer {
  readonly kind = 'transformer'
  readonly name: string
  readonly #overrides: readonly Override[]

  constructor(name: string, { set }: SeveritySettings) {
    this.name = name
    this.#overrides = Object.entries(set).map(([glob, level]) => ({ glob: new ActionGlob(glob), level }))
  }

  transform(record: LogRecord): LogRecord {
    if (isOwn(record)) return record
    const { raw, folded } = actionOf(record)
    const level = this.#overrides.find(({ glob }) => glob.matches(raw, folded))?.level
    if (level === undefined || record.severityText === level) return record
    return { ...record, severityNumber: severityNumbers[level], severityText: level }
  }
}

export const module: ProcessorModule<typeof schema> = {
  type: 'severity',
  schema,
  create: (name, settings) => new SeverityOverride(name, settings),
}
