// What a panel is, and where it goes: rows of panels, left to right, as wide as each wants to be. Only what differs from
// Grafana's own defaults is said.

/** How wide a dashboard is. */
const COLUMNS = 24

export interface Query {
  readonly expr: string
  /** With labels in double braces. */
  readonly legend: string
}

export interface Panel {
  readonly title: string
  /** What it says, and when to worry. */
  readonly description: string
  readonly kind: 'timeseries' | 'stat' | 'state-timeline'
  readonly unit: string
  readonly queries: readonly Query[]
  readonly width: number
  readonly height: number
  readonly more: Readonly<Record<string, unknown>>
}

export interface Row {
  readonly title: string
  readonly panels: readonly Panel[]
}

type Words = Pick<Panel, 'title' | 'description' | 'unit'>

/** A curve for each series. */
export function graph(words: Words, ...queries: readonly Query[]): Panel {
  const fill = { custom: { fillOpacity: 10, showPoints: 'never' }, min: 0 }
  return { ...words, kind: 'timeseries', queries, width: 8, height: 8, more: fill }
}

/** The same, one on the other. */
export function stack(words: Words, ...queries: readonly Query[]): Panel {
  const piled = { custom: { fillOpacity: 40, showPoints: 'never', stacking: { mode: 'normal' } }, min: 0 }
  return { ...graph(words, ...queries), more: piled }
}

/** One number, which has the first colour below the first of the values, and each other from its value on. */
export function number(
  words: Words,
  query: string,
  least: string,
  ...from: readonly (readonly [string, number])[]
): Panel {
  const steps = [{ color: least, value: null }, ...from.map(([color, value]) => ({ color, value }))]
  const more = { thresholds: { mode: 'absolute', steps } }
  return { ...words, kind: 'stat', queries: [{ expr: query, legend: '' }], width: 4, height: 4, more }
}

/** What each was when, in words for values 0, 1, 2 …: a colour and a word. */
export function states(words: Words, query: Query, names: readonly (readonly [string, string])[]): Panel {
  const options = Object.fromEntries(
    names.map(([text, color], value) => [String(value), { text, color, index: value }]),
  )
  const more = { custom: { fillOpacity: 70 }, mappings: [{ type: 'value', options }] }
  return { ...words, kind: 'state-timeline', queries: [query], width: 24, height: 7, more }
}

/** Rows as Grafana's JSON has them: a flat list with coordinates. */
export function laidOut(rows: readonly Row[]): readonly object[] {
  const placed: object[] = []
  let y = 0
  for (const { title, panels } of rows) {
    placed.push({ id: placed.length + 1, type: 'row', title, gridPos: { x: 0, y, w: COLUMNS, h: 1 }, panels: [] })
    y += 1
    let x = 0
    let tallest = 0
    for (const panel of panels) {
      if (x + panel.width > COLUMNS) {
        x = 0
        y += tallest
        tallest = 0
      }
      placed.push(json(panel, placed.length + 1, x, y))
      x += panel.width
      tallest = Math.max(tallest, panel.height)
    }
    y += tallest
  }
  return placed
}

const datasource = { type: 'prometheus', uid: '$datasource' }

function json(
  { title, description, kind, unit, queries, width, height, more }: Panel,
  id: number,
  x: number,
  y: number,
) {
  const targets = queries.map(({ expr, legend }, index) => {
    return { refId: String.fromCharCode(65 + index), datasource, expr, legendFormat: legend === '' ? '__auto' : legend }
  })
  const options =
    kind === 'timeseries' ? { legend: { showLegend: true }, tooltip: { mode: 'multi', sort: 'desc' } } : {}
  const gridPos = { x, y, w: width, h: height }
  const fieldConfig = { defaults: { unit, ...more }, overrides: [] }
  return { id, type: kind, title, description, datasource, gridPos, fieldConfig, options, targets }
}
