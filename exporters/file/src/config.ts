import { duration, type ExporterModule, size } from '@circleci-audit-forwarder/contract'
import { z } from 'zod'
import { FileExporter } from './send.ts'

const schema = z.strictObject({
  path: z.string().min(1).meta({ description: 'The file to append to. Its directory must exist.' }),
  max_size: size
    .pipe(z.int().positive())
    .prefault('100MiB')
    .meta({ description: 'The file is renamed and a new one begun before it would grow beyond this.' }),
  max_age: duration
    .pipe(z.number().positive())
    .optional()
    .meta({ description: 'Also when the file was begun this long ago, at the next write. Default: never by age.' }),
  max_files: z
    .int()
    .positive()
    .optional()
    .meta({ description: 'Renamed files to keep; older ones are deleted. Default: all are kept.' }),
  mode: z
    .string()
    .regex(/^0?[0-7]{3}$/, 'is no file mode: write 0640 or 0600')
    .default('0640')
    .transform((text) => Number.parseInt(text, 8))
    .meta({ description: 'Permissions of files it creates, in octal; the umask applies.' }),
})

/** Settings of the `file` exporter, parsed: bytes, milliseconds, a numeric mode. */
export type FileSettings = z.output<typeof schema>

/** `file` for the forwarder's registry: its settings, its lane's defaults, and how it is made. */
export const module: ExporterModule<typeof schema> = {
  type: 'file',
  schema,
  defaults: { records: 5000, bytes: 4 * 1024 * 1024, lingerMs: 1000, concurrency: { min: 1, max: 1 } },
  create: (settings) =>
    new FileExporter({
      path: settings.path,
      maxBytes: settings.max_size,
      maxAgeMs: settings.max_age,
      maxFiles: settings.max_files,
      mode: settings.mode,
    }),
}
