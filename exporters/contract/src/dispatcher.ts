// From options to an undici dispatcher: certificates, proxies, keep-alive. HTTP/1.1 only, because what "may have
// arrived" means is known for one request at a time on a connection.
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { validateHeaderName, validateHeaderValue } from 'node:http'
import { createSecureContext } from 'node:tls'
import { Agent, type Dispatcher, EnvHttpProxyAgent, ProxyAgent } from 'undici'
import { checkCompression } from './compress.ts'
import type { HttpOptions, TlsOptions } from './http.ts'
import { SettingError } from './setting-error.ts'

const connectTimeout = 10_000
// Below the shortest idle time of the servers we know (Node 5 s, Splunk 12 s), so that a request seldom meets a
// connection that is just being closed. A server's own Keep-Alive hint counts up to 30 s.
const pooling = { allowH2: false, pipelining: 1, keepAliveTimeout: 4_000, keepAliveMaxTimeout: 30_000, connectTimeout }

export function createDispatcher(options: HttpOptions): Dispatcher {
  checkCompression(options.compression)
  const tls = { ...tlsOf(options.tls ?? {}), timeout: connectTimeout }
  if (options.proxyUrl !== undefined) return explicitProxy(options.proxyUrl, tls)
  if (!proxyInEnvironment()) return new Agent({ ...pooling, connect: tls })
  return new EnvHttpProxyAgent({ ...pooling, connect: tls, requestTls: tls, proxyTls: proxySide(tls) })
}

/** The options' headers with lower-case names. */
export function checkHeaders(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const checked: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    try {
      validateHeaderName(name)
      validateHeaderValue(name, value)
    } catch {
      throw new SettingError(
        `headers.${name}`,
        'is no valid HTTP header: a name is a token, a value has no line breaks',
      )
    }
    checked[name.toLowerCase()] = value
  }
  return checked
}

type Tls = ReturnType<typeof tlsOf> & { timeout: number }

function explicitProxy(proxyUrl: string, tls: Tls): Dispatcher {
  if (!URL.canParse(proxyUrl) || !/^(https?|socks5?):$/.test(new URL(proxyUrl).protocol)) {
    throw new SettingError('proxy_url', 'must be a URL that begins with http://, https:// or socks5://')
  }
  return new ProxyAgent({ ...pooling, uri: proxyUrl, requestTls: tls, proxyTls: proxySide(tls) })
}

/** The way to the proxy knows our authorities, but neither our certificate nor the destination's name. */
function proxySide(tls: Tls): Pick<Tls, 'ca' | 'timeout'> {
  return { timeout: tls.timeout, ...(tls.ca === undefined ? {} : { ca: tls.ca }) }
}

function proxyInEnvironment(): boolean {
  return ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY'].some((name) => (process.env[name] ?? '') !== '')
}

function tlsOf(tls: TlsOptions) {
  if ((tls.certFile === undefined) !== (tls.keyFile === undefined)) {
    throw new SettingError('tls', 'cert_file and key_file go together: set both or neither')
  }
  const ca = read('tls.ca_file', tls.caFile)
  const cert = read('tls.cert_file', tls.certFile)
  const key = read('tls.key_file', tls.keyFile)
  if (ca !== undefined) attempt('tls.ca_file', tls.caFile, () => new X509Certificate(ca))
  if (cert !== undefined) attempt('tls.cert_file', tls.certFile, () => new X509Certificate(cert))
  if (key !== undefined && cert !== undefined) {
    attempt('tls.key_file', tls.keyFile, () => createSecureContext({ cert, key }))
  }
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
    ...(tls.insecureSkipVerify === true ? { rejectUnauthorized: false } : {}),
  }
}

function read(setting: string, path: string | undefined): Buffer | undefined {
  return path === undefined ? undefined : attempt(setting, path, () => readFileSync(path))
}

function attempt<T>(setting: string, path: string | undefined, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new SettingError(setting, `cannot use ${path}: ${why}`, { cause })
  }
}
