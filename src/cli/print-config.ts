import { stringify } from 'yaml'
import { effective } from '../config/effective.ts'
import { load } from './load.ts'
import type { CommonOptions } from './options.ts'

/** Prints the configuration as it takes effect: defaults filled in, secrets masked. */
export async function printConfig(options: CommonOptions): Promise<number> {
  const config = effective(await load(options))
  process.stdout.write(options.json ? `${JSON.stringify(config)}\n` : stringify(config, { lineWidth: 0 }))
  return 0
}
