// Who is who between the ledger and the configuration. A destination is its name; so one that was renamed looks like one
// that went and one that came, and would leave what was outstanding behind in silence. Nobody but the operator can tell
// the two apart, so wherever it could be either he is asked, before anything is changed. He is asked too when the one
// that goes had everything: what arrived since the last sweep is in no row yet, and a newcomer begins at now.
import { typeOf } from '../domain/component.ts'
import { SetupError } from '../domain/failures.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { count } from '../telemetry/units.ts'
import type { DestinationSpec } from './parts.ts'

/** In place of an earlier name: there is none. */
const newcomer = 'none'

type Named = Pick<DestinationSpec, 'id' | 'renamedFrom'>

/** A destination that goes on under another name. */
export interface Renamed {
  readonly from: string
  readonly to: string
}

/** Renames in the ledger what is renamed in the configuration. Throws SetupError where it is not said who is who. */
export function settleNames(ledger: Ledger, destinations: readonly Named[]): readonly Renamed[] {
  const known = namesIn(ledger)
  const renamed = destinations.filter(({ renamedFrom }) => renamedFrom !== undefined && known.has(renamedFrom))
  for (const one of renamed) if (known.has(one.id)) throw twice(one)
  const left = gone(ledger, destinations)
  for (const one of destinations) {
    if (known.has(one.id) || renamed.includes(one) || one.renamedFrom === newcomer) continue
    const candidates = left.filter(({ id }) => typeOf(id) === typeOf(one.id))
    if (candidates.length > 0) throw unclear(one, candidates)
  }
  const pairs = renamed.map(({ id, renamedFrom: from = id }) => ({ from, to: id }))
  for (const { from, to } of pairs) ledger.rename(from, to)
  return pairs
}

function namesIn(ledger: Ledger): ReadonlySet<string> {
  return new Set([...ledger.routes(), ...ledger.retired()].map(({ destination }) => destination))
}

interface Gone {
  readonly id: string
  /** Objects it was not given. */
  readonly outstanding: number
}

/** Destinations that nobody claims and that go now, or went before with something undelivered. */
function gone(ledger: Ledger, destinations: readonly Named[]): readonly Gone[] {
  const claimed = new Set(destinations.flatMap(({ id, renamedFrom }) => [id, renamedFrom]))
  const going = ledger.accounts()
  const went = ledger.retired().filter(({ outstanding }) => outstanding > 0)
  const unclaimed = [...going, ...went].filter(({ destination }) => !claimed.has(destination))
  return [...new Set(unclaimed.map(({ destination }) => destination))].map((id) => {
    const routes = [...going, ...went].filter(({ destination }) => destination === id)
    return { id, outstanding: routes.reduce((sum, route) => sum + route.outstanding, 0) }
  })
}

function unclear({ id, renamedFrom }: Named, candidates: readonly Gone[]): SetupError {
  const who = candidates.map((each) => {
    const undelivered = each.outstanding === 0 ? '' : ` with ${count(each.outstanding, 'object')} undelivered`
    return `${each.id} is gone from the configuration${undelivered}`
  })
  const what =
    renamedFrom === undefined
      ? `${id} is new to the ledger`
      : `${id} is renamed from ${renamedFrom}, which the ledger does not know`
  const names = candidates.map((each) => `\`renamed_from: ${each.id}\``).join(' or ')
  return new SetupError(`${what}, and ${who.join(', ')}`, {
    hint: `if it was renamed, write ${names} under exporters.${id}, and it goes on where it was; if it is another destination, write \`renamed_from: ${newcomer}\``,
  })
}

function twice({ id, renamedFrom }: Named): SetupError {
  const what = `${id} cannot take over from ${renamedFrom}: the ledger knows both, and each has progress of its own`
  return new SetupError(what, {
    hint: `take \`renamed_from\` out of exporters.${id}; to deliver what ${renamedFrom} still has, configure it again under that name`,
  })
}
