// What follows from Azure's ways to say no. Only its own BlobNotFound, or a failed If-Match, means that an object is gone: a
// missing container answers 404 too, and so does a proxy.
// https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes
import { ReadFailure, type ReadFailureKind, SourceFailure } from '../../domain/failures.ts'
import { commonHint, isCredentialProblem, isDenial, refusal } from '../azure/refusal.ts'
import { because, isPassing, type Refusal } from '../refusal.ts'

export interface Place {
  /** `azblob://account/container`. */
  readonly uri: string
  /** Whether a shared access signature is used. */
  readonly signed: boolean
}

/** A listing, or a look at one blob, that failed. */
export function listFailure(error: unknown, place: Place, prefix: string): SourceFailure {
  const refused = refusal(error)
  const hint = hintOf(refused, place, 'list')
  return new SourceFailure(`cannot list ${place.uri}/${prefix}: ${refused.text}`, {
    ...because(refused, hint),
    passing: isPassing(refused) && !isCredentialProblem(refused),
  })
}

/** A blob that could not be read. */
export function readFailure(error: unknown, place: Place, key: string): ReadFailure {
  const refused = refusal(error)
  const kind = kindOf(refused)
  const message = `cannot read ${place.uri}/${key}: ${refused.text}`
  if (kind !== 'gone') return new ReadFailure(kind, message, because(refused, hintOf(refused, place, 'read')))
  const { cause } = refused
  if (!isAbsent(refused)) return new ReadFailure(kind, message, { cause, absence: 'replaced' })
  return new ReadFailure(kind, `${message}; ${untold}`, { cause, absence: 'vanished' })
}

const untold =
  'whether a lifecycle rule removed it or somebody deleted it, only the activity of the storage account tells'

/** Azure's own word for a blob that is not there. */
export function isAbsent({ code }: Refusal): boolean {
  return code === 'BlobNotFound'
}

function kindOf(refused: Refusal): ReadFailureKind {
  if (isAbsent(refused) || refused.code === 'ConditionNotMet' || refused.status === 412) return 'gone'
  if (/^Blob(?:Archived|BeingRehydrated)$/.test(refused.code)) return 'archived'
  if (isContainerMissing(refused) || isCredentialProblem(refused) || isDenial(refused)) return 'denied'
  return 'unreachable'
}

/** ResourceNotFound is what those hear who may not know whether there is one. */
function isContainerMissing({ code }: Refusal): boolean {
  return /^(?:ContainerNotFound|ContainerDisabled|ContainerBeingDeleted|ResourceNotFound)$/.test(code)
}

function hintOf(refused: Refusal, place: Place, doing: 'list' | 'read'): string | undefined {
  if (isContainerMissing(refused))
    return 'check store.azure_blob.account, container and endpoint: there is no such container where we asked'
  if (/^Blob(?:Archived|BeingRehydrated)$/.test(refused.code))
    return 'move the blob out of the archive tier (az storage blob set-tier); it is tried again'
  const common = commonHint(refused, place)
  if (common !== undefined || !isDenial(refused)) return common
  if (place.signed) return `make a shared access signature of the container that allows to read and to ${doing} (sp=rl)`
  return `grant the role Storage Blob Data Reader on ${place.uri.slice(place.uri.lastIndexOf('/') + 1)} to the identity of this process`
}
