// The processors of a pipeline, made from a configuration, and the databases that some of them look things up in: each
// file is opened once, however many pipelines name it.
import type { Config } from '../config/schema.ts'
import { DatabaseFiles } from '../databases/databases.ts'
import { typeOf } from '../domain/component.ts'
import { Chain } from '../processors/chain.ts'
import { processorModules } from '../processors/modules.ts'
import type { Databases, ProcessorModule } from '../processors/processor.ts'
import type { Tell } from '../telemetry/events.ts'

/** The processors that some pipeline uses, each with the database files it looks things up in. */
export function databaseFiles({ processors, service }: Config): ReadonlyMap<string, readonly string[]> {
  const used = new Set(Object.values(service.pipelines).flatMap((pipeline) => pipeline.processors))
  return new Map([...used].map((id) => [id, moduleOf(id).files?.(processors[id]?.settings) ?? []]))
}

/** Opens the databases of those processors. Throws SetupError for one that cannot be read. */
export function openDatabases(config: Config, tell: Tell): Promise<DatabaseFiles> {
  return DatabaseFiles.open([...databaseFiles(config).values()].flat(), tell)
}

/** These processors, in this order. */
export function openChain(ids: readonly string[], { processors }: Config, databases: Databases): Chain {
  return new Chain(ids.map((id) => moduleOf(id).create(id, processors[id]?.settings, databases)))
}

function moduleOf(id: string): ProcessorModule {
  const module = processorModules.find(({ type }) => type === typeOf(id))
  if (module === undefined) throw new Error(`there is no processor of type ${typeOf(id)}`)
  return module
}
