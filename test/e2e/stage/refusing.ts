import { Spawned } from './spawned.ts'

/** A destination in its own process that takes nothing and quotes every request in its answer. */
export class Refusing {
  readonly endpoint: string
  /** Host and port. */
  readonly address: string
  readonly #server: Spawned

  private constructor(server: Spawned, port: number) {
    this.#server = server
    this.address = `127.0.0.1:${port}`
    this.endpoint = `http://${this.address}`
  }

  static async start(): Promise<Refusing> {
    const server = await Spawned.start('refusing')
    return new Refusing(server, await server.call<number>('open'))
  }

  /** Answers with this status from now on, and forgets who asked. */
  refuse(status: number): Promise<void> {
    return this.#server.call('refuse', status)
  }

  /** The value of `x-destination` of everyone who asked; `proxy` for whoever wanted to get through. */
  asked(): Promise<readonly string[]> {
    return this.#server.call('asked')
  }

  stop(): Promise<void> {
    return this.#server.stop()
  }
}
