// The settings of a test's network, made to hold for this process as the program makes them hold, and taken back.
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { vi } from 'vitest'
import { useNetwork } from '../../src/cli/network.ts'

const variables = ['http_proxy', 'https_proxy', 'no_proxy'].flatMap((name) => [name, name.toUpperCase()])

/** Returns what takes it back. The environment is `vi`'s to restore as well. */
export function useHere(network: Parameters<typeof useNetwork>[0]): () => void {
  const before = getCACertificates('default')
  for (const name of variables) if (process.env[name] === undefined) vi.stubEnv(name, undefined)
  useNetwork(network)
  return () => {
    setDefaultCACertificates(before)
    vi.unstubAllEnvs()
  }
}
