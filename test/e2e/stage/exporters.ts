// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${...} is the language of the configuration
// Exporters as the cases configure them: small batches, so that much is under way, and short waits.

type Reachable = { readonly endpoint: string }

const retry = { initial_interval: '200ms', max_interval: '5s' }

export function otlp({ endpoint }: Reachable, records = 200, more: object = {}): object {
  const headers = { authorization: 'Bearer ${env:OTLP_TOKEN}' }
  return { endpoint, headers, retry, batch: { max_records: records, linger: '50ms' }, ...more }
}

export function hec({ endpoint }: Reachable, records = 200, more: object = {}): object {
  return { endpoint, token: '${env:HEC_TOKEN}', retry, batch: { max_records: records, linger: '50ms' }, ...more }
}

export function file(path: string, records = 1000): object {
  return { path, retry, batch: { max_records: records, linger: '50ms' } }
}
