import type { LogRecord } from '@circleci-audit-forwarder/contract'
import type { Processor } from './processor.ts'

/** What a chain makes of a record: the record as it goes out, or the name of the filter that withheld it. */
export type Processed = { readonly record: LogRecord } | { readonly filteredBy: string }

/** A pipeline's processors, in the order configured. */
export class Chain {
  readonly #processors: readonly Processor[]

  constructor(processors: readonly Processor[]) {
    this.#processors = processors
  }

  /** For a record on its way into a batch. A filter sees what the transformers before it made of the record. */
  run(record: LogRecord): Processed {
    let current = record
    for (const processor of this.#processors) {
      if (processor.kind === 'transformer') current = processor.transform(current)
      else if (!processor.passes(current)) return { filteredBy: processor.name }
    }
    return { record: current }
  }

  /** As `run`, for callers that count withheld records without asking by whom. Without processors it costs nothing. */
  process(record: LogRecord): LogRecord | undefined {
    let current = record
    for (const processor of this.#processors) {
      if (processor.kind === 'transformer') current = processor.transform(current)
      else if (!processor.passes(current)) return undefined
    }
    return current
  }

  /** For a record that is a member of a batch already: transformed, and no filter asked. */
  transform(record: LogRecord): LogRecord {
    let current = record
    for (const processor of this.#processors) {
      if (processor.kind === 'transformer') current = processor.transform(current)
    }
    return current
  }
}
