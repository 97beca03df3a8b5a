// Datadog's intake. Source: Datadog, "Logs API reference": 202 and an empty object.
import { serveReceiver } from './handlers.ts'

interface Log {
  readonly service?: string
  readonly evt?: { readonly id?: string }
}

serveReceiver({
  path: '/api/v2/logs',
  ids: (body) =>
    [JSON.parse(body) as Log | Log[]]
      .flat()
      .flatMap(({ service, evt }) => (service === 'circleci' ? [evt?.id ?? ''] : [])),
  accepted: () => ({ status: 202, body: '{}' }),
})
