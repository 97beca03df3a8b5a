import { SetupError } from '../../domain/failures.ts'
import type { Gap } from '../../domain/gaps.ts'
import type { Ledger } from '../../ledger/ledger.ts'

/** Shorter beginnings are typing errors. */
const SHORTEST = 4
/** Among so many gaps that are over, the latest, a beginning is looked for; a whole id is always found. */
const LOOKED_AT = 1_000

/** The gap whose id this is, or begins like this. Throws SetupError if there is none, or several. */
export function gapOf({ watch }: Pick<Ledger, 'watch'>, id: string): Gap {
  const whole = watch.gap(id)
  if (whole !== undefined) return whole
  const found = id.length < SHORTEST ? [] : watch.gaps({ closed: LOOKED_AT }).filter((gap) => gap.id.startsWith(id))
  const [gap, another] = found
  if (gap === undefined) throw new SetupError(`there is no gap ${id}`, { hint: '`gaps` lists them' })
  if (another === undefined) return gap
  throw new SetupError(`${found.length} gaps begin with ${id}`, { hint: 'give more of the id; `gaps` lists them' })
}
