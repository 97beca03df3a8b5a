// A server over https that this process trusts, for what is done over https alone.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'

/** Certificates are made by openssl; where it is missing, what needs them is skipped. */
export const canBeSecure: boolean = spawnSync('openssl', ['version']).error === undefined

export interface SecureServer {
  /** `localhost:port`. */
  readonly host: string
  readonly close: () => void
}

export async function startSecure(answer: RequestListener): Promise<SecureServer> {
  const { cert, key } = certificate()
  const server = createServer({ cert, key }, answer).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const before = getCACertificates('default')
  setDefaultCACertificates([...before, cert])
  const close = (): void => {
    setDefaultCACertificates(before)
    server.closeAllConnections()
    server.close()
  }
  return { host: `localhost:${(server.address() as AddressInfo).port}`, close }
}

function certificate(): { readonly cert: string; readonly key: string } {
  const folder = mkdtempSync(join(tmpdir(), 'certificate-'))
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  execFileSync('openssl', ['req', '-x509', ...curve, '-keyout', key, '-out', cert, ...subject], { stdio: 'ignore' })
  const made = { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }
  rmSync(folder, { recursive: true })
  return made
}
