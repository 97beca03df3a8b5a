import assert from 'node:assert/strict'
import { addRanges, meets, type Ranges } from '../../domain/ranges.ts'
import type { Position } from '../duplicates.ts'
import type { Attempt, Draft, Intent, Refused, Resolution, Resolved } from '../intents.ts'
import { checkResolution, newestEvents } from '../rules.ts'
import { countRepair, endRow, settle } from './endings.ts'
import { entriesOf, keep } from './quarantine.ts'
import type { EntryState, IntentState, State } from './state.ts'

export function intents(state: State, destination: string): Intent[] {
  const open = state.intents.values().filter((intent) => intent.destination === destination)
  return open.sort((a, b) => a.id - b.id).map(present)
}

function present({ destination: _, ...intent }: IntentState): Intent {
  return intent
}

export function intend(state: State, destination: string, drafts: readonly Draft[], now: number): Intent[] {
  const held = heldBytes(state, destination)
  return drafts.map(({ token, members }) => {
    assert(members.length > 0, 'an intent without members')
    for (const member of members) hold(state, destination, held, member)
    const id = state.next('intent')
    const intent = { id, token, members, createdAt: now, attempts: 0, ambiguous: false, dueAt: now, reason: undefined }
    state.intents.set(id, { ...intent, destination })
    return intent
  })
}

/** No byte of a member may be settled, nor held by anything else: be it one, it would go out twice. */
function hold(state: State, destination: string, held: Map<number, Ranges>, { object, from, to }: Position): void {
  const row = state.row(destination, object)
  const others = held.get(object) ?? []
  assert(row !== undefined, `${destination} has no row for object ${object}`)
  assert(!meets(row.settled, from, to), `object ${object} from byte ${from} on is settled in ${destination}`)
  assert(!meets(others, from, to), `object ${object} from byte ${from} on is held in ${destination}`)
  held.set(object, addRanges(others, [[from, to]]))
}

function heldBytes(state: State, destination: string): Map<number, Ranges> {
  const members = intents(state, destination).flatMap((intent) => intent.members)
  const objects = Map.groupBy([...members, ...provisional(state, destination)], ({ object }) => object)
  return new Map(
    [...objects].map(([object, all]) => [
      object,
      addRanges(
        [],
        all.map(({ from, to }) => [from, to]),
      ),
    ]),
  )
}

function name(object: number, from: number): string {
  return `${object} ${from}`
}

function open(state: State, id: number): IntentState {
  const intent = state.intents.get(id)
  assert(intent !== undefined, `no open intent ${id}`)
  return intent
}

export function attempted(state: State, id: number, attempt: Attempt): Intent {
  const before = open(state, id)
  const { dueAt, reason } = attempt
  const ambiguous = before.ambiguous || attempt.ambiguous
  const after = { ...before, attempts: before.attempts + 1, ambiguous, dueAt, reason }
  state.intents.set(id, after)
  return present(after)
}

export function resolve(state: State, id: number, resolution: Resolution, now: number): Resolved {
  const { destination, members } = open(state, id)
  const { refused = [], drafts = [], possibleDuplicates = 0, eventTimes = [] } = resolution
  const delivered = resolution.delivered === 'all' ? [...members.keys()] : resolution.delivered
  checkResolution(members, delivered, refused, drafts)
  state.intents.delete(id)
  for (const index of delivered) deliver(state, destination, members[index])
  for (const [object, event] of newestEvents(members, delivered, eventTimes, now)) {
    nameLast(state, destination, object, event, now)
  }
  for (const refusal of refused) keepRefused(state, destination, members[refusal.member], refusal, now)
  if (possibleDuplicates > 0) countDuplicates(state, destination, members[0], possibleDuplicates)
  const confirmed = delivered.length > 0 ? confirm(state, destination) : 0
  const intents = intend(state, destination, drafts, now)
  giveUp(state, destination, members)
  return { intents, confirmed }
}

function deliver(state: State, destination: string, member: Position | undefined): void {
  assert(member !== undefined)
  const { object, from, to } = member
  settle(state, { destination, object, ranges: [[from, to]], tally: { delivered: 1 } })
}

/** What was delivered is the last that was. */
function nameLast(state: State, destination: string, object: number, event: number | undefined, at: number): void {
  const row = state.row(destination, object)
  assert(row !== undefined)
  const route = state.route(row.route)
  const { key, time } = state.object(object).object
  const lastEvent = event === undefined ? route.lastEvent : Math.max(route.lastEvent ?? event, event)
  state.routes.set(route.id, { ...route, lastEvent, lastDelivery: { at, key, time } })
}

/** What is not on its way any more and lies in lost rows goes back to where it was settled once. */
function giveUp(state: State, destination: string, positions: readonly Position[]): void {
  for (const object of new Set(positions.map((position) => position.object))) {
    const row = state.row(destination, object)
    if (row?.state === 'lost') endRow(state, row, row.reason)
  }
}

function keepRefused(
  state: State,
  destination: string,
  member: Position | undefined,
  refused: Refused,
  now: number,
): void {
  assert(member !== undefined)
  const { object, from, to } = member
  const { member: _, certain = false, ...record } = refused
  const again = entriesOf(state, object, destination).find((one) => one.replay !== undefined && one.from === from)
  const verdict = { reason: refused.reason, provisional: !certain, at: now }
  const place = { destination, receiver: undefined, object, from, to }
  const entry = again === undefined ? keep(state, { ...record, ...verdict, ...place }) : { ...again, ...verdict }
  state.entries.set(entry.id, entry)
  if (certain) settleQuarantined(state, entry)
}

/** A refusal that is final: the entry stays. */
function settleQuarantined(state: State, entry: EntryState): void {
  const { object, from, to } = position(entry)
  const { destination = '', replay } = entry
  state.entries.set(entry.id, { ...entry, provisional: false, replay: undefined })
  if (replay !== state.row(destination, object)?.repair) countRepair(state, replay, { quarantined: 1 })
  settle(state, { destination, object, ranges: [[from, to]], tally: { quarantined: 1 } })
}

function countDuplicates(state: State, destination: string, member: Position | undefined, count: number): void {
  const row = member && state.row(destination, member.object)
  assert(row !== undefined)
  const route = state.route(row.route)
  state.routes.set(route.id, { ...route, possibleDuplicates: route.possibleDuplicates + count })
}

function verdicts(state: State, destination: string): EntryState[] {
  const entries = state.entries.values().filter((entry) => entry.provisional && entry.destination === destination)
  return entries.sort((a, b) => a.id - b.id)
}

function confirm(state: State, destination: string): number {
  const waiting = verdicts(state, destination)
  for (const entry of waiting) settleQuarantined(state, entry)
  return waiting.length
}

function position(entry: EntryState): Position {
  const { object, from, to } = entry
  assert(object !== undefined)
  return { object, from, to }
}

export function provisional(state: State, destination: string): Position[] {
  return verdicts(state, destination).map(position)
}

export function revoke(state: State, destination: string, dueAt: number, only?: readonly Position[]): number {
  const named = only && new Set(only.map(({ object, from }) => name(object, from)))
  const waiting = verdicts(state, destination).filter((entry) => {
    const { object, from } = position(entry)
    return named === undefined || named.has(name(object, from))
  })
  for (const entry of waiting) {
    if (entry.replay === undefined) state.entries.delete(entry.id)
    else state.entries.set(entry.id, { ...entry, provisional: false })
    const row = state.row(destination, position(entry).object)
    if (row?.state === 'outstanding') state.setRow({ ...row, dueAt })
  }
  giveUp(state, destination, waiting.map(position))
  return waiting.length
}
