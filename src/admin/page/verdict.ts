// The whole state in one sentence. Blind is not well: before the first complete sweep nothing is claimed.
import type { StatusDocument } from '../status.ts'
import { counted } from './words.ts'

export interface Verdict {
  readonly state: 'good' | 'warn' | 'bad'
  readonly text: string
}

/** The worst thing that can be said of a status. Pure. */
export function verdictOf({ receivers, destinations, totals, gaps }: StatusDocument): Verdict {
  const open = gaps.filter(({ state }) => state === 'open')
  const critical = open.filter(({ severity }) => severity === 'critical').length
  const halted = receivers.filter(({ stop }) => stop !== null).length
  const retrying = new Set(destinations.filter(({ state }) => state === 'retrying').map(({ id }) => id)).size
  const unproven = destinations.filter(({ watermark }) => watermark === null).length
  if (critical > 0) return { state: 'bad', text: `${counted(critical, 'critical gap')}: events are missing, or may be` }
  if (halted > 0) return { state: 'bad', text: `${counted(halted, 'receiver')} stopped: nothing is taken from it` }
  if (totals.stopped > 0) return { state: 'bad', text: `${counted(totals.stopped, 'destination')} stopped` }
  if (open.length > 0) return { state: 'warn', text: `${counted(open.length, 'gap')} to look into` }
  if (retrying > 0) return { state: 'warn', text: `${counted(retrying, 'destination')} failing and tried again` }
  if (unproven > 0) return { state: 'warn', text: 'The bucket has not been listed completely yet: nothing is proven' }
  if (totals.outstanding > 0)
    return { state: 'good', text: `Catching up: ${counted(totals.outstanding, 'object')} outstanding` }
  return { state: 'good', text: 'Everything found in the bucket has been delivered' }
}
