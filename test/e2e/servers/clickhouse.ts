// ClickHouse as the program's logs and pages see it: it takes inserts and answers the questions of a check. Exactness is
// shown with the real engine elsewhere.
import { circleciAuditLogs } from '@circleci-audit-forwarder/exporter-clickhouse'
import { spoken } from '../../../exporters/clickhouse/test/spoken.ts'
import { serveReceiver } from './handlers.ts'
import type { Reply } from './receiver.ts'

interface Row {
  readonly id?: string
  readonly serviceName?: string
}

const headers = { 'x-clickhouse-query-id': 'q' }
const speak = spoken(circleciAuditLogs)

serveReceiver({
  path: /^\/\?.*query=INSERT.*FORMAT/,
  ids: (body) =>
    body
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Row)
      .flatMap(({ id, serviceName }) => (serviceName === 'circleci' ? [id ?? ''] : [])),
  accepted: () => ({ status: 200, body: '', headers }),
  other: ({ method = 'GET', url = '/', headers: asked }, body): Reply => {
    const request = { method, path: url, headers: asked, body: Buffer.from(body) }
    const { status = 404, body: said = '' } = speak(request, { kind: 'accept' }) ?? {}
    return { status, body: String(said), headers }
  },
})
