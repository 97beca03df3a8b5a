// A configuration as the program would load it, in a world where every variable and file it refers to is there.
import { rootCertificates } from 'node:tls'
import { components } from '../../src/cli/components.ts'
import { parseConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/schema.ts'

const sources = {
  // A variable stands for whatever its name says it is.
  env: new Proxy<Record<string, string>>({}, { get: (_, name) => stub(String(name)) }),
  readFile: (path: string) => (/\.(crt|pem)$/.test(path) ? (rootCertificates[0] ?? '') : 'a-secret-from-a-file'),
}

function stub(name: string): string {
  if (name === 'RAPID7_TOKEN') return '11111111-2222-4333-8444-555555555555'
  return /URL|ENDPOINT/.test(name) ? 'https://sqs.us-east-1.amazonaws.com/111122223333/audit' : `value-of-${name}`
}

/** The configuration. Throws ConfigError with every problem, and Error for what is merely warned of. */
export async function loaded(text: string, file = 'example.yaml'): Promise<Config> {
  const { config, warnings } = await parseConfig(text, file, components, { sources, now: Date.UTC(2026, 10, 21) })
  if (warnings.length > 0) throw new Error(JSON.stringify(warnings))
  return config
}

/** `valid`, or what is wrong with it. */
export function problemsOf(text: string): Promise<string> {
  return loaded(text).then(
    () => 'valid',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  )
}
