import type { Loaded } from '../../config/load.ts'
import { SetupError } from '../../domain/failures.ts'
import type { QuarantineEntry } from '../../ledger/quarantine.ts'
import type { Replayed } from '../../pipeline/repairs/replay.ts'
import { answered, noReason, reading } from '../answered.ts'
import { load } from '../load.ts'
import type { QuarantineReplayOptions } from '../repair-options.ts'
import { entryNumbers, isEverything, type Selection, selectedEntries, selection } from './selection.ts'
import { groups, groupsText, replayedText, replayProgress } from './text.ts'

/** Sends what is in quarantine again. 0 when all of it has left, 1 when some stays. Throws SetupError. */
export async function replayQuarantine(options: QuarantineReplayOptions): Promise<number> {
  const loaded = await load(options)
  const selected = selection(options, Date.now())
  const ids = entryNumbers(options.ids)
  if (ids.length === 0 && isEverything(selected) && !options.all) {
    throw new SetupError('it is not said what to replay', {
      hint: 'give numbers of entries, --destination, --reason, --since, --until or --receiver; or --all',
    })
  }
  if (options.dryRun) return foretell(loaded, ids, selected, options)
  const body = { ...(ids.length > 0 && { ids }), ...selected, why: options.why ?? noReason }
  const replayed = await answered<Replayed>(loaded, { kind: 'replay', body, progress: replayProgress })
  if (replayed === undefined) return 1
  console.log(options.json ? JSON.stringify(replayed) : replayedText(replayed))
  const { refused, still, gone, lost, unreadable, retired, provisional, left } = replayed
  return refused + still + gone + lost + unreadable + retired + provisional + left === 0 ? 0 : 1
}

function foretell(
  loaded: Loaded,
  ids: readonly number[],
  selected: Selection,
  { json }: QuarantineReplayOptions,
): Promise<number> {
  return reading(loaded, (ledger) => {
    const meant = ids.length > 0 ? ids.flatMap((id) => ledger.entry(id) ?? []) : selectedEntries(ledger, selected)
    const found = groups([...meant].filter(isAtRest))
    const total = found.reduce((sum, { entries }) => sum + entries, 0)
    if (json) console.log(JSON.stringify({ would_replay: total, groups: found }))
    else if (total === 0) console.log('nothing in quarantine is meant')
    else console.log(['would be sent again:', '', ...groupsText(found)].join('\n'))
    return 0
  })
}

/** Not on its way already, and refused finally. */
function isAtRest({ provisional, replay }: QuarantineEntry): boolean {
  return !provisional && replay === undefined
}
