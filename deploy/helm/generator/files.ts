// What the chart carries because helm reads no file outside its folder: the alerts and the dashboard, byte for byte.
import { chart } from './chart.ts'

/** Of each copy, what it is a copy of. Paths from the repository's root. */
export const copies: ReadonlyMap<string, string> = new Map([
  [`${chart}/files/rules.yaml`, 'deploy/prometheus/rules.yaml'],
  [`${chart}/files/dashboard.json`, 'deploy/grafana/dashboard.json'],
])
