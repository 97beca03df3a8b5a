import { gapStatuses } from '../../admin/gaps.ts'
import { reading } from '../answered.ts'
import { load } from '../load.ts'
import type { CommonOptions } from '../options.ts'
import { gapsText } from './text.ts'

export interface GapsListOptions extends CommonOptions {
  /** Most gaps printed that are over. */
  readonly closed: number
}

/** Prints the gaps that are open, and the latest that are over. 0; throws SetupError. */
export async function listGaps(options: GapsListOptions): Promise<number> {
  return reading(await load(options), (ledger) => {
    const gaps = gapStatuses(ledger.watch.gaps({ closed: options.closed }))
    console.log(options.json ? JSON.stringify({ gaps }, null, 2) : gapsText(gaps, Date.now()).join('\n'))
    return 0
  })
}
