// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${...} is the language users write
// docs/configuration.md, generated from the schema, so that no default and no description is written twice.
import { z } from 'zod'
import { type Components, type Section, schemasOf, sections } from './schema.ts'
import { service } from './service.ts'
import { chosen, peel, scalarKind } from './shape.ts'

const opening = `# Configuration

Generated from the schema. \`circleci-audit-forwarder schema config\` prints the same as JSON Schema, \`validate\` checks a
file, and \`print-config\` shows it with every default filled in and secrets masked.

The layout is the OpenTelemetry Collector's: components are defined under \`receivers\`, \`processors\` and \`exporters\`, and
\`service.pipelines\` says who feeds whom. The id of a component is its type, or \`type/name\` for a further instance.

\`\`\`yaml
receivers:
  circleci_audit:
    store:
      s3: { bucket: acme-circleci-audit, prefix: audit-logs, region: us-east-1 }
exporters:
  splunk_hec/soc: { endpoint: "https://http-inputs-acme.splunkcloud.com", token: "\${env:SPLUNK_TOKEN}" }
service:
  pipelines:
    logs: { receivers: [circleci_audit], exporters: [splunk_hec/soc] }
\`\`\`

- **Durations** are Go's, and days: \`200ms\`, \`5s\`, \`1m30s\`, \`7d\`. **Sizes** are \`4MiB\`, \`512KiB\`, \`5MB\` or a number of bytes.
- **References** stand in any value: \`\${env:NAME}\` or \`\${NAME}\`, \`\${env:NAME:-default}\`, \`\${file:/path}\` (without its last
  line break); \`$$\` is a dollar sign. They are replaced after the file is parsed, so a value may hold any characters. A variable
  that is not set, or is empty, and has no default is refused.
- **Secrets** are marked below. They appear in no log line, error or page; write them as references.
- Everything the file does not know is refused: unknown keys, undefined components, wrong types. All problems are told at once.
- Credentials for clouds come from each SDK's default chain and have no settings here, but for Azure's \`sas_token\`.
`

const titles: Readonly<Record<Section, string>> = {
  receivers: 'Receivers',
  processors: 'Processors',
  exporters: 'Exporters',
}

const unverified =
  'An OpenTelemetry exporter as it is. **Unverified:** what it calls delivered counts as delivered.\n\n'

/** The whole page, as Markdown. */
export function reference(components: Components): string {
  const parts = sections.flatMap((section) => [
    `## ${titles[section]}\n`,
    ...Object.entries(schemasOf(section, components)).map(([type, schema]) => {
      const note = section === 'exporters' && components.unverified?.has(type) ? unverified : ''
      return `### \`${type}\`\n\n${note}${table(schema)}`
    }),
  ])
  return [opening, ...parts, '## Service\n', table(service)].join('\n')
}

function table(schema: z.ZodType): string {
  const lines = rows(schema, '').map((cells) => `| ${cells.map(cell).join(' | ')} |`)
  return ['| setting | type | default | |', '|---|---|---|---|', ...lines, ''].join('\n')
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

type Row = readonly [setting: string, type: string, fallback: string, description: string]

function rows(schema: z.ZodType, prefix: string): readonly Row[] {
  // Of one or several, the settings of one.
  const core = chosen(peel(schema).core, {})
  if (core instanceof z.ZodRecord) return nested(core.valueType as z.ZodType, `${prefix}<id>.`)
  if (!(core instanceof z.ZodObject)) return []
  return Object.entries(core.shape).flatMap(([name, setting]) => {
    const below = nested(setting as z.ZodType, `${prefix}${name}.`)
    return [row(`${prefix}${name}`, setting as z.ZodType, below.length > 0), ...below]
  })
}

/** The settings inside a mapping of settings; none for a mapping of plain values. */
function nested(schema: z.ZodType, prefix: string): readonly Row[] {
  const { core } = peel(schema)
  const isNested = core instanceof z.ZodRecord ? peel(core.valueType as z.ZodType).core instanceof z.ZodObject : true
  return isNested ? rows(schema, prefix) : []
}

function row(name: string, schema: z.ZodType, hasRows: boolean): Row {
  const { meta, optional, fallback } = peel(schema)
  const shown = fallback === undefined && !optional ? '**required**' : fallbackText(fallback)
  const kind = `${meta.secret === true ? 'secret ' : ''}${hasRows ? mappingText(schema) : typeText(schema)}`
  return [`\`${name}\``, kind, shown, meta.description ?? '']
}

/** Nothing for a default that only says "empty"; the chosen key for one of alternatives. */
function fallbackText(fallback: unknown): string {
  const words =
    typeof fallback === 'object' && fallback !== null ? Object.keys(fallback).join(', ') : String(fallback ?? '')
  return words === '' ? '' : `\`${words}\``
}

function mappingText(schema: z.ZodType): string {
  return peel(schema).core instanceof z.ZodUnion ? 'mapping, or list of such' : 'mapping'
}

function typeText(schema: z.ZodType): string {
  const scalar = scalarKind(schema)
  if (scalar !== undefined) return scalar
  const { core } = peel(schema)
  if (core instanceof z.ZodEnum) return core.options.map((option) => `\`${option}\``).join(', ')
  if (core instanceof z.ZodArray) return `list of ${typeText(core.element as z.ZodType)}`
  if (core instanceof z.ZodRecord) return `mapping to ${typeText(core.valueType as z.ZodType)}`
  if (core instanceof z.ZodUnion) return core.options.map((option) => typeText(option as z.ZodType)).join(' or ')
  return plainTypes.find(([type]) => core instanceof type)?.[1] ?? 'mapping'
}

const plainTypes = [
  [z.ZodString, 'text'],
  [z.ZodURL, 'URL'],
  [z.ZodNumber, 'number'],
  [z.ZodBoolean, '`true`, `false`'],
] as const
