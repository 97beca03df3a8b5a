// A place in S3, wherever one is configured. Credentials have no settings: they come from AWS's default chain.
import { z } from 'zod'
import { filled, url } from './scalars.ts'

const roleArn = z
  .string()
  .regex(/^arn:[\w-]+:iam::\d{12}:role\/\S+$/, 'is no role: write arn:aws:iam::111122223333:role/name')
/** Without slashes at its ends. */
export const prefix = z.string().transform((text) => text.replace(/^\/+|\/+$/g, ''))

/** Who asks. */
export const assumed = {
  role_arn: roleArn.optional().meta({ description: 'Role to assume with the credentials of the default chain.' }),
  external_id: filled.optional().meta({ description: 'External id that the role asks for.' }),
}

/** A bucket, and where in it; `below` says what the prefix is. */
export const s3Place = (below: z.ZodType<string, string | undefined>) =>
  z.strictObject({
    bucket: filled.meta({ description: 'Name of the bucket.' }),
    prefix: below,
    region: filled.optional().meta({ description: "Region of the bucket. Without it, the SDK's own (`AWS_REGION`)." }),
    endpoint: url.optional().meta({ description: 'URL of an S3-compatible service. Without it, AWS.' }),
    force_path_style: z
      .boolean()
      .default(false)
      .meta({ description: 'Put the bucket into the path, not into the host name; most compatible services need it.' }),
    ...assumed,
    expected_bucket_owner: z
      .string()
      .regex(/^\d{12}$/, 'is no account: write its 12 digits, in quotes')
      .optional()
      .meta({ description: 'Account that must own the bucket; requests to a bucket of another one fail.' }),
  })
