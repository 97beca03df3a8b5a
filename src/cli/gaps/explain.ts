import { gapStatus } from '../../admin/gaps.ts'
import { reading } from '../answered.ts'
import { load } from '../load.ts'
import type { CommonOptions } from '../options.ts'
import { gapOf } from './find.ts'
import { gapText } from './text.ts'

export interface GapExplainOptions extends CommonOptions {
  /** The gap's id, or its beginning. */
  readonly id: string
}

/** Prints all that is known of one gap. 0; throws SetupError where there is none. */
export async function explainGap(options: GapExplainOptions): Promise<number> {
  return reading(await load(options), (ledger) => {
    const gap = gapOf(ledger, options.id)
    const { receiver = null, destination = null, facts, openings } = gap
    const said = { ...gapStatus(gap), receiver, destination, openings, facts }
    console.log(options.json ? JSON.stringify(said, null, 2) : gapText(gap, Date.now()).join('\n'))
    return 0
  })
}
