// S3-compatible services with their quirks, as a script in front of the emulator: what they do not implement they refuse, as
// Cloudflare R2 and MinIO are documented to. Newer SDKs send checksums with every request by default, which is what
// breaks most programs on such services.
// https://developers.cloudflare.com/r2/api/s3/api/ https://min.io/docs/minio/linux/operations/concepts/thresholds.html
import { type Asked, refusal, type Script } from '../check/front.ts'

/** Headers and trailers of the newer checksums, in requests. */
const checksums = /^x-amz-(?:checksum-|sdk-checksum-|trailer|decoded-content-length)/

/** What a request asks beyond the protocol that such services speak; undefined if nothing. */
function beyond({ headers }: Asked): string | undefined {
  const checksum = Object.keys(headers).find((name) => checksums.test(name))
  if (checksum !== undefined) return checksum
  const hash = String(headers['x-amz-content-sha256'] ?? '')
  return hash.startsWith('STREAMING-') ? hash : undefined
}

function scope({ headers }: Asked): string | undefined {
  return /Credential=[^/]+\/\d{8}\/([^/]*)\/s3\/aws4_request/.exec(String(headers['authorization']))?.[1]
}

/** R2: region `auto`, bucket in the path, no owners, no bucket notifications; everything else it does not know is refused. */
export const r2: Script = (asked) => {
  const unknown =
    beyond(asked) ?? ('x-amz-expected-bucket-owner' in asked.headers ? 'x-amz-expected-bucket-owner' : undefined)
  if (unknown !== undefined) return refusal(501, 'NotImplemented', `Header '${unknown}' not implemented`)
  if (asked.what === 'notification')
    return refusal(501, 'NotImplemented', 'GetBucketNotificationConfiguration not implemented')
  if (!['auto', 'us-east-1', ''].includes(scope(asked) ?? 'none'))
    return refusal(400, 'InvalidRegionName', `The region name '${scope(asked)}' is not valid. Must be one of: auto`)
  return misplaced(asked)
}

/** MinIO: whatever region it was given, bucket in the path. */
export const minio: Script = (asked) => {
  const unknown = beyond(asked)
  if (unknown !== undefined)
    return refusal(400, 'MalformedTrailerError', `The trailing header ${unknown} was malformed`)
  if (scope(asked) !== 'us-east-1')
    return refusal(400, 'AuthorizationHeaderMalformed', "The region is wrong; expecting 'us-east-1'")
  return misplaced(asked)
}

/** The certificate covers the service's own name and no bucket's. */
function misplaced({ headers }: Asked): ReturnType<Script> {
  if (/^(?:127\.0\.0\.1|localhost)(?::|$)/.test(String(headers['host']))) return undefined
  return refusal(403, 'SignatureDoesNotMatch', 'the bucket is in the host name')
}
