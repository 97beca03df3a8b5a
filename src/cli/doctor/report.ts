// What the doctor found, as a document: for programs as it is, for people as a table. Its shape is an interface.
import { type Finding, isWrong } from '../../domain/finding.ts'

export type Kind = 'configuration' | 'ledger' | 'checkpoint' | 'store' | 'queue' | 'processor' | 'destination'

/** One thing of the set-up, and what was found out about it. */
export interface Component {
  readonly kind: Kind
  /** Id of the receiver, processor or exporter; the kind itself for what there is one of. */
  readonly id: string
  readonly findings: readonly Finding[]
}

export interface Report {
  readonly version: string
  /** RFC 3339. */
  readonly at: string
  readonly config: string
  /** Whether nothing is wrong. Decides the exit code. */
  readonly healthy: boolean
  readonly components: readonly (Component & { readonly wrong: boolean })[]
  /** Findings by level. */
  readonly counts: Readonly<Record<Finding['level'], number>>
}

export function reportOf(
  components: readonly Component[],
  about: { readonly version: string; readonly config: string; readonly now: number },
): Report {
  const judged = components.map((component) => ({ ...component, wrong: isWrong(component.findings) }))
  const all = judged.flatMap(({ findings }) => findings)
  const count = (level: Finding['level']): number => all.filter((finding) => finding.level === level).length
  return {
    version: about.version,
    at: new Date(about.now).toISOString(),
    config: about.config,
    healthy: !judged.some(({ wrong }) => wrong),
    components: judged,
    counts: { ok: count('ok'), warning: count('warning'), error: count('error'), unknown: count('unknown') },
  }
}
