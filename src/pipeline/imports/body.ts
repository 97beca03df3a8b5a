import { RequestRefused } from '../../domain/request.ts'

/** What is asked for: a file that lies staged, and what a first reading of it found. */
export interface ImportBody {
  /** The staged copy's name: the file's sha256. */
  readonly staged: string
  /** As the file was given: its name, an address, or `-`. */
  readonly name: string
  /** Whose events it holds. */
  readonly receiver: string
  /** Go on although events of objects that are gone cannot be recognised. */
  readonly acceptRepeats: boolean
  /** Key and version, where it was laid in a store: it is not taken from there again. */
  readonly source?: string | undefined
}

const sha256 = /^[0-9a-f]{64}$/

/** Throws RequestRefused for what is none. */
export function importBody(body: unknown): ImportBody {
  const { staged, name, receiver, acceptRepeats, source } = (body ?? {}) as Readonly<Record<string, unknown>>
  if (typeof staged !== 'string' || !sha256.test(staged) || typeof name !== 'string' || typeof receiver !== 'string') {
    throw new RequestRefused('this is no request for an import', {
      hint: 'command and forwarder may be of different versions: run the command of the forwarder that is running',
    })
  }
  const laid = typeof source === 'string' ? { source } : {}
  return { staged, name, receiver, acceptRepeats: acceptRepeats === true, ...laid }
}

/** Whether a request's body asks for this import. One that would be refused for repeats is no other's that accepts them. */
export function isSameImport(text: string, { staged, receiver, acceptRepeats }: ImportBody): boolean {
  const other = JSON.parse(text) as Partial<ImportBody>
  return other.staged === staged && other.receiver === receiver && (other.acceptRepeats === true) === acceptRepeats
}
