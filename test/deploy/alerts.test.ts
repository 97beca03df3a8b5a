// The alerts against the program and the runbook: what they name exists, what they say can be said, and somebody who is woken
// finds the page. Whether they fire and clear is promtool's to say (alerts.slow.test.ts); here it is that each is tried.
import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { root, textOf } from '../docs/checkout.ts'
import { alerts, cases, faultsOf, metrics, shown } from './alerts.ts'

describe.each(alerts)('$alert', ({ alert, expr, for: duration, labels, annotations }) => {
  test('asks for metrics and labels that exist', () => {
    expect(faultsOf(expr)).toEqual([])
  })

  test('says how bad it is, what it is, and where to read on; no more than it knows', () => {
    expect(alert).toMatch(/^AuditForwarder[A-Z]\w+$/)
    expect(duration).toMatch(/^\d+[mh]$/)
    expect(labels).toEqual({ severity: expect.stringMatching(/^(critical|warning)$/) })
    expect(Object.keys(annotations).sort()).toEqual(['description', 'runbook_url', 'summary'])
    const { summary = '', description = '' } = annotations
    expect(summary.length).toBeLessThan(100)
    expect(description).toMatch(/[.!?]$/)
    expect(shown(summary + description).filter((label) => !left(expr).has(label))).toEqual([])
  })

  test('has a page in the runbook that names it', () => {
    const { runbook_url: page = '' } = annotations
    expect(page).toMatch(/^docs\/runbook\/[a-z-]+\.md$/)
    expect(existsSync(`${root}/${page}`), page).toBe(true)
    expect(textOf(page)).toContain(`\`${alert}\``)
  })

  test('is tried: it fires on some series, and not at another time of the same', () => {
    const tried = cases.map(({ alert_rule_test: tests }) => tests.filter(({ alertname }) => alertname === alert))
    const fires = (test: (typeof cases)[0]['alert_rule_test'][0]) => test.exp_alerts !== undefined
    const whole = tried.filter((tests) => {
      const first = tests.findIndex(fires)
      return first > 0 && tests.slice(first).some((test) => !fires(test))
    })
    expect(whole.length).toBeGreaterThan(0)
    expect(
      tried
        .flat()
        .filter(fires)
        .flatMap(({ exp_alerts = [] }) => exp_alerts),
    ).not.toContainEqual(expect.objectContaining({ exp_labels: expect.not.objectContaining(labels) }))
  })
})

test('every page that has alerts names those that there are', () => {
  const known = alerts.map(({ alert }) => alert)
  const pages = [...new Set(alerts.map(({ annotations }) => annotations['runbook_url'] ?? ''))]
  const named = pages.flatMap((page) => textOf(page).match(/AuditForwarder\w+/g) ?? [])
  expect(named.filter((name) => !known.includes(name))).toEqual([])
  const listed = [...textOf('docs/runbook/README.md').matchAll(/\| ([A-Z][\w, ]*) \|$/gm)].flatMap(([, names = '']) =>
    names.split(', '),
  )
  expect(listed.map((name) => `AuditForwarder${name}`).sort()).toEqual([...known].sort())
})

test('the series that they are tried on are those of the program', () => {
  const series = cases.flatMap(({ input_series: inputs }) => inputs.map((input) => input.series))
  const foreign = /^up\{/
  expect(series.filter((one) => !foreign.test(one)).flatMap(faultsOf)).toEqual([])
})

test('every gap that there is has its line in the runbook', () => {
  const source = textOf('src/domain/gaps.ts')
  const [, list = ''] = /gapKinds = \[([\s\S]*?)\]/.exec(source) ?? []
  const kinds = [...list.matchAll(/'(\w+)'/g)].map(([, kind]) => kind)
  expect(kinds.length).toBeGreaterThan(10)
  const page = textOf('docs/runbook/gap-open.md')
  for (const kind of kinds) expect(page).toContain(`\`${kind}\``)
})

test.each([
  ['rate(circleci_audit_forwarder_nothing_total[5m])', 'no metric'],
  ['circleci_audit_forwarder_watermark_age_seconds{kind="x"} > 1', 'no label of'],
  ['sum by (colour) (circleci_audit_forwarder_bugs_total)', 'no label: colour'],
  ['up == 0', 'names no metric'],
])('the test sees that %s is wrong', (query, fault) => {
  expect(faultsOf(query).join()).toContain(fault)
})

test('what is shown of a configuration of Prometheus has the rules and the port of the metrics', () => {
  const [, block = ''] = /```yaml\n([\s\S]*?)```/.exec(textOf('deploy/prometheus/README.md')) ?? []
  const rules = expect.stringMatching(/\/rules\.yaml$/)
  const target = { static_configs: [{ targets: [expect.stringMatching(/:9464$/)] }] }
  expect(parse(block)).toEqual({ rule_files: [rules], scrape_configs: [expect.objectContaining(target)] })
})

/** Labels that a result may have: those of the metrics, less what is taken away. */
function left(expr: string): ReadonlySet<string> {
  const names = [...expr.matchAll(/\b(circleci_audit_forwarder_\w+|process_\w+)/g)].flatMap(
    ([, name = '']) => metrics.get(name) ?? [],
  )
  const gone = [...expr.matchAll(/without \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(', '))
  return new Set([...names, 'job', 'namespace'].filter((label) => !gone.includes(label)))
}
