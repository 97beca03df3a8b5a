import {
  duration,
  type Exporter,
  type ExporterModule,
  httpSettings,
  SettingError,
  secret,
} from '@circleci-audit-forwarder/contract'
import { z } from 'zod'
import type { Components } from '../../src/config/schema.ts'
import { processorModules } from '../../src/processors/modules.ts'

// Stand-ins with the silhouette of the real exporters, so that these tests are about the configuration alone.

const limits = { records: 10_000, bytes: 8 * 1024 * 1024 }
const defaults = { records: 500, bytes: 1_000_000, lingerMs: 5000, concurrency: { min: 1, max: 4 } }

function made(): Exporter {
  const unused = () => {
    throw new Error('not used by the configuration')
  }
  return { limits, encode: unused, send: unused, check: unused, close: () => Promise.resolve() }
}

const console: ExporterModule = {
  type: 'console',
  schema: z.strictObject({ format: z.enum(['text', 'json']).optional().meta({ description: 'How to write.' }) }),
  defaults,
  create: made,
}

const file: ExporterModule = {
  type: 'file',
  schema: z.strictObject({ path: z.string().min(1).meta({ description: 'The file to append to.' }) }),
  defaults,
  create: made,
}

const otlpHttp: ExporterModule = {
  type: 'otlp_http',
  schema: z.strictObject({
    ...httpSettings,
    endpoint: z.url().meta({ description: 'Base URL.' }),
    encoding: z.enum(['json', 'proto']).default('proto').meta({ description: 'How bodies are encoded.' }),
  }),
  defaults,
  create: made,
}

const splunkSchema = z.strictObject({
  ...httpSettings,
  endpoint: z.url().meta({ description: 'Base URL of the HTTP Event Collector.' }),
  token: secret.meta({ description: 'HEC token.' }),
  index: z.string().optional().meta({ description: 'Target index.' }),
  poll: duration.default(1500).meta({ description: 'A default in the form that parsing yields.' }),
})

const splunkHec: ExporterModule<typeof splunkSchema> = {
  type: 'splunk_hec',
  schema: splunkSchema,
  defaults,
  create(settings) {
    if (settings.tls?.ca_file === '/absent.pem') {
      throw new SettingError('tls.ca_file', `cannot be read: no such file '/absent.pem'`)
    }
    return made()
  },
}

export const components: Components = {
  exporters: [console, file, otlpHttp, splunkHec as unknown as ExporterModule],
  processors: processorModules,
}

/** What the tests' environment holds. Every value with `sekret` in it must appear in no output, and has the tests' own mark too. */
export const env: Readonly<Record<string, string>> = {
  SPLUNK_TOKEN: 'sekret-splunk-0c3f-5ec4e7ca4a4e',
  DIGITS: '31337',
  TWELVE: '12',
  TRUE: 'true',
  EMPTY: '',
  HOSTILE: 'sekret-5ec4e7ca4a4e: {a: [b\n- c: "d',
  WORD: 'sekret-word-5ec4e7ca4a4e',
}

export const files: Readonly<Record<string, string>> = {
  '/run/secrets/token': 'sekret-from-file-77-5ec4e7ca4a4e\n',
}

export const world = {
  sources: {
    env,
    readFile(path: string): string {
      const text = files[path]
      if (text === undefined) throw new Error(`ENOENT: no such file or directory, open '${path}'`)
      return text
    },
  },
  now: Date.parse('2026-08-01T00:00:00Z'),
}
