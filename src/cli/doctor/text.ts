// The report for people: a row per finding, under it in words why and what to do next, and at the end one line that says
// whether anything is wrong and with what. Long texts are wrapped where the width is known.
import { count, oneLine } from '../../telemetry/units.ts'
import { type Column, table } from '../table.ts'
import type { Component, Report } from './report.ts'

const columns: readonly Column[] = [{ title: 'COMPONENT' }, { title: 'RESULT' }, { title: 'CHECK' }]
const narrowest = 30

/** `width` in characters; undefined where lines may be as long as they are. */
export function reportText(report: Report, width?: number): string {
  const rows = report.components.flatMap((component) => rowsOf(component, textWidth(report, width)))
  return [...table(columns, rows), '', conclusion(report)].join('\n')
}

/** What is left for the last column. */
function textWidth({ components }: Report, width: number | undefined): number {
  const first = Math.max('COMPONENT'.length, ...components.map((component) => nameOf(component).length))
  return width === undefined ? Number.POSITIVE_INFINITY : Math.max(narrowest, width - first - 'warning'.length - 4)
}

function rowsOf(component: Component, width: number): readonly (readonly string[])[] {
  return component.findings.flatMap(({ level, what, detail, next }, index) => {
    const name = index === 0 ? nameOf(component) : ''
    // What is proven is read at a glance; what is not deserves its own lines.
    const inline = level === 'ok' && detail !== undefined
    const [first = '', ...rest] = wrapped(inline ? `${what}: ${detail}` : what, width - 2, '')
    const more = [
      ...rest.map((line) => `  ${line}`),
      ...(inline || detail === undefined ? [] : wrapped(detail, width, '  ')),
      ...(next === undefined ? [] : wrapped(`→ ${next}`, width, '  ')),
    ]
    return [[name, level, first], ...more.map((line) => ['', '', line])]
  })
}

function nameOf({ kind, id }: Component): string {
  return kind === 'store' || kind === 'queue' ? `${id} ${kind}` : id
}

/** In lines of at most `width`, each begun with the indent. A word longer than that stays whole, so that it can be copied. */
function wrapped(text: string, width: number, indent: string): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of oneLine(text).split(' ')) {
    if (line !== '' && indent.length + line.length + 1 + word.length > width) {
      lines.push(indent + line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, indent + line]
}

function conclusion({ healthy, components, counts }: Report): string {
  const parts = [
    `${counts.ok} proven`,
    `${counts.unknown} not provable from here`,
    count(counts.warning, 'warning'),
    count(counts.error, 'error'),
  ]
  const wrong = components.filter((component) => component.wrong).map(nameOf)
  return `${healthy ? 'nothing is wrong' : `wrong: ${wrong.join(', ')}`} (${parts.join(', ')})`
}
