// The dashboard: every panel asks for metrics and labels that the program has, its legends can be written, and the file is
// what its words say.
import { describe, expect, test } from 'vitest'
import { dashboard, rows, variables } from '../../deploy/grafana/dashboard.ts'
import { textOf } from '../docs/checkout.ts'
import { alerts, faultsOf, metrics } from './alerts.ts'

const panels = rows.flatMap((row) => row.panels.map((panel) => ({ ...panel, row: row.title })))

/** What Grafana puts in place of its variables. */
const asked = (expr: string): string => expr.replaceAll('$__rate_interval', '5m')

describe.each(panels)('$row: $title', ({ queries, description, title }) => {
  test('asks for what exists', () => {
    expect(queries.length).toBeGreaterThan(0)
    expect(queries.flatMap(({ expr }) => faultsOf(asked(expr)))).toEqual([])
  })

  test('counters are shown as what they grew, and only counters', () => {
    for (const { expr } of queries) {
      for (const [, before = '', name = ''] of expr.matchAll(
        /(rate\(|increase\()?\b(circleci_audit_forwarder_\w+|process_\w+)\{/g,
      ))
        expect(before !== '', name).toBe(/_(?:total|bucket|count|sum)$/.test(name))
    }
  })

  test('is of what was chosen at the top, and explained', () => {
    for (const { expr } of queries) {
      for (const [, selector = ''] of expr.matchAll(/\b(?:circleci_audit_forwarder|process)_\w+\{([^}]*)\}/g))
        expect(selector).toContain('job=~"$job"')
      expect(expr).not.toMatch(/\b(?:circleci_audit_forwarder|process)_\w+(?![\w{])/)
    }
    expect(title.length).toBeLessThan(60)
    expect(description).toMatch(/[.!?]$/)
  })

  test('its legends name labels that are left', () => {
    for (const { expr, legend } of queries) {
      const kept = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(', '))
      const whole = [...expr.matchAll(/\b(circleci_audit_forwarder_\w+|process_\w+)\{/g)].flatMap(
        ([, name = '']) => metrics.get(name) ?? [],
      )
      const known = kept.length > 0 ? kept : [...whole, 'instance']
      for (const [, label = ''] of legend.matchAll(/\{\{(\w+)\}\}/g))
        expect(known, `${legend} of ${expr}`).toContain(label)
    }
  })
})

test('two curves of a panel are told apart', () => {
  for (const { queries, title } of panels)
    expect(new Set(queries.map(({ legend }) => legend)).size, title).toBe(queries.length)
})

test('what is chosen at the top are labels of the metrics they are taken from', () => {
  const chosen = variables.flatMap(({ query }) => [...(/label_values\((\w+), (\w+)\)/.exec(query) ?? [])].slice(1, 3))
  expect(chosen).toHaveLength(6)
  for (let at = 0; at < chosen.length; at += 2)
    expect([...(metrics.get(chosen[at]!) ?? []), 'job']).toContain(chosen[at + 1])
})

test('whatever an alert is about can be looked at, and so can the most of the rest', () => {
  const shown = panels.flatMap(({ queries }) => queries.map(({ expr }) => expr)).join('\n')
  const isShown = (name: string): boolean => new RegExp(`\\b${name}\\{`).test(shown)
  const asked = alerts.flatMap(({ expr }) => expr.match(/\b(?:circleci_audit_forwarder|process)_\w+/g) ?? [])
  const without = ['circleci_audit_forwarder_receiver_stopped'] // two words, in `status`
  expect([...new Set(asked.filter((name) => !isShown(name)))]).toEqual(without)
  const names = [...metrics.keys()].filter((name) => !/_(?:sum|count|bucket)$/.test(name))
  expect(names.filter(isShown).length / names.length).toBeGreaterThan(0.7)
})

test('the process is matched with the forwarder by its target: they have other labels', () => {
  for (const { queries } of panels) {
    for (const { expr } of queries) expect(expr).not.toMatch(/\band circleci_audit_forwarder_build_info/)
  }
})

test('panels lie side by side: none on another, none beyond the edge', () => {
  const places = dashboard.panels as readonly { gridPos: { x: number; y: number; w: number; h: number } }[]
  for (const [index, { gridPos: one }] of places.entries()) {
    expect(one.x + one.w).toBeLessThanOrEqual(24)
    for (const { gridPos: other } of places.slice(index + 1)) {
      const apart =
        one.x + one.w <= other.x || other.x + other.w <= one.x || one.y + one.h <= other.y || other.y + other.h <= one.y
      expect(apart, `${JSON.stringify(one)} ${JSON.stringify(other)}`).toBe(true)
    }
  }
})

test('dashboard.json is what `npm run dashboard` writes', () => {
  expect(textOf('deploy/grafana/dashboard.json')).toBe(`${JSON.stringify(dashboard, undefined, 2)}\n`)
})
