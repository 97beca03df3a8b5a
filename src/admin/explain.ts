// A destination's state in one sentence, for those who are not going to read the numbers.
import type { Account } from '../ledger/accounts.ts'
import type { LaneState } from '../telemetry/lanes.ts'
import { count, duration } from '../telemetry/units.ts'
import type { DestinationState } from './destination-status.ts'

export function explain(account: Account, state: DestinationState, lane: LaneState | undefined, now: number): string {
  return [stateInWords(account, state, lane, now), ...remarks(account), ...changedBy(lane)].join('; ')
}

function stateInWords(account: Account, state: DestinationState, lane: LaneState | undefined, now: number): string {
  const waiting = count(account.outstanding, 'object')
  switch (state) {
    case 'stopped':
      return stopped(account, now)
    case 'retrying':
      return `${waiting} outstanding, trying again: ${account.oldest?.reason ?? lane?.lastError?.reason ?? 'see the log'}`
    case 'delivering':
      return `${waiting} outstanding`
    default:
      return account.watermark === undefined ? 'waiting for the first complete sweep' : 'everything known is settled'
  }
}

function stopped(account: Account, now: number): string {
  const { stop } = account
  if (stop === undefined) return 'stopped'
  return `stopped for ${duration(Math.max(0, now - stop.since))}, check its ${stop.cause}: ${stop.reason}`
}

/** What an operator must not overlook, whatever the state. */
function remarks(account: Account): readonly string[] {
  const all: string[] = []
  if (account.watermark === undefined && account.outstanding > 0) all.push('no complete sweep yet')
  if (account.late > 0) all.push(`${count(account.late, 'object')} late`)
  if (account.provisional > 0) all.push(`${count(account.provisional, 'refused record')} held`)
  if (account.lostObjects > 0) all.push(`${count(account.lostObjects, 'object')} lost`)
  return all
}

/** What the destination was given otherwise than it is. */
function changedBy(lane: LaneState | undefined): readonly string[] {
  const { late = 0, early = 0, trimmed = 0 } = lane?.changed ?? {}
  const ways = Object.entries({ late, early, trimmed }).filter(([, records]) => records > 0)
  if (ways.length === 0) return []
  return [`sent changed since the start: ${ways.map(([way, records]) => `${records} ${way}`).join(', ')}`]
}
