// What no schema of one setting can say about a receiver: which queue goes with which store, and that no token is sent
// where everybody on the way could read it.
import type { Complaint, Path } from './problem.ts'
import type { ReceiverConfig } from './receivers.ts'

type Kind = keyof ReceiverConfig['store']

type Receivers = readonly (readonly [id: string, receiver: ReceiverConfig])[]

/** Everything about receivers that does not go together. */
export function checkReceivers(receivers: Receivers): readonly Complaint[] {
  return [
    ...receivers.flatMap(([id, receiver]) => checkReceiver(id, receiver)),
    ...checkIdentities(receivers),
    ...checkOrganizations(receivers),
  ]
}

/** An object is read once, for whoever is fed with it: two receivers that have the same objects expect the same. */
function checkOrganizations(receivers: Receivers): readonly Complaint[] {
  const first = new Map<string, { readonly id: string; readonly expected: string | undefined }>()
  return receivers.flatMap(([id, { store, expect_organization: expected }]): readonly Complaint[] => {
    const place = JSON.stringify([identity(store).name, prefixOf(store)])
    const other = first.get(place)
    first.set(place, other ?? { id, expected })
    if (other === undefined || other.expected === expected) return []
    const message = `is not that of \`${other.id}\`, which has the same objects: an event is kept for both or for neither`
    const hint = 'give both the same or neither any, and let a `filter` choose by `scope` for each destination'
    return [{ level: 'error', path: ['receivers', id, 'expect_organization'], message, hint }]
  })
}

function prefixOf({ s3, gcs, azure_blob, directory }: ReceiverConfig['store']): string {
  return (s3 ?? gcs ?? azure_blob ?? directory)?.prefix ?? ''
}

/** The ledger knows a store by its name alone, so that an endpoint may change; two with one name would be mixed up. */
function checkIdentities(receivers: Receivers): readonly Complaint[] {
  const first = new Map<string, { readonly id: string; readonly endpoint: string | undefined }>()
  return receivers.flatMap(([id, { store }]): readonly Complaint[] => {
    const { name, endpoint } = identity(store)
    const other = first.get(name)
    first.set(name, other ?? { id, endpoint })
    if (other === undefined || other.endpoint === endpoint) return []
    const message = `has the name of the store of \`${other.id}\` (${name}), and lies somewhere else`
    const hint = 'the ledger could not tell their objects apart: give one another name, or a forwarder of its own'
    return [{ level: 'error', path: ['receivers', id, 'store'], message, hint }]
  })
}

function identity({ s3, gcs, azure_blob, directory }: ReceiverConfig['store']): {
  readonly name: string
  readonly endpoint: string | undefined
} {
  if (s3 !== undefined) return { name: `s3://${s3.bucket}`, endpoint: s3.endpoint }
  if (gcs !== undefined) return { name: `gs://${gcs.bucket}`, endpoint: gcs.endpoint }
  if (azure_blob === undefined) return { name: `dir:${directory?.path}`, endpoint: undefined }
  return { name: `azblob://${azure_blob.account}/${azure_blob.container}`, endpoint: azure_blob.endpoint }
}

/** Everything about one receiver that does not go together. */
function checkReceiver(id: string, { store, notifications = {}, imports }: ReceiverConfig): readonly Complaint[] {
  const at: Path = ['receivers', id]
  return [
    ...announcing(store, notifications, at),
    ...laid(prefixOf(store), imports?.prefix, at),
    ...sent(store.azure_blob, [...at, 'store', 'azure_blob']),
    ...[notifications.azure_queue ?? []].flat().flatMap((queue, index) => {
      const path = [...at, 'notifications', 'azure_queue']
      return sent(queue, Array.isArray(notifications.azure_queue) ? [...path, index] : path)
    }),
  ]
}

const storeOf = { sqs: 's3', azure_queue: 'azure_blob' } as const satisfies Record<string, Kind>

/** A queue of another cloud announces objects of another store: every message would be passed over. */
function announcing(
  store: ReceiverConfig['store'],
  notifications: NonNullable<ReceiverConfig['notifications']>,
  at: Path,
): readonly Complaint[] {
  const kind = (Object.keys(store) as Kind[]).find((name) => store[name] !== undefined)
  const queues = (['sqs', 'azure_queue'] as const).filter((name) => notifications[name] !== undefined)
  return queues
    .filter((name) => storeOf[name] !== kind)
    .map((name) => ({
      level: 'error',
      path: [...at, 'notifications', name],
      key: true,
      message: `announces objects of \`${storeOf[name]}\`, and the store is \`${kind}\``,
      hint: 'take it out: the sweep finds every object',
    }))
}

/** What is below it is imported: the audit objects must not be. */
function laid(prefix: string, imports: string | undefined, at: Path): readonly Complaint[] {
  if (imports === undefined || !`${prefix}/`.startsWith(`${imports}/`)) return []
  const message = 'holds the audit objects themselves: each of them would be imported as a file'
  const hint = 'lay the files somewhere else in the bucket, and name that'
  return [{ level: 'error', path: [...at, 'imports', 'prefix'], message, hint }]
}

interface Azure {
  readonly endpoint?: string | undefined
  readonly sas_token?: string | undefined
}

function sent(settings: Azure | undefined, at: Path): readonly Complaint[] {
  if (settings?.endpoint?.startsWith('http:') !== true || settings.sas_token !== undefined) return []
  const message = 'is not encrypted, and the token of an identity is sent over https alone'
  const hint = 'write an endpoint that begins with https://, or for an emulator a `sas_token`'
  return [{ level: 'error', path: [...at, 'endpoint'], message, hint }]
}
