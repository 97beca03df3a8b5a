// An exporter whose words are searched before anyone keeps them. What it answers goes into the ledger, from there to
// whoever asks for the status, and stays: too late for the last line of defence, which stands where lines and pages leave.
// Our own exporters leave credentials out; one from another package quotes whatever its server quoted, and none of them
// can know the credentials of the others. Rejected: cleaning in the ledger, which knows no credential and should not.
import type { Exporter } from '@circleci-audit-forwarder/contract'
import { around } from './around.ts'

type Clean = (text: string) => string

/** Words of the protocol between exporter and lane, and receipts, which must come back as they are. */
const kept: ReadonlySet<string> = new Set(['status', 'cause', 'level', 'receipt'])

/** The same exporter, every text of its answers gone through `clean`. All else (encoding above all) is its own, untouched. */
export function discreet(exporter: Exporter, clean: Clean): Exporter {
  const { confirm, stored, readBack } = exporter
  return around(exporter, {
    send: cleaned(exporter.send.bind(exporter), clean),
    check: cleaned(exporter.check.bind(exporter), clean),
    ...(confirm && { confirm: cleaned(confirm.bind(exporter), clean) }),
    ...(stored && { stored: cleaned(stored.bind(exporter), clean) }),
    ...(readBack && { readBack: cleaned(readBack.bind(exporter), clean) }),
  })
}

function cleaned<Asked extends readonly unknown[], Said>(speak: (...asked: Asked) => Promise<Said>, clean: Clean) {
  return async (...asked: Asked): Promise<Said> => {
    try {
      return cleanDeep(await speak(...asked), clean) as Said
    } catch (error) {
      // A bug, whose message is kept like any reason.
      throw new Error(clean(error instanceof Error ? error.message : String(error)))
    }
  }
}

function cleanDeep(value: unknown, clean: Clean): unknown {
  if (typeof value === 'string') return clean(value)
  if (value instanceof Map) return new Map([...value].map(([key, one]) => [key, cleanDeep(one, clean)]))
  if (Array.isArray(value)) return value.map((one) => cleanDeep(one, clean))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
  return Object.fromEntries(entries.map(([key, one]) => [key, kept.has(key) ? one : cleanDeep(one, clean)]))
}
