import { createHash } from 'node:crypto'

/** Lower-case hex sha256 of a text. */
export function textSha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** What the token of a batch is made of, per member and in order. */
export interface Identified {
  readonly id: string
  /** occurred_at in milliseconds since 1970. */
  readonly at: number
}

/**
 * A batch's deduplication token: sha256 (hex) over the generation and the ordered identities of its members. The time
 * belongs to the identity, because CircleCI may use an id twice: two such events are different data, and a server that
 * is shown one token for both would drop the second without a word. Never over the body, whose bytes may change
 * (another encoder, another attribute) while the members stay the same.
 */
export function batchToken(generation: number, members: readonly Identified[]): string {
  // In one piece: each way into the hash costs more than what it hashes of one member.
  const lines = members.map(({ id, at }) => `${id} ${at}\n`)
  return createHash('sha256')
    .update(`${generation}\n${lines.join('')}`)
    .digest('hex')
}
