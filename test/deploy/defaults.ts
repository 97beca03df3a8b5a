import type { Config } from '../../src/config/schema.ts'
import { loaded } from '../docs/loading.ts'

const least = `
receivers: { circleci_audit: { store: { directory: { path: x } } } }
exporters: { console: {} }
service: { pipelines: { logs: { receivers: [circleci_audit], exporters: [console] } } }`

/** What the program does where nothing is said. */
export function defaults(): Promise<Config> {
  return loaded(least)
}
