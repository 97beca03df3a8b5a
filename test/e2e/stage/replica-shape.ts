// What a replica is: as a case tells it, or as a file in deploy/ does.
import { writeFileSync } from 'node:fs'
import { parse, stringify } from 'yaml'
import { type Deployed, startDeployed } from './deployed.ts'
import type { Vendor } from './destination.ts'
import { otlp } from './exporters.ts'
import type { Forwarder } from './forwarder.ts'
import type { Scene } from './scene.ts'

/** Where everything of one replica is here. */
export interface Place {
  /** A receiver's store and queue. */
  readonly receiver: object
  /** `s3` of the checkpoint, without a prefix. */
  readonly state: object
  /** Of the destination. */
  readonly endpoint: string
  readonly ledger: string
  readonly admin: string
  readonly metrics: string
}

export interface Shape {
  readonly vendor: Vendor
  /** What the keys of the audit log begin with. */
  readonly prefix: string
  /** Writes the replica's configuration. Returns how it is started, and started again. */
  configured(scene: Scene, name: string, place: Place, args: readonly string[]): () => Forwarder
}

export interface Settings {
  readonly interval: string
  readonly term: string
  readonly startAt?: string
}

/** Found soon, from the first object on. */
const found = { sweep: { interval: '2s', lookback: '48h' }, start_at: 'beginning' }

export function asTold({ interval, term, startAt = 'beginning' }: Settings): Shape {
  const document = ({ receiver, state, endpoint, ledger, admin, metrics }: Place): object => ({
    receivers: { circleci_audit: { ...receiver, ...found, start_at: startAt } },
    exporters: { otlp_http: { ...otlp({ endpoint }, 20), own_records: false } },
    service: {
      ledger: { sqlite: { path: ledger } },
      checkpoint: { s3: { ...state, prefix: 'forwarder' }, interval, term },
      admin: { endpoint: admin },
      telemetry: { metrics: { endpoint: metrics }, logs: { level: 'debug', format: 'json' } },
      stop_timeout: '5s',
      pipelines: { logs: { receivers: ['circleci_audit'], exporters: ['otlp_http'] } },
    },
  })
  return {
    vendor: 'otlp',
    prefix: '',
    configured: (scene, name, place, args) => {
      const config = scene.path(`${name}.yaml`)
      writeFileSync(config, stringify(document(place)))
      return () => scene.start(args, { config })
    },
  }
}

type Mapping = Record<string, unknown>
interface Configuration {
  readonly receivers: { readonly circleci_audit: Mapping & { readonly store: { readonly s3: Mapping } } }
  readonly exporters: Readonly<Record<string, Mapping>>
  readonly service: Mapping & { readonly checkpoint: Mapping & { readonly s3: Mapping } }
}

/** As it is deployed, at other addresses: its intervals and terms, prefixes, batches, secrets and own records stand. */
export function asDeployed(deployed: Deployed): Shape {
  const { receivers, exporters, service } = parse(deployed.config) as Configuration
  const { circleci_audit: audit } = receivers
  const document = ({ receiver, state, endpoint, ledger, admin, metrics }: Place): object => {
    const { store } = receiver as { readonly store: { readonly s3: Mapping } }
    const s3 = { ...store.s3, prefix: audit.store.s3['prefix'] }
    const checkpoint = { ...service.checkpoint, s3: { ...state, prefix: service.checkpoint.s3['prefix'] } }
    return {
      receivers: { circleci_audit: { ...audit, store: { s3 }, ...found } },
      exporters: { splunk_hec: { ...exporters['splunk_hec'], endpoint } },
      service: {
        ...service,
        ledger: { sqlite: { path: ledger } },
        checkpoint,
        admin: { endpoint: admin },
        telemetry: { metrics: { endpoint: metrics } },
      },
    }
  }
  return {
    vendor: 'hec',
    prefix: `${audit.store.s3['prefix']}/`,
    configured: (scene, name, place) => {
      const config = stringify(document(place))
      return () => startDeployed(scene, deployed, name, config)
    },
  }
}
