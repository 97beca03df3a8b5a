// Where people are told. Destinations get everything and are searched; this is one address that hears of gaps alone, so
// that somebody comes.
import { endpoint, httpSettings } from '@circleci-audit-forwarder/contract'
import { z } from 'zod'
import { retry } from './retry.ts'

const { headers, timeout, tls, proxy_url } = httpSettings

export const notify = z.strictObject({
  endpoint: endpoint.meta({
    description:
      'Address that takes a POST with a JSON object for each notice. Its path and query are treated as secrets.',
    secret: true,
  }),
  headers,
  timeout,
  tls,
  proxy_url,
  retry: retry('After a week a notice that is still not taken is given up.'),
})

/** `service.notify`, parsed. Times are in milliseconds. */
export type NotifyConfig = z.output<typeof notify>
