// What follows from S3's ways to say no. The rule that matters: only a NoSuchKey or a failed If-Match, in S3's own words,
// means that an object is gone. A 404 of a proxy, of a missing bucket, or a 403 (which is what a missing object answers
// to those who may not list) is something to be repaired, and the object stays outstanding. What a listing or the
// bucket's rules add to such an answer is found out in absence.ts.

import { ReadFailure, type ReadFailureKind, SourceFailure } from '../../domain/failures.ts'
import type { Sighting } from '../../domain/objects.ts'
import { commonHint, isCredentialProblem, isDenial, type Refusal, refusal } from '../aws/refusal.ts'
import { because, isPassing } from '../refusal.ts'

export interface Place {
  readonly bucket: string
  /** As policies name it: with the bucket's partition. */
  readonly arn: string
  readonly prefix: string
  readonly owner: string | undefined
}

/** A listing that failed. */
export function listFailure(error: unknown, place: Place, prefix: string): SourceFailure {
  const refused = refusal(error)
  const hint = commonHint(refused) ?? listHint(refused, place)
  const message = `cannot list s3://${place.bucket}/${prefix}: ${refused.text}`
  return new SourceFailure(message, {
    ...because(refused, hint),
    passing: isPassing(refused) && !isCredentialProblem(refused),
  })
}

/** An object that could not be read. */
export function readFailure(error: unknown, place: Place, key: string): ReadFailure {
  const refused = refusal(error)
  const kind = kindOf(refused)
  const hint = kind === 'gone' ? undefined : (commonHint(refused) ?? readHint(kind, refused, place))
  const message = `cannot read s3://${place.bucket}/${key}: ${refused.text}`
  const absence = refused.code === 'NoSuchKey' ? 'vanished' : 'replaced'
  return new ReadFailure(kind, message, { cause: refused.cause, absence, ...(hint === undefined ? {} : { hint }) })
}

/** The service gave another version than the one that was asked for. */
export function replaced(object: Sighting, tag = '', place: Place): ReadFailure {
  const message = `cannot read s3://${place.bucket}/${object.key}: it is now version ${tag}, and ${object.version} was seen`
  return new ReadFailure('gone', message, { absence: 'replaced' })
}

/** Whether the refusal is what S3 answers, too, when the object is not there and we may not list. */
export function mayBeMissing(error: unknown): boolean {
  const refused = refusal(error)
  return kindOf(refused) === 'denied' && refused.status === 403 && !isCredentialProblem(refused) && !isKms(refused)
}

function isKms(refused: Refusal): boolean {
  return /kms/i.test(refused.text)
}

function kindOf(refused: Refusal): ReadFailureKind {
  if (refused.code === 'NoSuchKey' || refused.code === 'PreconditionFailed' || refused.status === 412) return 'gone'
  if (refused.code === 'InvalidObjectState') return 'archived'
  if (refused.code === 'NoSuchBucket' || isCredentialProblem(refused) || isDenial(refused)) return 'denied'
  return 'unreachable'
}

function listHint(refused: Refusal, place: Place): string | undefined {
  if (isUnknownOwner(refused, place)) return noOwners
  if (refused.code === 'NoSuchBucket') return noBucket
  if (!isDenial(refused)) return undefined
  return `grant s3:ListBucket on ${place.arn}${ownerHint(place)}`
}

function readHint(kind: ReadFailureKind, refused: Refusal, place: Place): string | undefined {
  if (kind === 'archived')
    return 'restore the object from its archive class (aws s3api restore-object); it is tried again'
  if (refused.code === 'NoSuchBucket') return noBucket
  if (isUnknownOwner(refused, place)) return noOwners
  if (!isDenial(refused)) return undefined
  if (isKms(refused)) return `grant kms:Decrypt on the key that encrypts s3://${place.bucket}`
  const objects = `${place.arn}/${place.prefix === '' ? '*' : `${place.prefix}/*`}`
  return `grant s3:GetObject on ${objects}, and kms:Decrypt on the bucket's key if it has one${ownerHint(place)}`
}

/** What is not AWS may not know the header that names the owner. */
function isUnknownOwner({ code }: Refusal, { owner }: Place): boolean {
  return code === 'NotImplemented' && owner !== undefined
}

const noOwners = 'leave expected_bucket_owner out: this service has no such thing'

const noBucket = 'check store.s3.bucket, region and endpoint: there is no such bucket where we asked'

function ownerHint(place: Place): string {
  return place.owner === undefined ? '' : `; or expected_bucket_owner is not the bucket's account`
}
