// That somebody takes bytes out of quarantine is on record before they leave. The command writes them by itself: they are
// none of the forwarder's business.
import { z } from 'zod'
import { actRecord } from '../../domain/acts.ts'
import { type RequestKind, requestKind } from '../../domain/request.ts'
import { parsed, type RepairParts } from './parts.ts'

export const exportBody = z.strictObject({
  /** Where to, and how many there are. */
  file: z.string(),
  entries: z.number(),
  destination: z.string().optional(),
  receiver: z.string().optional(),
  reason: z.string().optional(),
  since: z.number().optional(),
  until: z.number().optional(),
  /** In the operator's words. */
  why: z.string(),
})

export function exportKind({ ledger, clock, wake }: Pick<RepairParts, 'ledger' | 'clock' | 'wake'>): RequestKind {
  return requestKind({
    name: 'quarantine.export',
    parse: (body) => parsed(exportBody, body),
    act: async ({ why, ...about }, { by, at }) => {
      const body = `${about.entries} quarantined records are exported to ${about.file}`
      const stated = Object.fromEntries(Object.entries(about).filter(([, value]) => value !== undefined))
      const record = actRecord({ what: 'quarantine_exported', by, at, why, body, about: stated })
      ledger.record([{ record }], clock.now())
      wake()
      return { recorded: true }
    },
  })
}
