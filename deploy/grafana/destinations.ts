import { graph, type Row, states } from './panels.ts'
import { both, from, max, of, p95, rate, shows, sum, to } from './queries.ts'

export const destinations: Row = {
  title: 'Destinations',
  panels: [
    states(
      {
        title: 'State',
        description: 'Whether anything is outstanding, and whether anything goes through.',
        unit: 'none',
      },
      shows(
        `2 * ${max('destination', of('destination_stopped', to))} + on (destination) (${sum('destination', of('outstanding_objects', to))} > bool 0) or 2 * ${max('destination', of('destination_stopped', to))}`,
        '{{destination}}',
      ),
      [
        ['has everything', 'green'],
        ['has something to come', 'blue'],
        ['stopped', 'red'],
        ['stopped, something to come', 'dark-red'],
      ],
    ),
    graph(
      {
        title: 'Watermark lag',
        description:
          'Everything older is settled and named. Some minutes are normal; a line that climbs with time stands still.',
        unit: 's',
      },
      shows(max('destination, receiver', of('watermark_age_seconds', both)), '{{destination}} from {{receiver}}'),
    ),
    graph(
      {
        title: 'Newest event delivered',
        description:
          'How old it is, and how long ago the last delivery was. A quiet stream makes both grow; so does a dead one.',
        unit: 's',
      },
      shows(
        `time() - ${max('destination, receiver', of('last_event_timestamp_seconds', both))}`,
        '{{destination}} from {{receiver}}',
      ),
      shows(
        `time() - ${max('destination, receiver', of('last_delivery_timestamp_seconds', both))}`,
        '{{destination}} from {{receiver}}: last delivery',
      ),
    ),
    graph(
      { title: 'Records delivered', description: 'Counted after the destination said that it has them.', unit: 'cps' },
      shows(sum('destination', rate('records_delivered_total', to)), '{{destination}}'),
    ),
    graph(
      {
        title: 'Outstanding objects',
        description: 'With something still to deliver. They are read from the bucket again.',
        unit: 'none',
      },
      shows(sum('destination', of('outstanding_objects', both)), '{{destination}}'),
      shows(sum('destination', of('outstanding_late_objects', both)), '{{destination}}: late'),
    ),
    graph(
      {
        title: 'Oldest outstanding object',
        description: 'Against how long the bucket keeps objects, where that is set (`retention`).',
        unit: 's',
      },
      shows(
        max('destination, receiver', of('oldest_outstanding_age_seconds', both)),
        '{{destination}} from {{receiver}}',
      ),
      shows(max('receiver', of('retention_seconds', from)), 'kept: {{receiver}}'),
    ),
    graph(
      {
        title: 'From the bucket to the destination, 95 %',
        description: "From a record's object time to its delivery.",
        unit: 's',
      },
      shows(p95('destination', 'delivery_lag_seconds', to), '{{destination}}'),
    ),
    graph(
      { title: 'Answer time, 95 %', description: 'One delivered request, from first byte to answer.', unit: 's' },
      shows(p95('destination', 'request_duration_seconds', to), '{{destination}}'),
    ),
    graph(
      { title: 'Attempts that did not deliver', description: 'Nothing of them is lost: it goes again.', unit: 'cps' },
      shows(sum('destination, outcome', rate('send_errors_total', to)), '{{destination}}: {{outcome}}'),
      shows(sum('destination, kind', rate('read_errors_total', to)), '{{destination}}: reading, {{kind}}'),
    ),
    graph(
      { title: 'Retries', description: 'Batches to be sent again, halved, or made anew after a restart.', unit: 'cps' },
      shows(sum('destination', rate('retries_total', to)), '{{destination}}'),
      shows(sum('destination', rate('splits_total', to)), '{{destination}}: halved'),
      shows(sum('destination', rate('batches_dissolved_total', to)), '{{destination}}: made anew'),
    ),
    graph(
      {
        title: 'In quarantine',
        description: 'Refused for good and kept; `quarantine replay` sends them again.',
        unit: 'none',
      },
      shows(sum('destination', of('quarantined_records', both)), '{{destination}}'),
      shows(sum('destination', of('provisional_records', both)), '{{destination}}: not final'),
    ),
    graph(
      {
        title: 'Requests at once',
        description: 'Against what the destination bears, and what it may be given.',
        unit: 'none',
      },
      shows(sum('destination', of('in_flight_requests', to)), '{{destination}}'),
      shows(max('destination', of('concurrency_limit', to)), '{{destination}}: bears'),
      shows(max('destination', of('concurrency_max', to)), '{{destination}}: may'),
    ),
    graph(
      {
        title: 'Buffers',
        description: 'How full. A full one reads no further until something is delivered.',
        unit: 'percentunit',
      },
      shows(max('destination', `${of('buffered_bytes', to)} / ${of('buffer_capacity_bytes', to)}`), '{{destination}}'),
    ),
    graph(
      { title: 'Batches', description: 'How full they leave, of records and of bytes.', unit: 'percentunit' },
      shows(
        `${sum('destination', rate('records_delivered_total', to))} / ${sum('destination', rate('request_duration_seconds_count', to))} / ${max('destination', of('batch_capacity_records', to))}`,
        '{{destination}}: records',
      ),
      shows(
        `${sum('destination', rate('sent_bytes_total', to))} / ${sum('destination', rate('request_duration_seconds_count', to))} / ${max('destination', of('batch_capacity_bytes', to))}`,
        '{{destination}}: bytes',
      ),
    ),
    graph(
      {
        title: 'Last sign of life',
        description: 'Since the destination stored a record of the forwarder itself. It is told every few minutes.',
        unit: 's',
      },
      shows(`time() - ${max('destination', of('own_record_delivered_timestamp_seconds', to))}`, '{{destination}}'),
      shows(max('destination', of('heartbeat_interval_seconds', to)), '{{destination}}: is told'),
    ),
    graph(
      {
        title: 'Withheld and changed',
        description: 'By filters; and delivered otherwise than they are, marked so.',
        unit: 'cps',
      },
      shows(sum('destination', rate('records_filtered_total', to)), '{{destination}}: filtered'),
      shows(sum('destination, change', rate('records_changed_total', to)), '{{destination}}: {{change}}'),
    ),
  ],
}
