import type { ExporterModule } from '@circleci-audit-forwarder/contract'
import type { Components } from '../config/schema.ts'
import { processorModules } from '../processors/modules.ts'
import * as registry from '../registry.ts'

/** The exporters the program is made with, in the order of their names. */
export const exporters: readonly ExporterModule[] = Object.values(registry)

/** Everything a configuration may name. */
export const components: Components = { exporters, processors: processorModules }
