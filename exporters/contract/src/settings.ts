// Settings that every HTTP exporter shares, spelled as the OpenTelemetry Collector spells them. Each is written once
// here: type, default, description, secrecy. `httpSettings` is a shape, so that an exporter spreads it into its own
// strict object and narrows what its vendor does not take.
import { z } from 'zod'
import type { HttpOptions } from './http.ts'

const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}
const durationPattern = /^(0|((\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h|d))+)$/

/** Go's durations and days: `200ms`, `5s`, `1m30s`, `7d`. Parses to milliseconds, rounded up. */
export const duration = z
  .string()
  .regex(durationPattern, 'is no duration: write 200ms, 5s, 1m30s or 7d')
  .transform(durationMs)

const unitBytes: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KIB: 1024,
  MIB: 1024 ** 2,
  GIB: 1024 ** 3,
}
const sizePattern = /^\d+(\.\d+)? ?([KMGkmg]i?)?[Bb]?$/

/** Bytes: `4MiB`, `512KiB`, `5MB` or a plain number. Parses to bytes, rounded down. */
export const size = z
  .union([z.int().nonnegative(), z.string().regex(sizePattern, 'is no size: write 4MiB, 512KiB or a number of bytes')])
  .transform((value) => (typeof value === 'number' ? value : sizeBytes(value)))

/** A credential: masked wherever settings are shown. Pasted white space is refused, since it fails as 401 later. */
export const secret = z
  .string()
  .regex(/^\S(.*\S)?$/, 'must not be empty, nor begin or end with white space')
  .meta({ secret: true })

/** Where a destination is: an http or https URL. Credentials in it are refused, since URLs are shown. */
export const endpoint = z
  .string()
  .regex(/^https?:\/\/[^\s]+$/i, 'must be a URL that begins with http:// or https://')
  .refine(
    isPlainUrl,
    'must be a valid URL without user and password: put credentials into their own setting or a header',
  )

const tls = z.strictObject({
  ca_file: z
    .string()
    .optional()
    .meta({ description: "PEM file of the authorities to trust. Replaces the system's. Read again when it changes." }),
  cert_file: z.string().optional().meta({ description: 'PEM file of the client certificate, for mutual TLS.' }),
  key_file: z.string().optional().meta({ description: 'PEM file of the client key, for mutual TLS.' }),
  server_name: z
    .string()
    .optional()
    .meta({ description: "Name the server's certificate must carry, where it is not the endpoint's host." }),
  insecure_skip_verify: z
    .boolean()
    .default(false)
    .meta({ description: "Accept any certificate. For tests: whoever answers gets the destination's credentials." }),
})

/** The shape to spread: `z.strictObject({ ...httpSettings, token: secret })`. */
export const httpSettings = {
  headers: z
    .record(z.string(), z.string().meta({ secret: true }))
    .default({})
    .meta({ description: 'Headers added to every request. Values are treated as secrets.', secret: true }),
  compression: z.enum(['gzip', 'zstd', 'none']).default('gzip').meta({ description: 'Compression of request bodies.' }),
  timeout: duration
    .prefault('30s')
    .meta({ description: 'Time for one attempt, from connecting to the last byte of the answer.' }),
  tls: tls.optional().meta({ description: 'Certificates, where the defaults do not fit.' }),
  proxy_url: z
    .string()
    .optional()
    .meta({ description: 'Proxy to use. Without it HTTPS_PROXY, HTTP_PROXY and NO_PROXY hold.', secret: true }),
}

/** What `httpSettings` parses to. */
export type HttpSettings = z.output<z.ZodObject<typeof httpSettings>>

/** The settings as HttpClient takes them. */
export function httpOptions(settings: HttpSettings): HttpOptions {
  return {
    headers: settings.headers,
    compression: settings.compression,
    timeoutMs: settings.timeout,
    tls: settings.tls && {
      caFile: settings.tls.ca_file,
      certFile: settings.tls.cert_file,
      keyFile: settings.tls.key_file,
      serverName: settings.tls.server_name,
      insecureSkipVerify: settings.tls.insecure_skip_verify,
    },
    proxyUrl: settings.proxy_url,
  }
}

function isPlainUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { username, password } = new URL(text)
  return username === '' && password === ''
}

function durationMs(text: string): number {
  let ms = 0
  for (const [, amount, unit] of text.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h|d)/g)) {
    ms += Number(amount) * (unitMs[unit ?? ''] ?? 0)
  }
  return Math.ceil(Number(ms.toFixed(6)))
}

function sizeBytes(text: string): number {
  const amount = Number.parseFloat(text)
  const unit = text.replace(/^[\d.\s]+/, '').toUpperCase()
  return Math.floor(amount * (unitBytes[unit.endsWith('B') ? unit : `${unit}B`] ?? 1))
}
