// `profile`: what lies in a store, before anything is sent anywhere. Reads only, and needs nothing but the right to.
import type { Config } from '../config/schema.ts'
import { SetupError, SourceFailure } from '../domain/failures.ts'
import { mappingOptions } from '../mapping/map.ts'
import type { Store } from '../receiver/store.ts'
import { openStore } from './assemble.ts'
import { systemClock } from './clock.ts'
import { exporters } from './components.ts'
import { instant } from './instant.ts'
import { load } from './load.ts'
import type { ProfileOptions } from './options.ts'
import { Profile } from './profile/profile.ts'
import { type Configured, scales } from './profile/sizes.ts'
import { profileText, shapeText } from './profile/text.ts'
import { Walk } from './profile/walk.ts'
import { version } from './version.ts'

/** Over what to look, beside what every `profile` is given. */
export interface ProfileRange {
  /** RFC 3339, or a time ago such as `7d` or `-12h`. Default: seven days ago. */
  readonly from?: string | undefined
  /** The same; default now. */
  readonly to?: string | undefined
  /** Most objects to read; default 10,000. The newest ones are read. */
  readonly objects?: number | undefined
}

const dayMs = 86_400_000
const mostObjects = 10_000

/** Prints what the store holds. 0 when all of it could be read, 1 when not. Throws SetupError and ConfigError. */
export async function profile(options: ProfileOptions & ProfileRange): Promise<number> {
  try {
    return await examine(options)
  } catch (error) {
    if (!(error instanceof SourceFailure)) throw error
    const { message, hint } = error
    const text = hint === undefined ? message : `${message}\n    hint: ${hint}`
    console.error(options.json ? JSON.stringify({ error: message, hint }) : text)
    return 1
  }
}

async function examine(options: ProfileOptions & ProfileRange): Promise<number> {
  const now = Date.now()
  const from = instant('--from', options.from, now, now - 7 * dayMs)
  const to = instant('--to', options.to, now, now)
  if (from >= to) throw new SetupError('--from is not before --to')
  const source = await openSource(options)
  const result = new Profile({ store: source.store.uri, from, to }, scales(exporters, source.exporters))
  const walk = new Walk(source.store, result, mappingOptions(version()))
  const complete = await walk.run({ from, to, objects: options.objects ?? mostObjects }, shown)
  console.log(options.shape ? shape(result, options.json) : whole(result, options.json))
  return complete ? 0 : 1
}

/** On a terminal only: a pipe wants the result and nothing else. */
function shown(read: number, of: number): void {
  if (!process.stderr.isTTY || (read % 20 !== 0 && read !== of)) return
  process.stderr.write(read === of ? '\r\u001b[K' : `\rread ${read} of ${of} objects`)
}

function whole(result: Profile, json: boolean): string {
  const document = result.document()
  return json ? JSON.stringify(document, null, 2) : profileText(document)
}

function shape(result: Profile, json: boolean): string {
  const document = result.shape()
  return json ? JSON.stringify(document, null, 2) : shapeText(document.fields)
}

interface Opened {
  readonly store: Store
  readonly exporters: readonly Configured[]
}

/** The store named on the command line, else the configuration's only one. */
async function openSource(options: ProfileOptions): Promise<Opened> {
  if (options.store !== undefined) {
    const settings = named(options.store)
    return { store: await openStore({ store: settings }, systemClock), exporters: [] }
  }
  const { config } = await load(options)
  const [receiver, ...others] = Object.entries(config.receivers)
  if (receiver === undefined) throw new SetupError('the configuration has no receiver')
  if (others.length > 0) {
    throw new SetupError(`the configuration has ${others.length + 1} receivers`, {
      hint: `name the store to profile: ${forms}`,
    })
  }
  return { store: await openStore(receiver[1], systemClock), exporters: Object.values(config.exporters) }
}

const forms = 's3://bucket/prefix, gs://bucket/prefix, azblob://account/container/prefix or dir:/path'

type StoreSettings = Config['receivers'][string]['store']

function named(text: string): StoreSettings {
  const s3 = /^s3:\/\/([^/]+)\/?(.*?)\/*$/.exec(text)
  if (s3 !== null) return { s3: { bucket: s3[1] ?? '', prefix: s3[2] ?? '', force_path_style: false } }
  const gcs = /^gs:\/\/([^/]+)\/?(.*?)\/*$/.exec(text)
  if (gcs !== null) return { gcs: { bucket: gcs[1] ?? '', prefix: gcs[2] ?? '' } }
  const [, account, container, prefix = ''] = /^azblob:\/\/([^/]+)\/([^/]+)\/?(.*?)\/*$/.exec(text) ?? []
  if (account !== undefined && container !== undefined) return { azure_blob: { account, container, prefix } }
  if (/^\w+:\/\//.test(text)) throw new SetupError(`${text} is no store: write ${forms}`)
  return { directory: { path: text.replace(/^dir:/, ''), prefix: '' } }
}
