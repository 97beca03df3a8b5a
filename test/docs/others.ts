// Configurations of other programs that the pages show: strict schemas of the settings they use, and that what refers to
// something finds it. Names are those of the OpenTelemetry Collector's and Vector's own references.
import { Ajv } from 'ajv'
import type { Mapping } from './blocks.ts'

const text = { type: 'string' }
const texts = { type: 'array', items: text }
const flag = { type: 'boolean' }
const number = { type: 'integer' }
const strict = (properties: object, required: readonly string[] = []) => ({
  type: 'object',
  additionalProperties: false,
  properties,
  required,
})
const mapOf = (additionalProperties: object) => ({ type: 'object', additionalProperties })
const byType = (types: Readonly<Record<string, object>>) => ({
  type: 'object',
  additionalProperties: false,
  patternProperties: Object.fromEntries(Object.entries(types).map(([type, rule]) => [`^${type}(/[\\w-]+)?$`, rule])),
})

const listen = strict({ endpoint: text }, ['endpoint'])
const collector = strict(
  {
    receivers: byType({ otlp: strict({ protocols: strict({ http: listen, grpc: listen }) }, ['protocols']) }),
    exporters: byType({
      otlp_http: strict(
        {
          endpoint: text,
          headers: mapOf(text),
          sending_queue: strict({ enabled: flag, storage: text }),
          retry_on_failure: strict({ enabled: flag }),
        },
        ['endpoint'],
      ),
      file: strict({ path: text }, ['path']),
      debug: strict({ verbosity: { enum: ['basic', 'normal', 'detailed'] } }),
    }),
    extensions: byType({ health_check: listen }),
    service: strict(
      {
        extensions: texts,
        pipelines: {
          type: 'object',
          patternProperties: { '^logs(/[\\w-]+)?$': strict({ receivers: texts, exporters: texts }) },
        },
      },
      ['pipelines'],
    ),
  },
  ['receivers', 'exporters', 'service'],
)

const codec = strict({ codec: { enum: ['json', 'text'] } }, ['codec'])
const address = strict({ address: text }, ['address'])
const typed = (type: string, properties: object, required: readonly string[] = []) =>
  strict({ type: { const: type }, ...properties }, ['type', ...required])
const inputs = { inputs: texts, encoding: codec, acknowledgements: strict({ enabled: flag }) }
const vector = strict({
  sources: mapOf({
    oneOf: [
      typed('opentelemetry', { grpc: address, http: address }, ['grpc', 'http']),
      typed(
        'exec',
        {
          mode: { enum: ['streaming', 'scheduled'] },
          command: texts,
          include_stderr: flag,
          maximum_buffer_size_bytes: number,
          streaming: strict({ respawn_on_exit: flag, respawn_interval_secs: number }),
          decoding: codec,
        },
        ['mode', 'command'],
      ),
    ],
  }),
  sinks: mapOf({
    oneOf: [
      typed('console', inputs, ['inputs', 'encoding']),
      typed(
        'aws_s3',
        {
          ...inputs,
          bucket: text,
          region: text,
          compression: { enum: ['gzip', 'none', 'zstd'] },
          framing: strict({ method: { enum: ['newline_delimited'] } }),
        },
        ['inputs', 'bucket', 'encoding'],
      ),
    ],
  }),
})

const ajv = new Ajv({ allErrors: true, allowUnionTypes: true })

function complaints(schema: object, config: Mapping): readonly string[] {
  if (ajv.validate(schema, config)) return []
  return (ajv.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  )
}

const namesIn = (section: unknown): readonly string[] => Object.keys((section ?? {}) as Mapping)

/** What is wrong with a Collector's configuration. */
export function collectorProblems(config: Mapping): readonly string[] {
  const { pipelines = {} } = config['service'] as { readonly pipelines?: Readonly<Record<string, Mapping>> }
  const used = (section: string) => Object.values(pipelines).flatMap((one) => (one[section] ?? []) as readonly string[])
  const dangling = ['receivers', 'exporters'].flatMap((section) => {
    const defined = namesIn(config[section])
    return [
      ...used(section)
        .filter((id) => !defined.includes(id))
        .map((id) => `${section}: ${id} is not defined`),
      ...defined.filter((id) => !used(section).includes(id)).map((id) => `${section}: ${id} is not used`),
    ]
  })
  return [...complaints(collector, config), ...dangling]
}

/** What is wrong with a configuration of Vector. */
export function vectorProblems(config: Mapping): readonly string[] {
  const sources = (config['sources'] ?? {}) as Readonly<Record<string, { readonly type: string }>>
  const outputs = Object.entries(sources).map(([id, { type }]) => (type === 'opentelemetry' ? `${id}.logs` : id))
  const sinks = Object.values(
    (config['sinks'] ?? {}) as Readonly<Record<string, { readonly inputs: readonly string[] }>>,
  )
  const missing = sinks.flatMap(({ inputs }) => inputs).filter((input) => !outputs.includes(input))
  return [...complaints(vector, config), ...missing.map((input) => `there is no output ${input}`)]
}
