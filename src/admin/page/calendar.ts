// The calendar: a row for each day, newest first, a column for each hour. It is a grid of cells of which one is in the
// tab order; the arrow keys, Home and End move from cell to cell, and what is known of an hour stands below it in words.
import type { HourStatus, ReceiverHours } from '../hours.ts'
import { element } from './element.ts'
import { inWords, lookOf, signOf } from './look.ts'
import { day } from './words.ts'

/** The calendar of one receiver. `chosen`: the hour in the tab order. */
export function calendar(receiver: ReceiverHours, destination: string, chosen: string | undefined): HTMLElement {
  const days = Map.groupBy(receiver.hours, ({ hour }) => hour.slice(0, 10))
  const current = chosen ?? receiver.hours.at(-1)?.hour
  const names = Array.from({ length: 24 }, (_, hour) => String(hour).padStart(2, '0'))
  const head = element('tr', {}, element('td'), ...names.map((name) => element('th', { scope: 'col' }, name)))
  const rows = [...days].toReversed().map(([date, hours]) => dayRow(date, hours, { destination, current, chosen }))
  const label = `Hours of ${receiver.id}, in UTC`
  const table = element('table', { class: 'hours', role: 'grid', 'aria-label': label, 'aria-readonly': 'true' })
  table.append(element('thead', {}, head), element('tbody', {}, ...rows))
  return element('div', { class: 'scroll' }, table)
}

interface Choice {
  readonly destination: string
  readonly current: string | undefined
  readonly chosen: string | undefined
}

function dayRow(date: string, hours: readonly HourStatus[], choice: Choice): HTMLElement {
  const byHour = new Map(hours.map((hour) => [Number(hour.hour.slice(11, 13)), hour]))
  const cells = Array.from({ length: 24 }, (_, index) => hourCell(byHour.get(index), choice))
  return element('tr', {}, element('th', { scope: 'row' }, day(date)), ...cells)
}

function hourCell(hour: HourStatus | undefined, { destination, current, chosen }: Choice): HTMLElement {
  if (hour === undefined) return element('td', { 'data-look': 'open' })
  const look = lookOf(hour, destination)
  const attributes = {
    role: 'gridcell',
    'data-look': look,
    'data-key': hour.hour,
    'aria-label': inWords(hour, look),
    'aria-selected': hour.hour === chosen ? 'true' : 'false',
    tabindex: hour.hour === current ? 0 : -1,
  }
  return element('td', attributes, signOf(hour, look))
}

const STEPS: Readonly<Record<string, readonly [rows: number, columns: number]>> = {
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  Home: [0, -23],
  End: [0, 23],
}

/** The cell that a key leads to; undefined for other keys. Stays within the grid, and goes to the nearest that is an hour. */
export function neighbour(cell: HTMLTableCellElement, key: string): HTMLElement | undefined {
  const step = STEPS[key]
  const row = cell.parentElement as HTMLTableRowElement | null
  const body = row?.parentElement as HTMLTableSectionElement | null
  if (step === undefined || row == null || body == null) return undefined
  const wanted = body.rows[within(row.sectionRowIndex + step[0], body.rows.length)] ?? row
  const hours = [...wanted.cells].filter((one) => one.hasAttribute('data-key'))
  const column = within(cell.cellIndex + step[1], 25)
  return hours.toSorted((a, b) => Math.abs(a.cellIndex - column) - Math.abs(b.cellIndex - column))[0]
}

function within(index: number, length: number): number {
  return Math.min(Math.max(index, 0), length - 1)
}
