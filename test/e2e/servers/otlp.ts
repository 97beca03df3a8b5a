// An OTLP/HTTP receiver for JSON. Source: opentelemetry-proto, docs/specification.md, OTLP/HTTP Response.
import { serveReceiver } from './handlers.ts'

interface Attribute {
  readonly key: string
  readonly value?: { readonly stringValue?: string }
}

interface Request {
  readonly resourceLogs?: readonly {
    readonly resource?: { readonly attributes?: readonly Attribute[] }
    readonly scopeLogs?: readonly { readonly logRecords?: readonly { readonly attributes?: readonly Attribute[] }[] }[]
  }[]
}

serveReceiver({
  path: '/v1/logs',
  ids: (body) =>
    ((JSON.parse(body) as Request).resourceLogs ?? [])
      .filter(({ resource }) => find(resource?.attributes, 'service.name') === 'circleci')
      .flatMap(({ scopeLogs = [] }) => scopeLogs.flatMap(({ logRecords = [] }) => logRecords))
      .map(({ attributes }) => find(attributes, 'log.record.uid') ?? ''),
  accepted: () => ({ status: 200, body: '{}' }),
})

function find(attributes: readonly Attribute[] = [], key: string): string | undefined {
  return attributes.find((attribute) => attribute.key === key)?.value?.stringValue
}
