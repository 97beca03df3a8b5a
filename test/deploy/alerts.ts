// The alerts as data, and what their expressions and sentences name.
import { parse } from 'yaml'
import { textOf } from '../docs/checkout.ts'

export const rulesFile = 'deploy/prometheus/rules.yaml'
export const casesFile = 'deploy/prometheus/tests/alerts.yaml'

export interface Alert {
  readonly alert: string
  readonly expr: string
  readonly for: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

export function alertsOf(text: string): readonly Alert[] {
  const { groups } = parse(text) as { readonly groups: readonly { readonly rules: readonly Alert[] }[] }
  return groups.flatMap(({ rules }) => rules)
}

export const alerts: readonly Alert[] = alertsOf(textOf(rulesFile))

interface Case {
  readonly name: string
  readonly input_series: readonly { readonly series: string }[]
  readonly alert_rule_test: readonly {
    readonly alertname: string
    readonly exp_alerts?: readonly { readonly exp_labels: Readonly<Record<string, string>> }[]
  }[]
}

/** What promtool tries them on. */
export const cases: readonly Case[] = parse(textOf(casesFile)).tests

type Named = readonly [name: string, labels: readonly string[]]

/** The labels of each metric that the program has, by its name as Prometheus keeps it. */
export const metrics: ReadonlyMap<string, readonly string[]> = new Map(
  textOf('test/telemetry/metric-names.txt')
    .trim()
    .split('\n')
    .flatMap((line): readonly Named[] => {
      const [, name = '', kind, labels = ''] = /^(\S+) (\S+) \{(.*)\}$/.exec(line) ?? []
      const known = labels.split(',').filter((label) => label !== '')
      if (kind !== 'histogram') return [[name, known]]
      const of = (suffix: string, labels: readonly string[]): Named => [`${name}_${suffix}`, labels]
      return [of('sum', known), of('count', known), of('bucket', [...known, 'le'])]
    }),
)

/** What Prometheus and its operator add to every series of a target. */
const added = ['job', 'instance', 'namespace', 'pod']

/** What is wrong with a query: metrics that are none, and labels that none of its metrics has. */
export function faultsOf(query: string): readonly string[] {
  const named = [...query.matchAll(/\b(circleci_audit_forwarder_\w+|process_\w+)(?:\{([^}]*)\})?/g)]
  if (named.length === 0) return [`names no metric of this program: ${query}`]
  const unknown = named.filter(([, name = '']) => !metrics.has(name)).map(([, name]) => `no metric: ${name}`)
  const selected = named.flatMap(([, name = '', selector = '']) => {
    const labels = [...selector.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label)
    const known = [...(metrics.get(name) ?? []), ...added]
    return labels.filter((label) => !known.includes(label)).map((label) => `no label of ${name}: ${label}`)
  })
  const all = new Set([...named.flatMap(([, name = '']) => metrics.get(name) ?? []), ...added])
  const grouped = [...query.matchAll(/\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)/g)]
  const loose = grouped.flatMap(([, list = '']) => list.split(',').map((label) => label.trim()))
  return [
    ...unknown,
    ...selected,
    ...loose.filter((label) => label !== '' && !all.has(label)).map((label) => `no label: ${label}`),
  ]
}

/** The labels that a sentence of an alert shows. */
export function shown(text: string): readonly string[] {
  return [...text.matchAll(/\$labels\.(\w+)/g)].map(([, label = '']) => label)
}
