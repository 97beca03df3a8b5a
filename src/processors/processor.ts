// What stands between mapping and a destination. There are two kinds, told apart by type, because a record that has
// been put in an intent is sent whatever today's filters say: its batch's members are never recomputed. So when an
// intent is formed again after a crash, only `Chain.transform` runs; filters are asked once, by `Chain.process`, before
// the record joins a batch. Rejected: one function that may drop or change, because then nobody could leave out the
// dropping alone.

import type { LogRecord } from '@circleci-audit-forwarder/contract'
import type { z } from 'zod'

/** Decides whether a record goes on. Pure, and never changes it. */
export interface Filter {
  readonly kind: 'filter'
  /** The instance as configured, e.g. `filter/no_jobs`: the rule that what was withheld is counted under. */
  readonly name: string
  passes(record: LogRecord): boolean
}

/** Changes a record. Pure: the same record gives the same bytes. Copies, never mutates, and never drops. */
export interface Transformer {
  readonly kind: 'transformer'
  readonly name: string
  transform(record: LogRecord): LogRecord
}

export type Processor = Filter | Transformer

/** All that the configuration needs to know of one type of processor. */
export interface ProcessorModule<Schema extends z.ZodType = z.ZodType> {
  /** The component type in the configuration, e.g. `filter`. */
  readonly type: string
  /** Settings as the configuration file spells them; parsing yields what `create` takes. */
  readonly schema: Schema
  create(name: string, settings: z.output<Schema>): Processor
}
