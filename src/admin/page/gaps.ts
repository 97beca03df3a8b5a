// What is missing, or may be: each gap with its interval, its evidence and what to do next.
import type { GapStatus } from '../gaps.ts'
import { element } from './element.ts'
import { time } from './words.ts'

/** The open gaps, worst first as they come; or that there are none, where that is known. */
export function gapList(gaps: readonly GapStatus[]): readonly HTMLElement[] {
  if (gaps.length === 0) return [element('p', {}, 'None.')]
  return gaps.map(gapArticle)
}

function gapArticle(gap: GapStatus): HTMLElement {
  const state = element('span', { class: 'state', 'data-state': gap.state === 'open' ? gap.severity : gap.state })
  state.append(gap.state === 'open' ? gap.severity : gap.state)
  const until = gap.to === null ? 'now' : time(gap.to)
  const facts: [string, string][] = [
    ['From', time(gap.from)],
    ['To', until],
    ['Noticed', time(gap.openedAt)],
    ['Id', gap.id],
    ...(gap.note === null ? [] : ([['Note', gap.note]] satisfies [string, string][])),
  ]
  const list = facts.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)])
  const key = `gap ${gap.id}`
  return element(
    'article',
    { class: 'gap', 'aria-label': `${gap.kind}, ${gap.subject}` },
    element('h3', {}, state, ` ${gap.kind.replaceAll('_', ' ')}: ${gap.subject}`),
    element('p', {}, gap.evidence),
    element('p', {}, element('strong', {}, 'Next: '), gap.next),
    element(
      'details',
      { 'data-key': key },
      element('summary', { 'data-key': key }, 'Details'),
      element('dl', {}, ...list),
    ),
  )
}
