import { type Loaded, loadConfig, processSources } from '../config/load.ts'
import { components } from './components.ts'
import type { CommonOptions } from './options.ts'

/** The configuration that a command was told to use. Throws ConfigError. */
export function load({ config }: Pick<CommonOptions, 'config'>): Promise<Loaded> {
  return loadConfig(config, components, { sources: processSources(), now: Date.now() })
}
