// What of a configuration ends by itself, and when: certificates in files, and shared access signatures, which say it in
// clear. Read anew whenever it is asked for, so that what was replaced is seen at once. Rejected: asking servers for their
// certificates, which are not ours to renew.
import { X509Certificate } from 'node:crypto'
import { certificatesIn } from './authorities.ts'
import type { Loaded } from './load.ts'
import { type Path, pathText } from './problem.ts'
import { leaves } from './shape.ts'
import type { Sources } from './substitute.ts'

/** One thing that ends. */
export interface Expiry {
  /** Whose setting it is: `exporters.splunk_hec/soc`, `receivers.circleci_audit`, `service`. */
  readonly component: string
  /** Under the component, e.g. `tls.cert_file`. */
  readonly setting: string
  /** Milliseconds since 1970. */
  readonly at: number
}

/** In the order of the configuration. What cannot be read, or says nothing of its end, is left out. `now` as `at`. */
export function expiries(loaded: Loaded, sources: Sources, now: number): readonly Expiry[] {
  return [...leaves(loaded.value)].flatMap(({ path, value }): Expiry[] => {
    const ends = kinds[String(path.at(-1))]
    if (ends === undefined || typeof value !== 'string') return []
    const at = attempt(() => ends(loaded.document.again(path, sources)?.text ?? value, sources, now))
    return at === undefined || Number.isNaN(at) ? [] : [{ ...placeOf(path), at }]
  })
}

type Ends = (value: string, sources: Sources, now: number) => number | undefined

const kinds: Readonly<Record<string, Ends>> = {
  // A chain is as good as its weakest link.
  cert_file: (path, { readFile }) => Math.min(...endsOf(readFile(path))),
  // Of several authorities the next to end; those that have ended already are left over from an earlier change.
  ca_file: (path, { readFile }, now) => {
    const ends = endsOf(readFile(path))
    const left = ends.filter((end) => end > now)
    return left.length > 0 ? Math.min(...left) : Math.max(...ends)
  },
  sas_token: (token) => Date.parse(new URLSearchParams(token.replace(/^\?/, '')).get('se') ?? ''),
}

function endsOf(pem: string): readonly number[] {
  const ends = certificatesIn(pem).map((one) => Date.parse(new X509Certificate(one).validTo))
  return ends.length > 0 ? ends : [Number.NaN]
}

function placeOf(path: Path): Pick<Expiry, 'component' | 'setting'> {
  const depth = path[0] === 'service' ? 1 : 2
  return { component: pathText(path.slice(0, depth)), setting: pathText(path.slice(depth)) }
}

function attempt(read: () => number | undefined): number | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
