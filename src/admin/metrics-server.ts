// The door for machines: Prometheus and the kubelet. Open to the pod's network, so it shows numbers and two words.
// Readiness is about this process only: a destination that is down must not take away the pod that waits for it.
import type { ServerResponse } from 'node:http'
import { type Handler, refuse, reply, SmallHttpServer } from './http.ts'
import { Pulse } from './pulse.ts'

export interface MetricsServerOptions {
  /** `host:port`, as in `service.telemetry.metrics.endpoint`. */
  readonly endpoint: string
  /** Answers a scrape: `Metrics.handle`. */
  readonly scrape: Handler
  /** Why this process cannot work (ledger not open, or it cannot be written) and what next; undefined while it can. */
  readonly notReady: () => string | undefined
  /** What to say instead of `ready`: a replica that stands by is as ready as one that sends. */
  readonly remark?: () => string | undefined
  readonly pulse?: Pulse
}

export class MetricsServer {
  readonly #server: SmallHttpServer
  readonly #pulse: Pulse
  readonly #notReady: () => string | undefined
  readonly #remark: () => string | undefined

  constructor(options: MetricsServerOptions) {
    this.#pulse = options.pulse ?? new Pulse({ monotonic: () => performance.now() })
    this.#notReady = options.notReady
    this.#remark = options.remark ?? (() => undefined)
    this.#server = new SmallHttpServer({
      setting: 'service.telemetry.metrics.endpoint',
      endpoint: options.endpoint,
      routes: {
        '/metrics': options.scrape,
        '/livez': (_, response) => this.#livez(response),
        '/readyz': (_, response) => this.#readyz(response),
      },
    })
  }

  /** Resolves with the address taken, `host:port`. Rejects with SetupError. */
  async listen(): Promise<string> {
    const address = await this.#server.listen()
    this.#pulse.start()
    return address
  }

  async close(): Promise<void> {
    this.#pulse.stop()
    await this.#server.close()
  }

  #livez(response: ServerResponse): void {
    const blocked = this.#pulse.blockedFor()
    if (blocked === undefined) reply(response, 200, 'text/plain; charset=utf-8', 'alive\n')
    else refuse(response, 503, `the event loop was blocked for ${Math.round(blocked / 1000)} s`)
  }

  #readyz(response: ServerResponse): void {
    const reason = this.#notReady()
    if (reason === undefined) reply(response, 200, 'text/plain; charset=utf-8', `${this.#remark() ?? 'ready'}\n`)
    else refuse(response, 503, `not ready: ${reason}`)
  }
}
