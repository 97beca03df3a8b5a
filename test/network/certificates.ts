// An authority of our own and what it signs, made by openssl in a temporary folder.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Certificates are made by openssl; where it is missing, what needs them is skipped. */
export const canSign: boolean = spawnSync('openssl', ['version']).error === undefined

export interface Signed {
  readonly cert: string
  readonly key: string
}

export class Authority {
  readonly folder: string
  /** The authority's own certificate, as `service.ca_file` takes it. */
  readonly caFile: string

  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'authority-'))
    this.caFile = join(this.folder, 'ca.pem')
    const subject = ['-subj', '/CN=Acme private authority', '-addext', 'basicConstraints=critical,CA:TRUE']
    openssl(['req', '-x509', ...key, '-days', '2', '-keyout', this.#path('ca.key'), '-out', this.caFile, ...subject])
  }

  /** A server's certificate for these names; `*` stands for one label. */
  sign(names: readonly string[]): Signed {
    const [keyFile, request, cert, extensions] = ['key', 'csr', 'crt', 'ext'].map((end) => this.#path(`server.${end}`))
    writeFileSync(extensions!, `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}\n`)
    openssl(['req', '-new', ...key, '-keyout', keyFile!, '-out', request!, '-subj', '/CN=server'])
    const signing = ['-CA', this.caFile, '-CAkey', this.#path('ca.key'), '-CAcreateserial', '-days', '2']
    openssl(['x509', '-req', '-in', request!, ...signing, '-extfile', extensions!, '-out', cert!])
    return { cert: readFileSync(cert!, 'utf8'), key: readFileSync(keyFile!, 'utf8') }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true })
  }

  #path(name: string): string {
    return join(this.folder, name)
  }
}

const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

function openssl(args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: 'ignore' })
}
