import { module as attributes } from './attributes.ts'
import { module as filter } from './filter.ts'
import { module as geoip } from './geoip.ts'
import type { ProcessorModule } from './processor.ts'
import { module as redact } from './redact.ts'
import { module as severity } from './severity.ts'

/** Every type of processor there is. A new one is a file and a line here. */
export const processorModules: readonly ProcessorModule[] = [
  filter as ProcessorModule,
  attributes as ProcessorModule,
  geoip as ProcessorModule,
  redact as ProcessorModule,
  severity as ProcessorModule,
]
