import { jsonSchema } from '../config/json-schema.ts'
import { components } from './components.ts'

/** Prints a schema: `config` is the JSON Schema of configuration files. */
export async function schema(_subject: 'config'): Promise<number> {
  console.log(JSON.stringify(jsonSchema(components), null, 2))
  return 0
}
