// How short a silence would be told, in words: days that are alike stand together, and so do hours. Pure.

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const
const QUARTER_S = 900
const HOUR_S = 3_600

/** Some days of the week, and what is told on them. */
export interface FloorLine {
  readonly days: string
  readonly hours: string
}

/**
 * @param floors seconds by hour of the week from Monday, 00:00 UTC; null: a day of silence proves nothing. Other than a
 *   whole week of them says nothing.
 */
export function floorLines(floors: readonly (number | null)[]): readonly FloorLine[] {
  if (floors.length !== DAYS.length * 24) return []
  const said = DAYS.map((_, day) => hoursText(floors.slice(day * 24, (day + 1) * 24)))
  const lines: FloorLine[] = []
  for (let day = 0; day < DAYS.length; ) {
    let end = day + 1
    while (end < DAYS.length && said[end] === said[day]) end += 1
    const days = end === day + 1 ? DAYS[day] : `${DAYS[day]}–${DAYS[end - 1]}`
    lines.push({ days: days ?? '', hours: said[day] ?? '' })
    day = end
  }
  return lines
}

function hoursText(floors: readonly (number | null)[]): string {
  const texts = floors.map(floorText)
  const parts: string[] = []
  for (let hour = 0; hour < texts.length; ) {
    let end = hour + 1
    while (end < texts.length && texts[end] === texts[hour]) end += 1
    parts.push(end - hour === texts.length ? (texts[hour] ?? '') : `${clock(hour)}–${clock(end)} ${texts[hour]}`)
    hour = end
  }
  return parts.join(', ')
}

/** Rounded up: it must not promise more than is held. */
function floorText(seconds: number | null): string {
  if (seconds === null) return 'not provable'
  if (seconds > 2 * HOUR_S) return `${Math.ceil(seconds / HOUR_S)} h`
  const minutes = (Math.ceil(seconds / QUARTER_S) * QUARTER_S) / 60
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${minutes} min`
}

function clock(hour: number): string {
  return String(hour).padStart(2, '0')
}
