import { module as filter } from './filter.ts'
import type { ProcessorModule } from './processor.ts'

/** Every type of processor there is. A new one is a file and a line here. */
export const processorModules: readonly ProcessorModule[] = [filter as ProcessorModule]
