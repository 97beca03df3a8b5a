// Records and processors for tests, made the way the program makes them.
import type { LogRecord } from '@circleci-audit-forwarder/contract'
import { mapEvent, mappingOptions } from '../../src/mapping/map.ts'
import type { Databases, Filter, ProcessorModule, Transformer } from '../../src/processors/processor.ts'
import { normalize } from '../../src/receiver/decode/normalize.ts'
import { itemOf } from '../mapping/corpus.ts'

const source = { store: 's3://acme', key: 'k', seenAt: 1, attributes: { tenant: 'blue' } }

/** The record of an event's text, decoded and mapped. */
export function recordOf(text: string): LogRecord {
  const item = itemOf(text)
  return mapEvent({ ...item, event: normalize(item.event ?? {}) }, source, mappingOptions('0.0.0'))
}

/** No database knows anything. */
export const noDatabases: Databases = { lookup: () => () => undefined }

/** The processor of these settings, as a configuration file would give them. */
export function transformerOf(module: Pick<ProcessorModule, 'schema' | 'create'>, settings: unknown): Transformer {
  const processor = module.create('redact/x', module.schema.parse(settings), noDatabases)
  if (processor.kind !== 'transformer') throw new Error('it is a filter')
  return processor
}

export function filterOf(module: Pick<ProcessorModule, 'schema' | 'create'>, settings: unknown): Filter {
  const processor = module.create('filter/x', module.schema.parse(settings), noDatabases)
  if (processor.kind !== 'filter') throw new Error('it is no filter')
  return processor
}

/** The value, and everything in it, made so that a change of it throws. */
export function frozen<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const key of Reflect.ownKeys(value)) frozen(Reflect.get(value, key))
  }
  return value
}

/** Everything a record says, in every form a destination could be handed: nothing that leaves is missing. */
export function everythingIn(record: LogRecord): string {
  const parts: string[] = []
  const seen = new Set<unknown>()
  const visit = (value: unknown): void => {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') parts.push(String(value))
    if (typeof value !== 'object' || value === null || seen.has(value)) return
    seen.add(value)
    for (const key of Reflect.ownKeys(value)) {
      if (typeof key === 'string') parts.push(key)
      visit(Reflect.get(value, key))
    }
  }
  visit(record)
  visit(record.resource.attributes)
  const texts = parts.join('\n')
  return `${texts}\n${texts.replaceAll(/\\u([0-9a-fA-F]{4})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))}`
}
