// `service.proxy` and `service.ca_file`, made to hold for every connection of this process, whoever opens it: stores,
// queues, what the clouds' SDKs fetch credentials from, destinations, exporters of plugins. Both are set where all of
// these look anyway: the environment, and Node's own list of authorities. Rejected: handing them to each client. There
// are seven kinds of them with as many ways to take a proxy, some make further clients of their own out of sight (the
// identity libraries do), and the one that is forgotten goes past the proxy in silence.
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { readAuthorities } from '../config/authorities.ts'
import { processSources } from '../config/load.ts'
import type { ServiceConfig } from '../config/service.ts'

type Network = Pick<ServiceConfig, 'proxy' | 'ca_file'>
type Environment = Record<string, string | undefined>

/**
 * What no proxy can reach for us: this machine, and where the clouds tell a machine or pod who it is.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
 */
const direct = [
  ...['localhost', '127.0.0.1', '::1'],
  ...['169.254.169.254', 'fd00:ec2::254', '169.254.170.2', '169.254.170.23', 'fd00:ec2::23'],
  ...['metadata.google.internal', 'metadata'],
]

/** To be called before anything is opened. Without the settings nothing changes. Throws where `ca_file` cannot be used. */
export function useNetwork({ proxy, ca_file }: Network, env: Environment = process.env): void {
  if (ca_file !== undefined) trustBeside(readAuthorities(ca_file, processSources().readFile))
  if (proxy !== undefined) goThrough(proxy, env)
}

/** Those Node trusts without us. */
let before: readonly string[] | undefined

/**
 * Beside those trusted already: what lies on the public network is still believed. They take the place of those given the
 * last time, for connections that are opened from now on.
 */
export function trustBeside(authorities: readonly string[]): void {
  before ??= getCACertificates('default')
  setDefaultCACertificates([...new Set([...before, ...authorities])])
}

/** In both spellings, because of either some client reads only one, and most take the small one first. */
function goThrough(proxy: string, env: Environment): void {
  const excepted = (env['no_proxy'] ?? env['NO_PROXY'] ?? '').split(',').map((entry) => entry.trim())
  const past = [...new Set([...excepted, ...direct])].filter((entry) => entry !== '').join(',')
  const values = { http_proxy: proxy, https_proxy: proxy, no_proxy: past }
  for (const [name, value] of Object.entries(values)) {
    env[name] = value
    env[name.toUpperCase()] = value
  }
}
