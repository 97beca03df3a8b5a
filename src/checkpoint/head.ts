// What stands in the store under one key, `owner.json`: who may send, and which copy of the ledger is the latest. One
// object and not two, so that one conditional write is the only way to change either: whoever has lost the ownership
// cannot name a copy any more, and a copy that is not named is none. Every writing of it has a stamp of its own, so that
// no two have the same bytes: an ETag is often a hash of them, and one that comes back would let an old write pass.
import { z } from 'zod'
import { SourceFailure } from '../domain/failures.ts'

const fileName = z.string().regex(/^ledger-\d{10}-\d{6}-[0-9a-f]{8}$/)
const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const count = z.number().int().min(0)

const copy = z.object({
  name: fileName,
  epoch: count,
  taken_at: z.number(),
  bytes: count,
  sha256,
  ledger_bytes: count,
  ledger_sha256: sha256,
  schema: count,
  oldest_schema: count,
  complete: z.boolean(),
})

const head = z.object({
  format: z.literal(1),
  stamp: z.string(),
  owner: z.object({ name: z.string(), id: z.string().min(1) }),
  epoch: count.min(1),
  term_ms: z.number().min(1),
  released: z.boolean(),
  begun_at: z.number(),
  checkpoint: copy.nullable(),
})

/** A replica: its name is for people, its id is a process's own and never used again. */
export interface Replica {
  readonly name: string
  readonly id: string
}

/** A copy of the ledger that was uploaded whole. */
export interface Checkpoint {
  /** `ledger-<epoch>-<number>-<stamp>`; nothing is ever written to it again. */
  readonly name: string
  /** Of the owner that made it. */
  readonly epoch: number
  /** When the ledger was copied, by the owner's clock: for people. */
  readonly takenAt: number
  /** Size and hash as it lies in the store, compressed. */
  readonly bytes: number
  readonly sha256: string
  /** Size and hash of the ledger in it. */
  readonly ledgerBytes: number
  readonly ledgerSha256: string
  /** Version of the ledger's tables. */
  readonly schema: number
  /** The oldest version of the tables whose program can work on it: who goes back one version can go on with it. */
  readonly oldest: number
  /** The owner did nothing after it. */
  readonly complete: boolean
}

export interface Head {
  readonly stamp: string
  readonly owner: Replica
  /** Grows with every change of owner. */
  readonly epoch: number
  /** For how long after a renewal nobody else may take it, in milliseconds. */
  readonly termMs: number
  /** The owner has given it up. */
  readonly released: boolean
  /** When the first owner ever began, by the store's clock, in milliseconds since 1970. */
  readonly begunAt: number
  readonly checkpoint: Checkpoint | undefined
}

export function headText({ owner, epoch, stamp, termMs, released, begunAt, checkpoint }: Head): string {
  const document: z.input<typeof head> = {
    format: 1,
    stamp,
    owner: { name: owner.name, id: owner.id },
    epoch,
    term_ms: termMs,
    released,
    begun_at: begunAt,
    checkpoint: checkpoint === undefined ? null : copyDocument(checkpoint),
  }
  return `${JSON.stringify(document, null, 2)}\n`
}

function copyDocument(one: Checkpoint): z.input<typeof copy> {
  const { name, epoch, takenAt: taken_at, bytes, sha256, schema, complete } = one
  const ledger = { ledger_bytes: one.ledgerBytes, ledger_sha256: one.ledgerSha256 }
  return { name, epoch, taken_at, bytes, sha256, ...ledger, schema, oldest_schema: one.oldest, complete }
}

/** Throws SourceFailure for what this version cannot read: to take it for nothing would be to begin anew. */
export function readHead(text: string, where: string): Head {
  const parsed = head.safeParse(parsedJson(text))
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new SourceFailure(`cannot use ${where}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim(), {
      hint: 'it may be of a newer version of the forwarder, or of somebody else: give service.checkpoint a prefix of its own',
    })
  }
  const { stamp, owner, epoch, term_ms: termMs, released, begun_at: begunAt, checkpoint } = parsed.data
  return {
    stamp,
    owner,
    epoch,
    termMs,
    released,
    begunAt,
    checkpoint: checkpoint === null ? undefined : read(checkpoint),
  }
}

function read({ taken_at, ledger_bytes, ledger_sha256, oldest_schema, ...rest }: z.output<typeof copy>): Checkpoint {
  const ledger = { ledgerBytes: ledger_bytes, ledgerSha256: ledger_sha256, oldest: oldest_schema }
  return { ...rest, takenAt: taken_at, ...ledger }
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
