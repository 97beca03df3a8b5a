import type { ExporterModule } from '@circleci-audit-forwarder/contract'
import { z } from 'zod'
import { ConsoleExporter } from './send.ts'

const schema = z.strictObject({
  format: z.enum(['text', 'json']).optional().meta({
    description: 'One line of text or one JSON object per record. Default: text on a terminal, json elsewhere.',
  }),
})

/** Settings of the `console` exporter, parsed. */
export type ConsoleSettings = z.output<typeof schema>

/** `console` for the forwarder's registry: its settings, its lane's defaults, and how it is made. */
export const module: ExporterModule<typeof schema> = {
  type: 'console',
  schema,
  defaults: { records: 1000, bytes: 1024 * 1024, lingerMs: 200, concurrency: { min: 1, max: 1 } },
  create: (settings) => new ConsoleExporter({ format: settings.format }),
}
