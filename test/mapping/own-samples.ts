// One own record of each kind, as exporters and guides are shown them. Half an hour of an invented forwarder's life.
import { actRecord } from '../../src/domain/acts.ts'
import { control } from '../../src/domain/control.ts'
import { collapsed, heartbeat } from '../../src/domain/heartbeat.ts'
import { type OwnRecord, ownId, stamp } from '../../src/domain/own-records.ts'

const start = Date.parse('2026-03-04T14:05:00Z')
const minute = 60_000
const hour = 60 * minute

function beat(now: number): OwnRecord {
  return heartbeat({
    instance: 'audit-1',
    version: '1.2.3',
    startedAt: start - 26 * hour,
    now,
    before: 0,
    receivers: [{ id: 'circleci_audit', sweptTo: now - 40_000 }],
    destinations: [
      {
        destination: 'splunk_hec/soc',
        receiver: 'circleci_audit',
        watermark: now - 6 * minute,
        outstanding: 0,
        stopped: false,
      },
      { destination: 'datadog', receiver: 'circleci_audit', watermark: now - 3 * hour, outstanding: 31, stopped: true },
    ],
    openGaps: 1,
  })
}

const hourSaid = {
  destination: 'splunk_hec/soc',
  receiver: 'circleci_audit',
  hour: start - 65 * minute,
  revision: 1,
  objects: 6,
  lostObjects: 0,
  events: 412,
  bad: 1,
  delivered: 371,
  filtered: 38,
  duplicates: 3,
  quarantined: 1,
  firstId: '6f1f0a4e-66d5-4d3e-9d75-21c1c9e1a001',
  lastId: '6f1f0a4e-66d5-4d3e-9d75-21c1c9e1a412',
}

const gap = {
  gap_id: ownId('gap', 'delivery_behind', 'datadog', start),
  gap_kind: 'delivery_behind',
  gap_subject: 'datadog',
  gap_severity: 'critical',
  gap_state: 'open',
  gap_from: stamp(start - 3 * hour),
  gap_evidence: 'its oldest outstanding object waits for 3 h; HTTP 403: the API key is not valid',
  gap_next: 'give it a valid API key; nothing is lost meanwhile',
  receiver: 'circleci_audit',
  destination: 'datadog',
}

/** By what they are. */
export const ownSamples: Readonly<Record<string, OwnRecord>> = {
  heartbeat: beat(start),
  'heartbeat for many': collapsed('datadog', [beat(start - 25 * hour), beat(start - 24 * hour)]),
  control: control(hourSaid, 'audit-1', start),
  'control of an hour that changed': control(
    { ...hourSaid, revision: 2, objects: 7, lostObjects: 1 },
    'audit-1',
    start + 20 * minute,
  ),
  act: actRecord({
    what: 'destination_renamed',
    by: 'ann@audit-1',
    at: start,
    why: 'the configuration it was started with says `renamed_from`',
    body: 'splunk_hec is called splunk_hec/soc from now on',
    about: { destination: 'splunk_hec/soc', renamed_from: 'splunk_hec' },
  }),
  'gap opened': {
    kind: 'gap.opened',
    id: ownId('gap.opened', gap.gap_id, 1),
    at: start,
    level: 'critical',
    body: `${gap.gap_kind} (${gap.gap_subject}): ${gap.gap_evidence}; next: ${gap.gap_next}`,
    attributes: gap,
  },
  'gap closed': {
    kind: 'gap.closed',
    id: ownId('gap.closed', gap.gap_id, 1),
    at: start + 30 * minute,
    level: 'info',
    body: 'delivery_behind (datadog) is over: all of it is delivered',
    attributes: { ...gap, gap_state: 'healed', gap_to: stamp(start + 30 * minute) },
  },
}
