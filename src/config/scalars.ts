import { duration } from '@circleci-audit-forwarder/contract'
import { z } from 'zod'
import type { StartAt } from '../domain/start.ts'

const instant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/

export const startAt = z.string().transform((text, context): StartAt => {
  const parsed = parseStartAt(text)
  if (parsed !== undefined) return parsed
  context.addIssue({
    code: 'custom',
    message: 'is no start: write now, beginning, a time ago like -7d, or an instant like 2026-01-31T00:00:00Z',
  })
  return z.NEVER
})

function parseStartAt(text: string): StartAt | undefined {
  if (text === 'now' || text === 'beginning') return { from: text }
  if (text.startsWith('-')) {
    const ago = duration.safeParse(text.slice(1))
    return ago.success ? { from: 'ago', ms: ago.data } : undefined
  }
  const at = instant.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(at) ? undefined : { from: 'instant', at }
}

/** Where to listen. */
export interface Listen {
  /** A name or an address; IPv6 without its brackets. */
  readonly host: string
  readonly port: number
}

const hostAndPort = /^(?:\[([0-9a-fA-F:.]+)\]|([\w.-]+)):(\d{1,5})$/

export const listen = z.string().transform((text, context): Listen => {
  const [, six, host = six, port] = hostAndPort.exec(text) ?? []
  if (host !== undefined && Number(port) <= 65_535) return { host, port: Number(port) }
  context.addIssue({ code: 'custom', message: 'is no address to listen on: write host:port, e.g. 127.0.0.1:8686' })
  return z.NEVER
})

export const url = z.url({ protocol: /^https?$/, error: 'is no URL: write http://host:port or https://host' })

/** Text that must not be empty. */
export const filled = z.string().regex(/^\S(.*\S)?$/, 'must not be empty, nor begin or end with white space')

/** For objects of alternatives: how `alternatives` marks its complaint. */
export const ALTERNATIVES = 'alternatives'

/** Of these optional settings exactly one must be there. */
export function alternatives<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  const names = Object.keys(shape)
  const isOne = (value: object): boolean => Object.values(value).filter((item) => item !== undefined).length === 1
  return z
    .strictObject(shape)
    .refine(isOne, {
      message: names.length === 1 ? `needs ${names[0]}` : `needs exactly one of ${names.join(', ')}`,
      params: { kind: ALTERNATIVES },
    })
    .meta({ minProperties: 1, maxProperties: 1 }) as z.ZodObject<Shape, z.core.$strict>
}
