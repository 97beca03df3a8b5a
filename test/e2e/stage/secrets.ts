import { randomUUID } from 'node:crypto'

/** Credentials of one scene, by the name of their variable. Each is unlike anything else, so that it can be looked for. */
export class Secrets {
  readonly env: Readonly<Record<string, string>>

  constructor() {
    const secret = (kind: string): string => `${kind}-${randomUUID()}`
    this.env = {
      OTLP_TOKEN: secret('otlp'),
      HEC_TOKEN: randomUUID(),
      ADMIN_TOKEN: secret('admin'),
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: secret('aws'),
      AWS_SESSION_TOKEN: secret('session'),
    }
  }

  /** Throws if a secret stands in the text, as it is or in base64. Its name is told, not its value. */
  mustNotBeIn(where: string, text: string): void {
    for (const [name, value] of Object.entries(this.env)) {
      if (value.length < 8) continue
      const encoded = Buffer.from(value).toString('base64').replace(/=+$/, '').slice(0, -1)
      if (text.includes(value) || text.includes(encoded)) throw new Error(`${where} holds the value of ${name}`)
    }
  }
}
