// Which of several replicas a forwarder is, and what it knows of the one that sends.

/**
 * - `owner`: it sends.
 * - `taking over`: nobody else may send any more; it sees to the ledger it goes on with.
 * - `standing by`: another one sends, or nobody yet.
 */
export interface ReplicaStatus {
  readonly role: 'owner' | 'standing by' | 'taking over'
  /** Null before anything is known of an owner. */
  readonly owner: string | null
  readonly epoch: number | null
  /** When the ledger in the latest checkpoint was copied. */
  readonly checkpointAt: string | null
}

/** As the replica itself tells it; times in milliseconds since 1970. */
export interface ReplicaSource {
  readonly role: ReplicaStatus['role']
  readonly owner: string | undefined
  readonly epoch: number | undefined
  readonly checkpointAt: number | undefined
}

export function replicaStatus({ role, owner, epoch, checkpointAt }: ReplicaSource): ReplicaStatus {
  const stamped = checkpointAt === undefined ? null : new Date(checkpointAt).toISOString()
  return { role, owner: owner ?? null, epoch: epoch ?? null, checkpointAt: stamped }
}

/** In a sentence; undefined for an owner, who does what every forwarder does. */
export function standingByText({ role, owner, epoch }: ReplicaSource): string | undefined {
  if (role === 'owner') return undefined
  if (role === 'taking over') return `taking over: epoch ${epoch}`
  return owner === undefined
    ? 'standing by: nobody is known to own the sending'
    : `standing by: owner ${owner}, epoch ${epoch}`
}
