import { graph, type Row, stack } from './panels.ts'
import { all, both, from, grown, max, of, p95, rate, shows, sum } from './queries.ts'

export const receivers: Row = {
  title: 'Receivers',
  panels: [
    stack(
      { title: 'New objects', description: 'By how they were found: announced, or by listing.', unit: 'none' },
      shows(sum('receiver, how', grown('objects_fresh_total', from)), '{{receiver}}: {{how}}'),
    ),
    graph(
      {
        title: 'Not announced',
        description: 'Found by the sweep alone. A few are normal; a rise says that notifications are broken.',
        unit: 'none',
      },
      shows(sum('receiver', grown('objects_missed_total', from)), '{{receiver}}: missed'),
      shows(sum('receiver', grown('receive_errors_total', from)), '{{receiver}}: queue failed'),
    ),
    graph(
      {
        title: 'Newest object',
        description: "How old the stream's newest object is. Silences that are too long for its rhythm are gaps.",
        unit: 's',
      },
      shows(`time() - ${max('receiver', of('last_object_timestamp_seconds', from))}`, '{{receiver}}'),
    ),
    stack(
      { title: 'Sweeps', description: 'Listings of the bucket, by result.', unit: 'none' },
      shows(sum('receiver, result', grown('sweeps_total', from)), '{{receiver}}: {{result}}'),
    ),
    graph(
      { title: 'Time of a sweep, 95 %', description: 'Of complete ones.', unit: 's' },
      shows(p95('receiver', 'sweep_duration_seconds', from), '{{receiver}}'),
    ),
    graph(
      {
        title: 'Listed up to',
        description: 'How long ago the last listing began that lacked nothing. No watermark goes past it.',
        unit: 's',
      },
      shows(`time() - ${max('receiver', of('swept_to_timestamp_seconds', from))}`, '{{receiver}}'),
    ),
    graph(
      {
        title: 'From the object to its first sight, 95 %',
        description: 'Seconds with notifications, an interval of the sweep without.',
        unit: 's',
      },
      shows(p95('receiver', 'source_lag_seconds', from), '{{receiver}}'),
    ),
    graph(
      {
        title: 'Notifications',
        description: 'Received, deleted after what they announced was recorded, and those nobody understands.',
        unit: 'none',
      },
      shows(sum('receiver', grown('messages_received_total', from)), '{{receiver}}: received'),
      shows(sum('receiver', grown('messages_deleted_total', from)), '{{receiver}}: deleted'),
      shows(sum('receiver', grown('messages_quarantined_total', from)), '{{receiver}}: not understood'),
    ),
    graph(
      {
        title: 'In the queues',
        description: 'Waiting to be received, and received but not yet deleted, as the queues estimate once a minute.',
        unit: 'none',
      },
      shows(max('receiver', of('messages_waiting', from)), '{{receiver}}: waiting'),
      shows(max('receiver', of('messages_in_flight', from)), '{{receiver}}: in flight'),
    ),
    graph(
      {
        title: 'Duplicates',
        description: 'Copies that CircleCI makes: found, not sent, and sent because the first one never arrived.',
        unit: 'none',
      },
      shows(`sum(${grown('duplicates_removed_total')})`, 'found'),
      shows(sum('destination', grown('duplicates_skipped_total', both)), '{{destination}}: not sent'),
      shows(sum('destination', grown('copies_adopted_total', both)), '{{destination}}: adopted'),
      shows(sum('destination', grown('possible_duplicates_total', both)), '{{destination}}: possible repeats'),
    ),
    graph(
      { title: 'Events read', description: 'Readings again included.', unit: 'cps' },
      shows(sum('store', rate('events_read_total')), '{{store}}'),
    ),
    graph(
      { title: 'Time to read an object, 95 %', description: 'Reading, decompressing, decoding.', unit: 's' },
      shows(p95('store', 'object_read_duration_seconds', all), '{{store}}'),
    ),
    stack(
      { title: 'Requests that are billed', description: 'To store, queues and for credentials.', unit: 'cps' },
      shows(sum('service, operation', rate('source_requests_total', from)), '{{service}} {{operation}}'),
    ),
  ],
}
