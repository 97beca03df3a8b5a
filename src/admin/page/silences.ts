// How short a silence of a receiver would be told, by day and hour of its week: what "proven" in the calendar rests on.
import { element } from './element.ts'
import { floorLines } from './floors.ts'

export function silences(floors: readonly (number | null)[]): readonly HTMLElement[] {
  const lines = floorLines(floors)
  if (lines.length === 0)
    return [element('p', {}, 'Too little is known of the rhythm: no silence is told yet, and no hour is proven.')]
  const list = lines.flatMap(({ days, hours }) => [element('dt', {}, days), element('dd', {}, hours)])
  const summary = element('summary', { 'data-key': 'silences' }, 'Shortest silence that is told, by hour in UTC')
  return [element('details', { 'data-key': 'silences' }, summary, element('dl', {}, ...list))]
}
