import { canariesIn, canary, canaryGuid, canaryHex } from '../../tools/secrets.ts'

/** Credentials of a scene, by the name of their variable. */
export class Secrets {
  readonly env: Readonly<Record<string, string>> = {
    OTLP_TOKEN: canary('otlp'),
    HEC_TOKEN: canaryGuid(0xec),
    DATADOG_KEY: canaryHex(0xdd),
    RAPID7_TOKEN: canaryGuid(0x7),
    RAPID7_KEY: canary('rapid7'),
    // Characters that URLs, headers, YAML and JSON write in other ways.
    CLICKHOUSE_PASSWORD: canary(`p@ss"word'/%+:é`),
    CLICKHOUSE_TOKEN: canary('clickhouse'),
    PROXY_PASSWORD: canary('proxy'),
    PLUGIN_KEY: canary('plugin'),
    NOTIFY_ADDRESS: canary('notify-address'),
    NOTIFY_KEY: canary('notify-key'),
    REDACT_KEY: canary('redact'),
    ADMIN_TOKEN: canary('admin'),
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: canary('aws'),
    AWS_SESSION_TOKEN: canary('session'),
  }

  /** Throws if a credential stands in the text, of this scene or of any other test, however it is spelled. */
  mustNotBeIn(where: string, text: string): void {
    const found = canariesIn(text)
    if (found.length > 0) throw new Error(`${where} holds a credential: ${found.slice(0, 5).join('\n')}`)
  }
}
