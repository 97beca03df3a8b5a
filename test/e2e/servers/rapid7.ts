// Rapid7's webhook, whatever the token: 204 to each event.
import { serveReceiver } from './handlers.ts'

interface Entry {
  readonly vendor?: string
  readonly event_id?: string
}

serveReceiver({
  path: /^\/v1\/noformat\/[0-9a-f-]{36}$/,
  ids: (body) =>
    [JSON.parse(body) as Entry].flatMap(({ vendor, event_id }) => (vendor === 'CircleCI' ? [event_id ?? ''] : [])),
  accepted: () => ({ status: 204, body: '' }),
})
