// An exporter around another: some of its members are ours, all others its own, bound once. What the lanes ask for each
// record (`encode`, `encodingKey`) thereby stays an ordinary call on an ordinary object, however often an exporter is
// wrapped. Rejected: a Proxy, whose trap runs at every access; a copy by spread, which leaves out the methods of classes.
import type { Exporter } from '@circleci-audit-forwarder/contract'

/** The same exporter but for the members of `ours`. It can be asked what it could be asked, and no more. */
export function around(exporter: Exporter, ours: Partial<Exporter>): Exporter {
  const { limits, encodingKey, deduplicationMs, confirm, stored, readBack } = exporter
  return {
    limits,
    encode: (record) => exporter.encode(record),
    send: (batch, signal) => exporter.send(batch, signal),
    check: (signal) => exporter.check(signal),
    close: () => exporter.close(),
    ...(encodingKey !== undefined && { encodingKey }),
    ...(deduplicationMs !== undefined && { deduplicationMs }),
    ...(confirm && { confirm: confirm.bind(exporter) }),
    ...(stored && { stored: stored.bind(exporter) }),
    ...(readBack && { readBack: readBack.bind(exporter) }),
    ...ours,
  }
}
