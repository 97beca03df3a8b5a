// Kubernetes objects as they stand in files.
import { parseAllDocuments } from 'yaml'
import { textOf } from '../docs/checkout.ts'

export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly spec?: unknown
  readonly data?: Readonly<Record<string, string>>
}

/** An object and where it stands. */
export interface Placed {
  readonly where: string
  readonly object: Manifest
}

/** The objects of a YAML stream. A duplicate key or other error throws. */
export function manifestsIn(text: string, where: string): readonly Placed[] {
  return parseAllDocuments(text).flatMap((document, index) => {
    if (document.errors.length > 0) throw new Error(`${where}: ${document.errors.join('; ')}`)
    const object = document.toJS() as Manifest | null
    return object === null ? [] : [{ where: `${where}#${index} ${object.kind} ${object.metadata.name}`, object }]
  })
}

export function manifestsOf(path: string): readonly Placed[] {
  return manifestsIn(textOf(path), path)
}

export interface Container {
  readonly name: string
  readonly image: string
  readonly args?: readonly string[]
  readonly env?: readonly { readonly name: string; readonly value?: string }[]
  readonly envFrom?: readonly { readonly secretRef?: { readonly name: string } }[]
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number; readonly hostPort?: number }[]
  readonly resources?: {
    readonly limits?: Readonly<Record<string, string>>
    readonly requests?: Readonly<Record<string, string>>
  }
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[]
  readonly restartPolicy?: string
  readonly securityContext?: SecurityContext
  readonly [probe: `${string}Probe`]: Probe
}

export interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string | number; readonly host?: string }
  readonly tcpSocket?: { readonly host?: string }
}

export interface SecurityContext {
  readonly [setting: string]: unknown
  readonly capabilities?: { readonly add?: readonly string[]; readonly drop?: readonly string[] }
  readonly seccompProfile?: { readonly type: string }
}

export interface PodSpec {
  readonly [setting: string]: unknown
  readonly containers: readonly Container[]
  readonly initContainers?: readonly Container[]
  readonly ephemeralContainers?: readonly Container[]
  readonly volumes?: readonly Readonly<Record<string, unknown>>[]
  readonly securityContext?: SecurityContext & { readonly sysctls?: readonly { readonly name: string }[] }
  readonly terminationGracePeriodSeconds?: number
}

/** The pod that an object is, or makes; undefined for one that makes none. */
export function podOf({ kind, spec }: Manifest): PodSpec | undefined {
  if (kind === 'Pod') return spec as PodSpec
  return (spec as { readonly template?: { readonly spec: PodSpec } } | undefined)?.template?.spec
}
