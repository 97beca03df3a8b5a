// Compose files, as far as this project writes them: a strict schema of the keys it uses. Source: the Compose specification.
import { Ajv } from 'ajv'

const text = { type: 'string' }
const texts = { type: 'array', items: text }
const strict = (properties: object, required: readonly string[] = []) => ({
  type: 'object',
  additionalProperties: false,
  properties,
  required,
})
const mapOf = (additionalProperties: object) => ({ type: 'object', additionalProperties })
const condition = { enum: ['service_started', 'service_healthy', 'service_completed_successfully'] }

const service = strict(
  {
    image: { type: 'string', pattern: '^[a-z0-9./-]+(:[A-Za-z0-9._-]+)?$' },
    hostname: text,
    build: strict({ context: text, dockerfile: text }),
    command: texts,
    entrypoint: texts,
    environment: mapOf(text),
    volumes: texts,
    ports: { type: 'array', items: { type: 'string', pattern: '^127\\.0\\.0\\.1:\\d+:\\d+$' } },
    read_only: { type: 'boolean' },
    tmpfs: texts,
    cap_drop: texts,
    security_opt: texts,
    mem_limit: text,
    stop_grace_period: text,
    restart: { enum: ['no', 'always', 'on-failure', 'unless-stopped'] },
    healthcheck: strict({ test: texts, interval: text, retries: { type: 'integer' } }),
    depends_on: { anyOf: [texts, mapOf(strict({ condition }, ['condition']))] },
  },
  ['image'],
)
const ajv = new Ajv({ allErrors: true, allowUnionTypes: true })

export interface Service {
  readonly image: string
  readonly build?: { readonly context: string; readonly dockerfile: string }
  readonly environment?: Readonly<Record<string, string>>
  readonly volumes?: readonly string[]
  readonly ports?: readonly string[]
  readonly stop_grace_period?: string
  readonly depends_on?: readonly string[] | Readonly<Record<string, unknown>>
}

export interface Compose {
  readonly services: Readonly<Record<string, Service>>
  readonly volumes: Readonly<Record<string, object>>
}

/** What is wrong with a Compose file. */
export function composeProblems(compose: unknown): readonly string[] {
  const schema = strict({ name: text, services: mapOf(service), volumes: mapOf(strict({})) }, ['services'])
  if (ajv.validate(schema, compose)) return []
  return (ajv.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  )
}
