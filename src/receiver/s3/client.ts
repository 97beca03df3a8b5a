// How S3, and what speaks its protocol, is reached: one client for the store that objects are read from and for the one that
// checkpoints are kept in. The SDK is loaded only when a bucket is configured. Checksums are asked for only where the
// protocol demands them, because S3-compatible stores refuse or mangle the newer ones.
import type { S3, S3ClientConfig } from '@aws-sdk/client-s3'
import { type AwsSeams, type AwsSettings, awsConnection } from '../aws/connection.ts'
import { counting } from '../aws/counting.ts'
import { uncounted } from '../requests.ts'

/** `store.s3` of the configuration. */
export interface S3Settings extends AwsSettings {
  readonly bucket: string
  readonly prefix?: string | undefined
  readonly force_path_style?: boolean | undefined
  readonly expected_bucket_owner?: string | undefined
}

/** Loads the SDK and makes a client. Sends nothing. `region`: as far as it is known without asking the store. */
export async function openS3Client(
  settings: S3Settings,
  seams: AwsSeams,
  more: Pick<S3ClientConfig, 'maxAttempts' | 'logger'> = {},
): Promise<{ readonly client: S3; readonly region: string | undefined }> {
  const sdk = await import('@aws-sdk/client-s3')
  const client = new sdk.S3({
    ...(await awsConnection(settings, seams)),
    ...more,
    forcePathStyle: settings.force_path_style ?? false,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
  keepDate(client)
  client.middlewareStack.use(counting('s3', seams.counted ?? uncounted))
  return { client, region: await client.config.region().catch(() => undefined) }
}

/** The response's Date, kept where the SDK keeps what else it knows of an answer. */
interface Dated {
  date?: string
}

/** Has a client's answers keep the response's Date, for `storeDate`. */
function keepDate(client: S3): void {
  client.middlewareStack.add(
    (next) => async (request) => {
      const result = await next(request)
      const date = (result.response as { headers?: Record<string, string> }).headers?.['date']
      const metadata = result.output?.$metadata as Dated | undefined
      if (metadata !== undefined && date !== undefined) metadata.date = date
      return result
    },
    { step: 'deserialize', priority: 'high', name: 'keepDate' },
  )
}

/** The store's clock as it answered, in milliseconds since 1970; undefined if it did not say. */
export function storeDate({ $metadata }: { readonly $metadata: object }): number | undefined {
  const date = Date.parse(($metadata as Dated).date ?? '')
  return Number.isNaN(date) ? undefined : date
}
