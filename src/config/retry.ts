// When to try again: the same for everything that is sent.
import { duration } from '@circleci-audit-forwarder/contract'
import { z } from 'zod'

function positive(text: string) {
  return duration.refine((ms) => ms > 0, 'must be more than nothing').prefault(text)
}

/** `end`: what becomes of what is never taken. */
export function retry(end: string) {
  return z
    .strictObject({
      initial_interval: positive('1s').meta({
        description: 'Longest wait after the first failure; it doubles from there.',
      }),
      max_interval: positive('5m').meta({ description: `Longest wait of all. ${end}` }),
    })
    .refine((retry) => retry.initial_interval <= retry.max_interval, {
      message: 'must be no longer than max_interval',
      path: ['initial_interval'],
    })
    .prefault({})
    .meta({ description: 'When to try again.' })
}
