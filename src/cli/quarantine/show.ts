// One entry. What is printed is what its destination would get of it today, so whatever its pipeline redacts is redacted
// here. What cannot be read as an event is withheld: nobody can say what is in it. Only `--original` prints bytes as read.
import { recordJson } from '@circleci-audit-forwarder/contract'
import type { Loaded } from '../../config/load.ts'
import { SetupError } from '../../domain/failures.ts'
import { isOwnReceiver } from '../../domain/own-records.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { QuarantineEntry } from '../../ledger/quarantine.ts'
import { AuditReader } from '../../pipeline/reader.ts'
import { parseJson } from '../../receiver/decode/parse.ts'
import { reading } from '../answered.ts'
import { openDestinations, openReceivers } from '../assemble.ts'
import { systemClock } from '../clock.ts'
import { load } from '../load.ts'
import { ownParts } from '../open.ts'
import { openDatabases } from '../processors.ts'
import type { QuarantineShowOptions } from '../repair-options.ts'
import { version } from '../version.ts'
import { entryNumbers } from './selection.ts'
import { headText } from './text.ts'

/** Prints one entry. 0; throws SetupError where there is none. */
export async function showQuarantine(options: QuarantineShowOptions): Promise<number> {
  const loaded = await load(options)
  return reading(loaded, async (ledger) => {
    const [id = 0] = entryNumbers([options.id])
    const entry = ledger.entry(id)
    if (entry === undefined) {
      throw new SetupError(`there is no entry ${id} in quarantine`, {
        hint: 'it may have been delivered since; `quarantine list` shows what is there',
      })
    }
    const content = options.original ? original(entry) : await record(loaded, ledger, entry)
    console.log(options.json ? json(entry, content) : [...headText(entry), '', text(content)].join('\n'))
    return 0
  })
}

/** What is shown of an entry: some text, a record, or why nothing is. */
type Content =
  | { readonly original: string }
  | { readonly original_base64: string }
  | { readonly record: unknown }
  | { readonly withheld: string }

export function original({ bytes }: QuarantineEntry): Exclude<Content, { record: unknown }> {
  if (bytes === undefined) return { withheld: 'larger than 1 MiB: only its place, length and sha256 are kept' }
  const read = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  try {
    return { original: read.decode(bytes) }
  } catch {
    return { original_base64: Buffer.from(bytes).toString('base64') }
  }
}

const unreadable = { withheld: 'it cannot be read as an event, so nobody can say what is in it; --original prints it' }

async function record(loaded: Loaded, ledger: Ledger, entry: QuarantineEntry): Promise<Content> {
  const { object: place, bytes, destination } = entry
  const object = place && ledger.object(place.ref)
  if (object === undefined) return unreadable
  if (bytes === undefined) return original(entry)
  const receivers = await openReceivers(loaded.config, systemClock, version(), () => {})
  const own = ownParts(loaded.config)
  const reader = new AuditReader({ receivers, decode: {}, ledger, clock: systemClock, tell: () => {}, own })
  const pieces = await reader.revive(object, { ...entry, object: object.ref, bytes })
  const records = pieces.flatMap((piece) => piece.record ?? [])
  const [first] = records
  if (first === undefined) return unreadable
  // No rule about audit events holds for it, so it is sent as it is.
  if (isOwnReceiver(entry.receiver)) return { record: parseJson(recordJson(first)) }
  const databases = await openDatabases(loaded.config, () => {})
  const destinations = openDestinations(loaded.config, loaded.components.exporters, databases)
  const routes = destinations.find(({ id }) => id === destination)?.routes ?? []
  const route = routes.find(({ receiver }) => receiver === entry.receiver) ?? routes[0]
  if (route === undefined)
    return { withheld: 'nothing is configured for its destination, so nobody can say what to redact' }
  return { record: parseJson(recordJson(route.processing.transform(first))) }
}

function json({ bytes: _, ...entry }: QuarantineEntry, content: Content): string {
  return JSON.stringify({ ...entry, at: new Date(entry.at).toISOString(), ...content }, null, 2)
}

function text(content: Content): string {
  if ('record' in content) return JSON.stringify(content.record, null, 2)
  if ('original' in content) return content.original
  return 'original_base64' in content ? `base64: ${content.original_base64}` : `(${content.withheld})`
}
