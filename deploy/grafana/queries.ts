// How the dashboard asks: metrics of the program, of what is chosen at the top.
import type { Query } from './panels.ts'

/** Series of the chosen jobs; of those the chosen destinations', receivers', or both. */
export const all = 'job=~"$job"'
export const to = `${all},destination=~"$destination"`
export const from = `${all},receiver=~"$receiver"`
export const both = `${to},receiver=~"$receiver"`

/** One metric of the program, of the chosen series. */
export const of = (name: string, chosen: string = all): string => `circleci_audit_forwarder_${name}{${chosen}}`
export const rate = (name: string, chosen: string = all): string => `rate(${of(name, chosen)}[$__rate_interval])`
export const grown = (name: string, chosen: string = all): string => `increase(${of(name, chosen)}[$__rate_interval])`
export const sum = (by: string, query: string): string => `sum by (${by}) (${query})`
export const max = (by: string, query: string): string => `max by (${by}) (${query})`
export const p95 = (by: string, name: string, chosen: string): string =>
  `histogram_quantile(0.95, sum by (${by}, le) (rate(${of(`${name}_bucket`, chosen)}[$__rate_interval])))`
export const shows = (expr: string, legend: string): Query => ({ expr, legend })
