/// <reference lib="dom" />
// Asks the forwarder for its state every two seconds and shows it. It only reads; nothing is kept but the token, for as
// long as the tab lives. Where the forwarder cannot be reached the last state stays, and it is said how old it is:
// an old picture must not pass for a new one.

import type { HoursDocument } from '../hours.ts'
import type { StatusDocument } from '../status.ts'
import { calendar, neighbour } from './calendar.ts'
import { destinationTable } from './destinations.ts'
import { byId, element, show } from './element.ts'
import { gapList } from './gaps.ts'
import { inWords, LEGEND, lookOf } from './look.ts'
import { Rates } from './rates.ts'
import { silences } from './silences.ts'
import { verdictOf } from './verdict.ts'
import { age } from './words.ts'

const EVERY_MS = 2_000
/** Hours change slowly and are many: they are asked for once in so many rounds. */
const HOURS_EVERY = 5
const TOKEN = 'circleci-audit-forwarder token'

const state = byId('state')
const entrance = byId<HTMLFormElement>('entrance')
const receiverChoice = byId<HTMLSelectElement>('receiver')
const destinationChoice = byId<HTMLSelectElement>('destination')

let hours: HoursDocument | undefined
let receivers: StatusDocument['receivers'] = []
let chosen: string | undefined
let answeredAt: number | undefined
let round = 0
/** Over the last minute, as soon as there are ten seconds of it. */
const rates = new Rates({ windowMs: 60_000, leastMs: 10_000 })

class Refused extends Error {}

/** Relative to where the page lies, whatever path a proxy puts before it. */
async function ask<Document>(path: string): Promise<Document> {
  const token = sessionStorage.getItem(TOKEN)
  const headers = token === null ? {} : { authorization: `Bearer ${token}` }
  const response = await fetch(new URL(path, document.baseURI), { headers, cache: 'no-store' })
  if (response.status === 401) throw new Refused()
  if (!response.ok) throw new Error(`the forwarder answered ${response.status}`)
  return response.json() as Promise<Document>
}

async function look(): Promise<void> {
  try {
    const status = await ask<StatusDocument>('api/status')
    if (round++ % HOURS_EVERY === 0) hours = await ask<HoursDocument>('api/hours')
    answeredAt = Date.now()
    showStatus(status)
    showHours()
  } catch (error) {
    if (error instanceof Refused) askForToken()
    else showSilence(error)
  }
}

function showStatus(status: StatusDocument): void {
  entrance.hidden = true
  state.hidden = false
  const verdict = verdictOf(status)
  say(verdict.state, verdict.text)
  const { forwarder } = status
  const about = forwarder === null ? '' : `Version ${forwarder.version}, running for ${age(forwarder.uptimeSeconds)}.`
  if (byId('about').textContent !== about) byId('about').textContent = about
  receivers = status.receivers
  show(byId('destinations'), destinationTable(status.destinations, rates.next(status)))
  show(byId('gaps'), ...gapList(status.gaps.filter((gap) => gap.state !== 'healed')))
}

function showHours(): void {
  if (hours === undefined) return
  offer(
    receiverChoice,
    hours.receivers.map(({ id }) => [id, id]),
  )
  const receiver = hours.receivers.find(({ id }) => id === receiverChoice.value) ?? hours.receivers[0]
  if (receiver === undefined) return
  offer(destinationChoice, [['', 'all destinations'], ...receiver.destinations.map((id): [string, string] => [id, id])])
  show(byId('calendar'), calendar(receiver, destinationChoice.value, chosen))
  show(byId('silences'), ...silences(receivers.find(({ id }) => id === receiver.id)?.floors ?? []))
  const hour = receiver.hours.find((one) => one.hour === chosen)
  if (hour !== undefined) explain(inWords(hour, lookOf(hour, destinationChoice.value)))
}

function explain(text: string): void {
  if (byId('hour').textContent !== text) byId('hour').textContent = text
}

/** Keeps what is chosen as long as it is offered. */
function offer(choice: HTMLSelectElement, options: readonly (readonly [value: string, name: string])[]): void {
  const before = choice.value
  const next = options.map(([value, name]) => element('option', { value }, name))
  if (next.map(({ outerHTML }) => outerHTML).join('') === choice.innerHTML) return
  choice.replaceChildren(...next)
  if (options.some(([value]) => value === before)) choice.value = before
}

function say(how: string, text: string): void {
  const verdict = byId('verdict')
  verdict.dataset['state'] = how
  if (verdict.textContent !== text) verdict.textContent = text
}

function showSilence(error: unknown): void {
  const reason = error instanceof Error ? error.message : String(error)
  const old = answeredAt === undefined ? '' : ` What stands below is ${age((Date.now() - answeredAt) / 1_000)} old.`
  say('bad', `The forwarder does not answer (${reason}).${old}`)
}

function askForToken(): void {
  const tried = sessionStorage.getItem(TOKEN) !== null
  sessionStorage.removeItem(TOKEN)
  if (tried) byId('refused').textContent = 'The forwarder does not know this token.'
  say('warn', 'The state is shown to those who have the token.')
  state.hidden = true
  if (entrance.hidden) {
    entrance.hidden = false
    byId('token').focus()
  }
}

function choose(cell: HTMLElement): void {
  chosen = cell.dataset['key']
  showHours()
  byId('calendar').querySelector<HTMLElement>(`[data-key="${chosen}"]`)?.focus()
}

function cellOf(event: Event): HTMLTableCellElement | null {
  return event.target instanceof Element ? event.target.closest<HTMLTableCellElement>('td[data-key]') : null
}

entrance.addEventListener('submit', (event) => {
  event.preventDefault()
  const token = byId<HTMLInputElement>('token')
  sessionStorage.setItem(TOKEN, token.value)
  token.value = ''
  byId('refused').textContent = ''
  round = 0
  void look()
})
receiverChoice.addEventListener('change', showHours)
destinationChoice.addEventListener('change', showHours)
byId('calendar').addEventListener('click', (event) => {
  const cell = cellOf(event)
  if (cell !== null) choose(cell)
})
byId('calendar').addEventListener('keydown', (event) => {
  const cell = cellOf(event)
  const next = cell === null ? undefined : neighbour(cell, event.key)
  if (next === undefined) return
  event.preventDefault()
  choose(next)
})
for (const [look, sign, meaning] of LEGEND) {
  byId('legend').append(element('li', {}, element('span', { 'data-look': look }, sign), meaning))
}

for (;;) {
  await look()
  await new Promise((resolve) => setTimeout(resolve, EVERY_MS))
}
