import { reading } from '../answered.ts'
import { load } from '../load.ts'
import type { QuarantineListOptions } from '../repair-options.ts'
import { selectedEntries, selection } from './selection.ts'
import { entriesText, groups, groupsText } from './text.ts'

/** Prints what is in quarantine: how much by destination and reason, then the first entries. 0; throws SetupError. */
export async function listQuarantine(options: QuarantineListOptions): Promise<number> {
  const loaded = await load(options)
  const selected = selection(options, Date.now())
  return reading(loaded, (ledger) => {
    const found = groups(selectedEntries(ledger, selected))
    const total = found.reduce((sum, { entries }) => sum + entries, 0)
    const entries = ledger.quarantine({ ...selected, limit: options.limit, bare: true })
    if (options.json) {
      const shown = entries.map(({ bytes: _, ...entry }) => ({ ...entry, at: new Date(entry.at).toISOString() }))
      console.log(JSON.stringify({ total, groups: found.map(instants), entries: shown }, null, 2))
      return 0
    }
    if (total === 0) console.log('nothing is in quarantine')
    else console.log([...groupsText(found), '', ...entriesText(entries), ...rest(total, entries.length)].join('\n'))
    return 0
  })
}

function instants<T extends { readonly first: number; readonly last: number }>(group: T) {
  return { ...group, first: new Date(group.first).toISOString(), last: new Date(group.last).toISOString() }
}

function rest(total: number, shown: number): readonly string[] {
  return shown === total ? [] : ['', `and ${total - shown} more; name less, or raise --limit`]
}
