// What every exporter may be told besides its own settings: where to begin and how to send. The exporter's schema and
// these become one strict object, so that a misspelt key of either is found in one go; parsing takes them apart again,
// because the exporter knows nothing of lanes.
import { duration, type ExporterModule, type LaneDefaults, size } from '@circleci-audit-forwarder/contract'
import { z } from 'zod'
import type { StartAt } from '../domain/start.ts'
import { retry } from './retry.ts'
import { filled, startAt } from './scalars.ts'
import { durationText, sizeText } from './texts.ts'

const count = z.int().min(1)

/** In `renamed_from`: the exporter is new, although one of its type is gone. */
export const noPredecessor = 'none'

/** The settings that belong to the lane, with the exporter's own defaults. */
function laneShape(defaults: LaneDefaults) {
  return {
    start_at: startAt.optional().meta({ description: "First start only, in place of the receiver's `start_at`." }),
    renamed_from: filled.optional().meta({
      description: `Id the exporter had before: it goes on with what was outstanding there. \`${noPredecessor}\`: it is a new one.`,
    }),
    own_records: z.boolean().default(true).meta({
      description: "Whether it is sent the forwarder's own records: heartbeats, controls, gaps and operators' acts.",
    }),
    retry: retry('There is no last attempt.'),
    batch: z
      .strictObject({
        max_records: count.default(defaults.records).meta({ description: 'Records in one request, at most.' }),
        max_bytes: size
          .refine((bytes) => bytes > 0, 'must be more than nothing')
          .prefault(sizeText(defaults.bytes))
          .meta({
            description:
              'Encoded bytes in one request, before compression, at most. A single larger record goes alone.',
          }),
        linger: duration
          .prefault(durationText(defaults.lingerMs))
          .meta({ description: 'How long a batch that is not full waits for more.' }),
      })
      .prefault({})
      .meta({ description: 'How much goes into one request.' }),
    concurrency: z
      .strictObject({
        min: count.default(defaults.concurrency.min).meta({ description: 'Requests at once when things go badly.' }),
        max: count.default(defaults.concurrency.max).meta({ description: 'Requests at once when things go well.' }),
      })
      .refine(({ min, max }) => min <= max, { message: 'must be no more than max', path: ['min'] })
      .prefault({})
      .meta({ description: 'Requests at once. The forwarder finds the number between the two by itself.' }),
  }
}

/** One exporter as configured. `settings` is what its module's `create` takes. */
export interface ExporterConfig extends LaneConfig {
  readonly type: string
  readonly settings: unknown
}

/** Times are in milliseconds. */
export interface LaneConfig {
  readonly start_at?: StartAt | undefined
  /** What it was called before, or `noPredecessor`. */
  readonly renamed_from?: string | undefined
  readonly own_records: boolean
  readonly retry: { readonly initial_interval: number; readonly max_interval: number }
  readonly batch: { readonly max_records: number; readonly max_bytes: number; readonly linger: number }
  readonly concurrency: { readonly min: number; readonly max: number }
}

/** The names of the settings that no exporter may use for its own. */
export const laneSettings = ['start_at', 'renamed_from', 'own_records', 'retry', 'batch', 'concurrency'] as const

/** The whole of what may stand under an exporter's id. */
export function exporterSchema(module: ExporterModule): z.ZodType<ExporterConfig> {
  if (!(module.schema instanceof z.ZodObject)) throw new Error(`the schema of ${module.type} is no object`)
  return module.schema.safeExtend(laneShape(module.defaults)).transform((all): ExporterConfig => {
    const { start_at, renamed_from, own_records, retry, batch, concurrency, ...settings } = all as unknown as LaneConfig
    const given = { ...(start_at && { start_at }), ...(renamed_from && { renamed_from }) }
    return { type: module.type, settings, ...given, own_records, retry, batch, concurrency }
  })
}
