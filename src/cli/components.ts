import type { Components } from '../config/schema.ts'
import { processorModules } from '../processors/modules.ts'
import { exporters } from '../registry.ts'

/** Everything a configuration may name. */
export const components: Components = { exporters, processors: processorModules }
