import { createReadStream, readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Behaviour, Stored } from '../servers/receiver.ts'
import { Spawned } from './spawned.ts'

/** The vendors there are: each a script of `servers`. */
export type Vendor = 'clickhouse' | 'datadog' | 'hec' | 'otlp' | 'rapid7'

/** A counting receiver in its own process. */
export class Destination {
  readonly endpoint: string
  readonly #server: Spawned

  private constructor(server: Spawned, port: number) {
    this.#server = server
    this.endpoint = `http://127.0.0.1:${port}`
  }

  static async start(kind: Vendor, args: readonly string[] = []): Promise<Destination> {
    const server = await Spawned.start(kind, args)
    return new Destination(server, await server.call<number>('open'))
  }

  behave(behaviour: Behaviour): Promise<void> {
    return this.#server.call('behave', behaviour)
  }

  /** Connections are refused from now on. */
  shut(): Promise<void> {
    return this.#server.call('shut')
  }

  /** Takes connections again, on the same port. */
  async open(): Promise<void> {
    await this.#server.call('open')
  }

  stored(): Promise<readonly Stored[]> {
    return this.#server.call('stored')
  }

  /** The forwarder's own records, as they were sent. Only where the server keeps them: `hec`. */
  own<T>(): Promise<readonly T[]> {
    return this.#server.call('own')
  }

  records(): Promise<number> {
    return this.#server.call('records')
  }

  requests(): Promise<number> {
    return this.#server.call('requests')
  }

  /** When this event was stored, in milliseconds since 1970; waits for it. */
  seen(id: string): Promise<number> {
    return this.#server.call('seen', id)
  }

  async ids(): Promise<readonly string[]> {
    return (await this.stored()).flatMap(({ ids }) => ids)
  }

  stop(): Promise<void> {
    return this.#server.stop()
  }
}

interface FileRecord {
  readonly attributes: Readonly<Record<string, unknown>>
  readonly resource?: { readonly attributes?: Readonly<Record<string, unknown>> }
}

/** The id of the audit event in a line of the file exporter; undefined for an own record of the forwarder. */
export function idIn(line: string): string | undefined {
  const { attributes, resource } = JSON.parse(line) as FileRecord
  return resource?.attributes?.['service.name'] === 'circleci' ? String(attributes['log.record.uid']) : undefined
}

/** Ids of the audit events in the file exporter's file and its rotated ones, as they stand. */
export async function allIdsInFile(path: string): Promise<readonly string[]> {
  const stem = basename(path, '.jsonl')
  const names = readdirSync(dirname(path)).filter((name) => name.startsWith(`${stem}.`) && name.endsWith('.jsonl'))
  const ids: string[] = []
  for (const name of names) {
    for await (const line of createInterface({ input: createReadStream(join(dirname(path), name)) })) {
      const id = idIn(line)
      if (id !== undefined) ids.push(id)
    }
  }
  return ids
}
