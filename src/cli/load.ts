import { type Loaded, loadComponents, loadConfig, processSources, type World } from '../config/load.ts'
import type { Components } from '../config/schema.ts'
import { components } from './components.ts'
import { useNetwork } from './network.ts'
import type { CommonOptions } from './options.ts'

/**
 * The configuration that a command was told to use. From then on its proxy and its authorities hold for this process.
 * Throws ConfigError.
 */
export async function load({ config }: Pick<CommonOptions, 'config'>): Promise<Loaded> {
  const loaded = await loadConfig(config, components, world())
  useNetwork(loaded.config.service)
  return loaded
}

/** What the configuration may name, its plugins included, whatever else is wrong with it. Throws ConfigError. */
export function loadPlugins({ config }: Pick<CommonOptions, 'config'>): Promise<Components> {
  return loadComponents(config, components, world())
}

function world(): World {
  return { sources: processSources(), now: Date.now() }
}
