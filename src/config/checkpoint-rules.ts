// What no schema of one setting can say about checkpoints. They lie apart from the audit log, in both directions: below its
// prefix every sweep would list them, the bucket's notifications would announce them and its expiry take them; and files
// of the forwarder's own have no business where evidence lies. A bucket is its name here, as everywhere (receiver-rules.ts).
import type { Complaint, Path } from './problem.ts'
import type { Config } from './schema.ts'

/** Everything about the checkpoint that does not go together with the rest. */
export function checkCheckpoint({ service, receivers }: Config): readonly Complaint[] {
  const { checkpoint, ledger } = service
  if (checkpoint === undefined) return []
  const at: Path = ['service', 'checkpoint']
  const memory: Complaint = {
    level: 'error',
    path: [...at],
    key: true,
    message: 'is of a ledger in a file, and `service.ledger` is `memory`',
    hint: 'set service.ledger.sqlite.path: an emptyDir will do',
  }
  const { bucket, prefix } = checkpoint.s3
  const shared = Object.entries(receivers).flatMap(([id, { store, imports }]): readonly Complaint[] => {
    if (store.s3?.bucket !== bucket) return []
    const places = [
      { path: store.s3.prefix, what: 'the audit log' },
      ...(imports === undefined ? [] : [{ path: imports.prefix, what: 'the files to be imported' }]),
    ]
    const [found] = places.filter((place) => isBelow(prefix, place.path) || isBelow(place.path, prefix))
    if (found === undefined) return []
    const where = isBelow(prefix, found.path) ? 'lies among' : 'holds'
    return [
      {
        level: 'error',
        path: [...at, 's3', 'prefix'],
        message: `${where} ${found.what} of \`${id}\` (s3://${bucket}/${found.path})`,
        hint: 'give the checkpoint a bucket of its own, or a prefix beside it',
      },
    ]
  })
  return [...(ledger.sqlite === undefined ? [memory] : []), ...shared]
}

/** Whether one prefix is the other, or below it. */
function isBelow(inner: string, outer: string): boolean {
  return outer === '' || `${inner}/`.startsWith(`${outer}/`)
}
