// Takes values out of events before they leave: personal data, names of secrets, addresses. A value is named by its place
// in the event, and then goes from everywhere: from the attributes that mapping made of it, from the display line, from
// the copies that CircleCI and mapping keep of it, from the original text, and, found by the value itself, from any other
// text of the record that quotes it. An original that cannot be read as JSON is withheld: nobody can say what is in it.
//
// What a record is recognised, filed and found by stays: id, action, time, outcome, source, and the sha256, which is that
// of the line in the bucket. So a redacted record can be traced to what it was made of by whoever may read the bucket.
//
// Rejected: patterns (an expression for e-mail addresses finds some, and one thinks of it as all); redacting attributes
// and leaving the original to another switch (the forgotten switch is the leak).

import { type LogRecord, secret } from '@circleci-audit-forwarder/contract'
import { z } from 'zod'
import type { ProcessorModule, Transformer } from './processor.ts'
import { refusal, rulesFor } from './redact/copies.ts'
import { Pass } from './redact/pass.ts'
import { type Action, actions, Paths } from './redact/paths.ts'
import { redactRecord } from './redact/record.ts'
import { Replacement } from './redact/replacement.ts'
import { Secrets } from './redact/secrets.ts'

const path = z
  .string()
  .min(1)
  .max(256)
  .superRefine((text, context) => {
    const message = refusal(text)
    if (message !== undefined) context.addIssue({ code: 'custom', message })
  })
const paths = z.array(path).min(1).max(256).optional()
const shortKey = 'must have 16 characters or more: what is hashed under a short key can be found by trying keys'

export const schema = z
  .strictObject({
    drop: paths.meta({
      description:
        'Paths into the event (`payload.token`, `metadata.*`, `**.email`) or names of attributes (`user.name`). What they name is taken away, from every part of the record.',
    }),
    mask: paths.meta({ description: 'Paths whose values are replaced by `[redacted]`.' }),
    hash: paths.meta({
      description:
        'Paths whose values are replaced by their HMAC-SHA256 under `key`, in hex: the same value gives the same hash, and nobody without the key can try out guesses.',
    }),
    key: secret
      .min(16, shortKey)
      .optional()
      .meta({ secret: true, description: 'Key of the hash. Another key gives other hashes for the same values.' }),
  })
  .refine(({ drop, mask, hash }) => [drop, mask, hash].some((list) => list !== undefined), {
    error: 'give drop, mask or hash: without any nothing is redacted',
  })
  .refine(({ hash, key }) => hash === undefined || key !== undefined, {
    error: 'hash needs a key: without one, hashes of names and addresses can be looked up',
    path: ['hash'],
  })
  .refine(({ hash, key }) => key === undefined || hash !== undefined, {
    error: 'is of no use without hash',
    path: ['key'],
  })
  .superRefine(({ drop = [], mask = [], hash = [] }, context) => {
    const all = [...drop, ...mask, ...hash]
    const again = all.find((one, index) => all.indexOf(one) !== index)
    if (again !== undefined) context.addIssue({ code: 'custom', message: `names \`${again}\` a second time` })
  })

export type RedactSettings = z.output<typeof schema>

/** Takes what the paths name out of every part of a record. */
export class Redaction implements Transformer {
  readonly kind = 'transformer'
  readonly name: string
  readonly #paths: Paths
  readonly #replacement: Replacement
  /** By its name alone: `**` is about what is in the original, not about the original. */
  readonly original: Action | undefined

  constructor(name: string, settings: RedactSettings) {
    this.name = name
    this.#paths = new Paths(actions.flatMap((action) => rulesFor(settings[action] ?? [], action)))
    this.#replacement = new Replacement(settings.key ?? '')
    this.original = actions.find((action) => settings[action]?.includes('log.record.original'))
  }

  transform(record: LogRecord): LogRecord {
    const secrets = new Secrets()
    const first = redactRecord(record, this.#pass(secrets), this)
    const done = secrets.size === 0 ? first : redactRecord(record, this.#pass(secrets, true), this)
    if (done === record) return record
    const attributes = { ...done.attributes, 'circleci_audit_forwarder.source.redacted': true }
    return { ...done, attributes }
  }

  #pass(secrets: Secrets, isSecond = false): Pass {
    return new Pass(this.#paths, this.#replacement, secrets, isSecond ? secrets.finder() : undefined)
  }
}

export const module: ProcessorModule<typeof schema> = {
  type: 'redact',
  schema,
  create: (name, settings) => new Redaction(name, settings),
}
