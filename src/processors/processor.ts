// What stands between mapping and a destination. There are two kinds, told apart by type, because a record that has
// been put in an intent is sent whatever today's filters say: its batch's members are never recomputed. So when an
// intent is formed again after a crash, only `Chain.transform` runs; filters are asked once, by `Chain.process`, before
// the record joins a batch. Rejected: one function that may drop or change, because then nobody could leave out the
// dropping alone.
//
// Records are shared: one object goes to the lanes of all destinations. So a transformer copies what it changes, and
// gives back the very record where it changes nothing.

import type { LogRecord } from '@circleci-audit-forwarder/contract'
import type { z } from 'zod'

/** Decides whether a record goes on. Pure, total, and never changes it. */
export interface Filter {
  readonly kind: 'filter'
  /** The instance as configured, e.g. `filter/no_jobs`: the rule that what was withheld is counted under. */
  readonly name: string
  passes(record: LogRecord): boolean
}

/** Changes a record. Pure: the same record gives the same bytes. Total: never throws. Copies, never mutates or drops. */
export interface Transformer {
  readonly kind: 'transformer'
  readonly name: string
  transform(record: LogRecord): LogRecord
}

export type Processor = Filter | Transformer

/** What a database holds about an address; undefined for nothing. Never throws. */
export type Lookup = (address: string) => unknown

/** The databases that processors named in `files`, opened by whoever makes them: processors do no I/O. */
export interface Databases {
  /** What is in the file now: whoever opened it may replace it while the processor lives. */
  lookup(path: string): Lookup
}

/** All that the configuration needs to know of one type of processor. */
export interface ProcessorModule<Schema extends z.ZodType = z.ZodType> {
  /** The component type in the configuration, e.g. `filter`. */
  readonly type: string
  /** Settings as the configuration file spells them; parsing yields what `create` takes. */
  readonly schema: Schema
  /** Databases to be opened before `create`, by path. */
  files?(settings: z.output<Schema>): readonly string[]
  create(name: string, settings: z.output<Schema>, databases: Databases): Processor
}
