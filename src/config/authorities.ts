// The authorities that `service.ca_file` adds to those Node trusts. Read where the file is checked, so that a wrong path or
// a key pasted in place of a certificate is told with its line, and read again by whoever makes them hold.
import { X509Certificate } from 'node:crypto'
import type { Complaint } from './problem.ts'
import type { Config } from './schema.ts'
import type { Sources } from './substitute.ts'

const pem = /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[^-]+-----END (?:TRUSTED )?CERTIFICATE-----/g

/** The certificates of a PEM file, each as text of its own. Throws what is wrong with it, in words. */
export function readAuthorities(path: string, readFile: Sources['readFile']): readonly string[] {
  const certificates = certificatesIn(readFile(path))
  if (certificates.length === 0) throw new Error('it holds no certificate in PEM')
  for (const [index, certificate] of certificates.entries()) assertReadable(certificate, index)
  return certificates
}

/** The certificates of a text in PEM, each as text of its own, whatever else stands between them. */
export function certificatesIn(text: string): readonly string[] {
  return text.match(pem) ?? []
}

function assertReadable(certificate: string, index: number): void {
  try {
    new X509Certificate(certificate)
  } catch (cause) {
    throw new Error(`its certificate ${index + 1} cannot be read: ${(cause as Error).message}`, { cause })
  }
}

export function checkAuthorities({ ca_file: path }: Config['service'], { readFile }: Sources): readonly Complaint[] {
  if (path === undefined) return []
  try {
    readAuthorities(path, readFile)
    return []
  } catch (error) {
    const message = `cannot be used: ${(error as Error).message}`
    const hint = 'name a PEM file with the certificates of the authorities to trust'
    return [{ level: 'error', path: ['service', 'ca_file'], message, hint }]
  }
}
