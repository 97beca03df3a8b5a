import { type LogRecord, ORIGINAL } from '@circleci-audit-forwarder/contract'
import { auditRecord, bareRecord, hostileValues } from '@circleci-audit-forwarder/contract/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { circleciAuditLogs, isReadOnly, type Layout, layouts, module, otelLogs } from '../src/index.ts'
import { auditEvents, otherRecords, recordOf } from './events.ts'

const constants = { workspaceId: 'ws_1', sourceId: 'circleci', retentionDays: 0 }

function lineOf(layout: Layout, record: LogRecord): string {
  return Buffer.from(layout.encoder(constants)(record).bytes).toString()
}

// biome-ignore lint/suspicious/noExplicitAny: the row is what is tested
function rowOf(layout: Layout, record: LogRecord): any {
  return JSON.parse(lineOf(layout, record))
}

const auditRow = (record: LogRecord) => rowOf(circleciAuditLogs, record)

describe.each(layouts)('$name', (layout) => {
  test('the bytes of typical and awkward records', async () => {
    const lines = [...auditEvents, ...otherRecords].map((record) => lineOf(layout, record))
    await expect(lines.join('')).toMatchFileSnapshot(`golden/${layout.name}.jsonl`)
  })

  test('every row is one line with every column that rows bring', () => {
    const written = layout.columns.filter(({ computed }) => computed !== true).map(({ name }) => name)
    for (const record of [...auditEvents, ...otherRecords]) {
      const line = lineOf(layout, record)
      expect(line.indexOf('\n')).toBe(line.length - 1)
      expect(Object.keys(JSON.parse(line)).toSorted()).toEqual(written.toSorted())
    }
  })

  test('values no JSON has a form for do no harm', () => {
    for (const [name, value] of hostileValues()) {
      for (const base of [auditRecord, () => bareRecord]) {
        const attributes = {
          [name]: value,
          'user.name': value,
          'client.as.number': value,
          'circleci.audit.payload': value,
        }
        const record = { ...base(), attributes, body: value, severityText: 'x' }
        expect(() => rowOf(layout, record), name).not.toThrow()
      }
    }
  })

  test('the largest event that is read, of 4 MiB, is no larger than the largest row, though larger than a batch', () => {
    const { limits } = module.create(module.schema.parse({ endpoint: 'http://localhost' }))
    const largest = 4 * 1024 * 1024
    for (const [begin, part, end] of [
      ['"', '\\"', '"'],
      ['"', '\\u0001', '"'],
      ['[1', ',1e20', ']'],
    ] as const) {
      const json = begin + part.repeat(10_000) + end
      const record = {
        ...auditRecord({ [ORIGINAL]: json }),
        attributes: { 'circleci.audit.payload': JSON.parse(json) },
      }
      const size = (layout.encoder(constants)(record).bytes.length / json.length) * largest
      expect(size).toBeGreaterThan(limits.bytes)
      expect(size).toBeLessThan((limits.recordBytes ?? 0) / 2)
    }
  })

  test('encode changes nothing and says the same every time', () => {
    for (const record of auditEvents) {
      const before = structuredClone([record.attributes, record.body, record[ORIGINAL]])
      expect(lineOf(layout, Object.freeze({ ...record }))).toBe(lineOf(layout, record))
      expect([record.attributes, record.body, record[ORIGINAL]]).toEqual(before)
    }
  })

  test('any attributes make a row of the same keys', () => {
    const attributes = fc.dictionary(fc.string({ unit: 'binary' }), fc.anything({ withBigInt: true, withDate: true }))
    fc.assert(
      fc.property(attributes, (given) => {
        const row = rowOf(layout, { ...auditRecord(), attributes: given as LogRecord['attributes'] })
        expect(Object.keys(row)).toHaveLength(layout === circleciAuditLogs ? 53 : 16)
      }),
    )
  })

  test('the identity is the record’s own, in whatever it was read from', () => {
    const one = layout.encoder(constants)(auditRecord({ id: 'e-1' }))
    const other = layout.encoder(constants)(auditRecord({ id: 'e-1', attributes: { 'log.file.path': 'export.csv' } }))
    expect([one.id, one.time, one.prefix]).toEqual([other.id, other.time, other.prefix])
  })

  test('without one it is the hash of all the record says', () => {
    const encode = layout.encoder(constants)
    const ids = [bareRecord, { ...bareRecord, body: 'x' }, { ...bareRecord, hrTime: [5, 1] as [number, number] }].map(
      (record) => encode(record).id,
    )
    expect(new Set(ids).size).toBe(3)
    expect(ids[0]).toMatch(/^[0-9a-f]{64}$/)
    expect(encode(bareRecord).id).toBe(ids[0])
  })
})

test.each([
  [[1772632931, 0], '202603', '2026-03-04'],
  [[1772323199, 999999999], '202602', '2026-02-28'],
  [[1772323200, 0], '202603', '2026-03-01'],
  [[9e9, 0], '210602', '2106-02-07'],
])('%j lies in partition %s or %s', (hrTime, month, day) => {
  const record = auditRecord({ hrTime: hrTime as [number, number] })
  expect(circleciAuditLogs.encoder(constants)(record).partition).toBe(month)
  expect(otelLogs.encoder(constants)(record).partition).toBe(day)
})

describe('53 columns', () => {
  const [typical] = auditEvents as [LogRecord]

  test('what an event says', () => {
    expect(auditRow(typical)).toMatchObject({
      workspaceID: 'ws_1',
      sourceID: 'circleci',
      sourceTTL: 0,
      receivedAt: 1772634900,
      id: 'typical',
      eventTime: 1772632931,
      eventName: 'context.secrets.accessed',
      action: 'context.secrets.accessed',
      actor: { id: '5a1b', type: 'user', name: 'github: octocat', username: 'octocat' },
      resources: ['context/aws-prod'],
      serviceName: 'circleci',
      readOnly: true,
      success: true,
      requestId: '1-65e5d1c3',
      metadata: { team: 'infra' },
      rawLog: typical[ORIGINAL],
      payload: '{"context_id":"c0ff","titles":"AWS_KEY,AWS_SECRET"}',
    })
  })

  test('where it came from', () => {
    expect(auditRow(typical)).toMatchObject({
      srcIP: '203.0.113.7',
      srcASCountryCode: 'DE',
      srcASNumber: 64496,
      srcASOrganization: 'Example AS',
      srcCity: 'Würzburg',
      srcConnectionType: 'Corporate',
      srcISP: 'Example ISP',
      srcLatitude: 49.79,
      srcLongitude: -9.93,
      srcUserType: 'business',
      dstIP: '',
      enrichments: [
        { name: 'geoip', provider: 'mmdb', type: 'ip', value: '203.0.113.7', data: { 'client.as.number': '64496' } },
      ],
    })
  })

  test('nothing is left out: what has no column is a tag', () => {
    const { tags } = auditRow(
      recordOf(
        { id: 'x', action: 'org.create' },
        { attributes: { 'acme.tenant': 7, 'circleci.audit.region': ['eu'] } },
      ),
    )
    expect(tags).toEqual({
      severity: 'info',
      'otel.event.name': 'circleci.audit.org.create',
      'circleci_audit_forwarder.source.key': 'year=2026/month=03/a.json.gz',
      'circleci_audit_forwarder.source.line': '7',
      'circleci_audit_forwarder.source.sha256': 'feed',
      'acme.tenant': '7',
      'circleci.audit.region': '["eu"]',
    })
  })

  test('an event without an id of its own has none', () => {
    const hashed = auditRow(recordOf({ id: 'feed', action: 'org.create' }))
    expect([hashed.id, hashed.eventID, hashed.auditLogId]).toEqual(['feed', '', ''])
  })

  test('a time that could not be read is that of its first sight for searches, and none in occurredAt', () => {
    const row = auditRow(recordOf({ id: 'x', action: 'org.create' }, { hrTime: [0, 0] }))
    expect([row.eventTime, row.occurredAt]).toEqual([1772634900, 0])
  })

  test('an event that does not say has not succeeded, also where it names no action', () => {
    const [order] = otherRecords as [LogRecord]
    const success = [
      recordOf({ id: 'x', action: 'org.create', success: undefined }),
      { ...order, severityNumber: 9, eventName: 'circleci.audit.unknown' },
      { ...order, severityNumber: 9 },
    ].map((record) => auditRow(record).success)
    expect(success).toEqual([false, false, true])
  })

  test('numbers stay within their columns', () => {
    const row = auditRow(auditEvents.find(({ attributes }) => attributes['log.record.uid'] === 'numbers') as LogRecord)
    expect(row).toMatchObject({ version: 4294967295, srcASNumber: 0, srcLatitude: 0, srcLongitude: 0 })
  })

  test('sourceTTL is the retention, and 0 where there is none', () => {
    const bytes = circleciAuditLogs.encoder({ ...constants, retentionDays: 400 })(typical).bytes
    expect(JSON.parse(Buffer.from(bytes).toString()).sourceTTL).toBe(400)
  })

  test('a record of other origin is whole in rawLog', () => {
    const [order] = otherRecords as [LogRecord]
    const row = auditRow(order)
    expect(row).toMatchObject({ eventName: 'order.failed', success: false, serviceName: 'shop', payload: '{}' })
    expect(JSON.parse(row.rawLog)).toMatchObject({ body: { order: 7 }, attributes: { n: 1.5 } })
  })
})

test.each([
  ['context.secrets.accessed', true],
  ['audit_log.requested', true],
  ['audit_log.download_url.generated', true],
  ['workflow.job.context.request', true],
  ['workflow-job-context-request', true],
  ['Context.Secrets.Accessed', true],
  ['pipeline.definition.viewed', true],
  ['context.create', false],
  ['project.api_token.create', false],
  ['runner.token.generated', false],
  ['user.logged_in', false],
  ['workflow.start', false],
  ['something.new', false],
  ['', false],
])('%s only reads: %s', (action, reads) => {
  expect(isReadOnly(action)).toBe(reads)
})
