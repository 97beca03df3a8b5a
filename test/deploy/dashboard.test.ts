// The dashboard: every panel asks for metrics and labels that the program has, its legends can be written, and the file is
// what its words say.
import { describe, expect, test } from 'vitest'
import { dashboard, rows, variables } from '../../deploy/grafana/dashboard.ts'
import { textOf } from '../docs/checkout.ts'
import { faultsOf, metrics } from './alerts.ts'

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

test('every gauge and counter of the program is on it, but for those that are said otherwise', () => {
  const shown = panels.flatMap(({ queries }) => queries.map(({ expr }) => expr)).join('\n')
  const elsewhere = [
    'watermark_timestamp_seconds', // its age is shown
    'records_accepted_total', // acknowledged ones are shown
    'own_records_delivered_total', // when the last one was
    'records_refused_total', // those that stay in quarantine
    'records_quarantined_total',
    'records_revoked_total',
    'destination_notices_total', // a line in the log
    'destination_stops_total', // the state
    'receiver_stopped', // an alert, and what the receivers are chosen from
    'objects_known_total', // the bill shows what listing costs
    'objects_late_total', // late ones that are outstanding
    'objects_ignored_total',
    'objects_read_total', // events read
    'read_bytes_total',
    'lost_bytes_total',
  ]
  const own = [...metrics.keys()].map((name) => name.replace('circleci_audit_forwarder_', ''))
  const missing = own.filter(
    (name) =>
      !/_(sum|count|bucket)$/.test(name) && !new RegExp(`\\b(circleci_audit_forwarder_)?${name}\\{`).test(shown),
  )
  expect(missing.sort()).toEqual(elsewhere.sort())
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
