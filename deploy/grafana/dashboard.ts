// The dashboard for Grafana, said in the words of its panels; `npm run dashboard` writes dashboard.json from it. Written so,
// because Grafana's JSON is two thousand lines in which nobody sees a wrong query. Tests hold every query to the metrics
// and labels that the program has, and the file to this one.
import { destinations } from './destinations.ts'
import { graph, laidOut, number, type Row, stack } from './panels.ts'
import { all, both, from, grown, of, shows, sum } from './queries.ts'
import { receivers } from './receivers.ts'

const glance: Row = {
  title: 'At a glance',
  panels: [
    number(
      { title: 'Forwarders', description: 'Those that answer. None is an alert of its own.', unit: 'none' },
      `count(${of('build_info')}) or vector(0)`,
      'red',
      ['green', 1],
    ),
    number(
      { title: 'Critical gaps', description: 'Something is missing, and nobody has answered for it.', unit: 'none' },
      `sum(${of('gaps_open', `${all},severity="critical"`)})`,
      'green',
      ['red', 1],
    ),
    number(
      { title: 'Gaps to look at', description: 'Something may be missing, or is late.', unit: 'none' },
      `sum(${of('gaps_open', `${all},severity="warning"`)})`,
      'green',
      ['yellow', 1],
    ),
    number(
      {
        title: 'Stopped destinations',
        description: 'They let nothing through until somebody mends them.',
        unit: 'none',
      },
      `sum(max by (destination) (${of('destination_stopped')}))`,
      'green',
      ['red', 1],
    ),
    number(
      { title: 'Oldest watermark', description: 'Of what is older, no destination lacks anything.', unit: 's' },
      `max(${of('watermark_age_seconds')})`,
      'green',
      ['yellow', 3_600],
      ['red', 86_400],
    ),
    number(
      {
        title: 'Quarantine',
        description: 'How full it is. When it is full, destinations with a refusal stop.',
        unit: 'percentunit',
      },
      `max(${of('quarantine_bytes')} / ${of('quarantine_capacity_bytes')})`,
      'green',
      ['yellow', 0.5],
      ['red', 0.8],
    ),
  ],
}

const gaps: Row = {
  title: 'Gaps',
  panels: [
    stack(
      {
        title: 'Open gaps',
        description: 'By kind, those acknowledged left out. `status` explains each.',
        unit: 'none',
      },
      shows(`${sum('kind', of('gaps_open'))} > 0`, '{{kind}}'),
    ),
    graph(
      { title: 'Opened and closed', description: 'Healed, or somebody answered for it.', unit: 'none' },
      shows(sum('kind', grown('gaps_opened_total')), '{{kind}}: opened'),
      shows(sum('kind, state', grown('gaps_closed_total')), '{{kind}}: {{state}}'),
    ),
    graph(
      {
        title: 'Lost and altered',
        description:
          'Objects that the bucket lost first, and that are not what CircleCI wrote. Anything but 0 is to be looked into.',
        unit: 'none',
      },
      shows(sum('destination', grown('lost_objects_total', both)), '{{destination}}: lost'),
      shows(sum('receiver, how', grown('objects_altered_total', from)), '{{receiver}}: altered, {{how}}'),
      shows(`sum(${grown('lines_quarantined_total')})`, 'lines that are no event'),
      shows(`sum(${grown('ids_reused_total')})`, 'ids used twice'),
    ),
  ],
}

const processRow: Row = {
  title: 'Ledger and process',
  panels: [
    graph(
      { title: 'Disk of the ledger', description: 'How full. Nothing goes on when it is.', unit: 'percentunit' },
      shows(`1 - ${of('ledger_disk_free_bytes')} / ${of('ledger_disk_size_bytes')}`, '{{instance}}'),
    ),
    graph(
      {
        title: 'Ledger and quarantine',
        description: 'The files of the ledger, and what quarantine takes of them.',
        unit: 'bytes',
      },
      shows(of('ledger_bytes'), '{{instance}}: files'),
      shows(of('quarantine_bytes'), '{{instance}}: quarantine'),
      shows(of('quarantine_capacity_bytes'), '{{instance}}: quarantine may'),
    ),
    graph(
      {
        title: 'Something is wrong',
        description: 'Writes of the ledger that failed, bugs, notices that nobody took.',
        unit: 'none',
      },
      shows(grown('ledger_errors_total'), '{{instance}}: ledger'),
      shows(grown('bugs_total'), '{{instance}}: bugs'),
      shows(grown('notices_given_up_total'), '{{instance}}: notices given up'),
      shows(`1 - ${of('ledger_readable')}`, '{{instance}}: ledger cannot be read'),
    ),
    graph(
      { title: 'Memory', description: 'Of the process, against what it may have.', unit: 'bytes' },
      shows(`process_resident_memory_bytes{${all}} and ${of('memory_capacity_bytes')}`, '{{instance}}'),
      shows(of('memory_capacity_bytes'), '{{instance}}: may'),
    ),
    graph(
      {
        title: 'Bounded memory',
        description: 'How full: decoded events for all, objects of JavaScript.',
        unit: 'percentunit',
      },
      shows(`${of('cache_bytes')} / ${of('cache_capacity_bytes')}`, '{{instance}}: cache'),
      shows(`${of('heap_bytes')} / ${of('heap_capacity_bytes')}`, '{{instance}}: heap'),
    ),
    graph(
      { title: 'CPU', description: 'Of one core.', unit: 'percentunit' },
      shows(
        `rate(process_cpu_seconds_total{${all}}[$__rate_interval]) and on (instance, job) ${of('build_info')}`,
        '{{instance}}',
      ),
    ),
    graph(
      { title: 'Starts', description: 'How long the process runs. A saw has a reason.', unit: 's' },
      shows(`time() - process_start_time_seconds{${all}} and on (instance, job) ${of('build_info')}`, '{{instance}}'),
    ),
    graph(
      { title: 'Certificates and signatures', description: 'Until they end.', unit: 's' },
      shows(
        `min by (component, setting) (${of('credential_expiry_timestamp_seconds')}) - time()`,
        '{{component}} {{setting}}',
      ),
    ),
    graph(
      { title: 'Clock', description: 'What it is off from the store’s, while that is too much.', unit: 's' },
      shows(`abs(${of('clock_skew_seconds', from)})`, '{{receiver}}'),
    ),
  ],
}

/** All of it, top to bottom. */
const replicas: Row = {
  title: 'Replicas',
  panels: [
    graph(
      { title: 'Which one sends', description: 'Never two at once. Empty without `service.checkpoint`.', unit: 'none' },
      shows(of('owner'), '{{instance}}'),
      shows(`max(${of('owner_epoch')})`, 'epoch'),
    ),
    graph(
      {
        title: 'Age of the checkpoint',
        description: 'If the owner is lost now, what it sent in this time is sent again.',
        unit: 's',
      },
      shows(`time() - max(${of('checkpoint_timestamp_seconds')})`, 'age'),
    ),
    graph(
      {
        title: 'Size of the checkpoint',
        description: 'Compressed, as it is uploaded at every interval.',
        unit: 'bytes',
      },
      shows(of('checkpoint_bytes'), '{{instance}}'),
    ),
    graph(
      { title: 'Checkpoints and renewals', description: 'Those that failed, and ledgers restored.', unit: 'none' },
      shows(sum('result', grown('checkpoints_total')), 'checkpoints {{result}}'),
      shows(`sum(${grown('ownership_renewals_failed_total')})`, 'renewals failed'),
      shows(`sum(${grown('ledger_restores_total')})`, 'ledgers restored'),
    ),
  ],
}

export const rows: readonly Row[] = [glance, destinations, receivers, gaps, processRow, replicas]

const choice = (name: string, label: string, metric: string) => ({
  ...{ name, label, type: 'query', datasource: { type: 'prometheus', uid: '$datasource' } },
  ...{ query: `label_values(${metric}, ${name})`, refresh: 2, sort: 1, multi: true, includeAll: true, allValue: '.*' },
  current: { text: 'All', value: '$__all' },
})

/** What may be chosen at the top: series of the chosen jobs only. */
export const variables = [
  { name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus' },
  choice('job', 'Job', 'circleci_audit_forwarder_build_info'),
  choice('destination', 'Destination', 'circleci_audit_forwarder_concurrency_max'),
  choice('receiver', 'Receiver', 'circleci_audit_forwarder_receiver_stopped'),
]

/** The dashboard as Grafana imports it. */
export const dashboard = {
  uid: 'circleci-audit-forwarder',
  title: 'CircleCI audit forwarder',
  description: 'What the forwarder has delivered, what is missing, and what it lacks. Alerts: deploy/prometheus.',
  tags: ['circleci', 'audit'],
  schemaVersion: 39,
  editable: true,
  refresh: '30s',
  time: { from: 'now-24h', to: 'now' },
  timezone: '',
  templating: { list: variables },
  panels: laidOut(rows),
}
