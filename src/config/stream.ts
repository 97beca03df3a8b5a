// What is to be expected of a receiver's stream: how long it may be silent, when it rests, and what surely comes.
import { duration } from '@circleci-audit-forwarder/contract'
import { z } from 'zod'
import { filled } from './scalars.ts'

const day = /^\d{4}-\d{2}-\d{2}$/
const instant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/

const moment = z.string().transform((text, context): number => {
  const at = day.test(text) || instant.test(text) ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(at)) return at
  context.addIssue({ code: 'custom', message: 'is no day and no instant: write 2026-12-24 or 2026-12-24T18:00:00Z' })
  return z.NEVER
})

export const silence = z
  .strictObject({
    floor: duration
      .refine((ms) => ms >= 600_000, 'must be 10m or more')
      .prefault('45m')
      .meta({ description: 'No shorter silence is a gap.' }),
    ceiling: duration
      .refine((ms) => ms >= 600_000, 'must be 10m or more')
      .optional()
      .meta({
        description:
          'Every longer silence is a gap, whatever the rhythm: nights, weekends and holidays too. Without it, what the rhythm says.',
      }),
  })
  .refine(({ floor, ceiling }) => ceiling === undefined || floor <= ceiling, {
    message: 'must not be less than `floor`',
    path: ['ceiling'],
  })

export const quiet = z
  .strictObject({
    from: moment.meta({ description: 'A day (its beginning, in UTC) or an instant in RFC 3339.' }),
    to: moment.meta({ description: 'The same; the first moment that is not quiet any more.' }),
    reason: filled.meta({ description: 'Why, for whoever reads it later.' }),
  })
  .refine(({ from, to }) => from < to, { message: 'must come after `from`', path: ['to'] })

export const regular = z.strictObject({
  match: z
    .strictObject({
      action: filled.meta({ description: 'Action, as a glob, in either spelling.' }),
      target: filled.optional().meta({ description: "The target's name or id, as a glob. Without it, any." }),
    })
    .meta({ description: 'Which event.' }),
  every: duration.refine((ms) => ms >= 60_000, 'must be 1m or more').meta({ description: 'How often it comes.' }),
  grace: duration.prefault('30m').meta({ description: 'How late it may be, its way into the bucket included.' }),
})

export const retention = duration
  .refine((ms) => ms >= 3_600_000, 'must be 1h or more')
  .meta({
    description:
      'How long objects stay in the bucket. A gap opens when what is outstanding has used half of it. Without it, what the lifecycle rules of S3 and Google Cloud Storage say.',
  })
