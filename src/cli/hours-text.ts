// The calendar of hours for a terminal: a row for each day, newest first, three columns for each hour. Where colours are
// drawn they are the page's; the signs say the same without them.
import { styleText } from 'node:util'
import type { HourStatus, HoursDocument, ReceiverHours } from '../admin/hours.ts'
import { LEGEND, type Look, lookOf, signOf } from '../admin/page/look.ts'
import { day } from '../admin/page/words.ts'

const colours: Readonly<Record<Look, Parameters<typeof styleText>[0]>> = {
  complete: 'green',
  suspect: ['bold', 'red'],
  behind: 'cyan',
  lost: ['bold', 'red'],
  unprovable: 'gray',
  open: 'gray',
}

/** @param days at the most, for each receiver */
export function hoursText(
  { receivers }: HoursDocument,
  options: { readonly days: number; readonly colour: boolean },
): string {
  return [...receivers.flatMap((receiver) => calendar(receiver, options)), legend(options.colour)].join('\n')
}

function calendar(
  { id, hours }: ReceiverHours,
  { days, colour }: { days: number; colour: boolean },
): readonly string[] {
  const byDay = [...Map.groupBy(hours, ({ hour }) => hour.slice(0, 10))].toReversed().slice(0, days)
  const names = Array.from({ length: 24 }, (_, hour) => String(hour).padStart(3)).join('')
  return [
    `${id}, hours in UTC`,
    `${''.padEnd(LABEL)}${names}`,
    ...byDay.map(([date, of]) => dayLine(date, of, colour)),
    '',
  ]
}

const LABEL = 17

function dayLine(date: string, hours: readonly HourStatus[], colour: boolean): string {
  const byHour = new Map(hours.map((hour) => [Number(hour.hour.slice(11, 13)), hour]))
  const cells = Array.from({ length: 24 }, (_, index) => cell(byHour.get(index), colour))
  return `${day(date).padEnd(LABEL)}${cells.join('')}`.trimEnd()
}

function cell(hour: HourStatus | undefined, colour: boolean): string {
  if (hour === undefined) return '   '
  const look = lookOf(hour, '')
  // Two digits fit; the page has room for more.
  const sign = signOf(hour, look)
  return painted((sign.length > 2 ? '99' : sign).padStart(3), look, colour)
}

function painted(text: string, look: Look, colour: boolean): string {
  return colour ? styleText(colours[look], text, { validateStream: false }) : text
}

function legend(colour: boolean): string {
  return LEGEND.filter(([, sign]) => sign !== '')
    .map(([look, sign, meaning]) => `${painted(sign, look, colour)} ${meaning.split(':')[0]}`)
    .join('   ')
}
