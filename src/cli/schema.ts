import { jsonSchema } from '../config/json-schema.ts'
import { reference } from '../config/reference.ts'
import { loadPlugins } from './load.ts'
import type { CommonOptions } from './options.ts'

/**
 * Prints what configuration files may say, that of the plugins of the given file included: `config` as JSON Schema,
 * `reference` as a page.
 */
export async function schema(subject: 'config' | 'reference', options: CommonOptions): Promise<number> {
  const components = await loadPlugins(options)
  if (subject === 'reference') process.stdout.write(reference(components))
  else console.log(JSON.stringify(jsonSchema(components), null, 2))
  return 0
}
