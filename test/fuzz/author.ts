// Objects that look real, in every spelling that is accepted. What they hold is known, so that it can be looked for.
import type { Chance } from '../simulation/chance.ts'

/** One event as it was written. */
export interface Written {
  readonly id: string
  readonly text: string
}

const actions = ['context.secrets.accessed', 'workflow.job.start', 'project.env_var.create', 'org.rename', 'x']
const names = [
  'octocat',
  'github: mona',
  'Žofie "Zo" \\ Ł',
  '日本 🚀',
  '',
  '\u2028',
  '\u0000',
  "'; DROP TABLE audit; --",
]

/** A world's events. Some are written again, as CircleCI does. */
export class Author {
  readonly #chance: Chance
  readonly #written: Written[] = []

  constructor(chance: Chance) {
    this.#chance = chance
  }

  events(): readonly Written[] {
    return Array.from({ length: this.#chance.int(0, 12) }, () => {
      const again = this.#written.length > 0 && this.#chance.hit(0.1)
      return again ? this.#chance.pick(this.#written) : this.#fresh()
    })
  }

  #fresh(): Written {
    const chance = this.#chance
    const number = (this.#written.length + 1).toString(16).padStart(12, '0')
    const id = `${chance.int(0x10000000, 0xffffffff).toString(16)}-0000-4000-8000-${number}`
    const party = () => ({ id: `p-${chance.int(1, 99)}`, type: 'user', name: chance.pick(names) })
    const event = {
      id,
      version: 1,
      action: chance.pick(actions),
      occurred_at: new Date(1_773_000_000_000 + chance.int(0, 86_400_000)).toISOString(),
      ...(chance.hit(0.9) && { actor: party(), target: party(), organization: party() }),
      ...(chance.hit(0.5) && { success: chance.hit(0.8), request: { id: 'r', ip_address: '203.0.113.7' } }),
      ...(chance.hit(0.5) && { payload: this.#payload(chance.int(0, 4)) }),
    }
    const written = { id, text: JSON.stringify(event) }
    this.#written.push(written)
    return written
  }

  #payload(depth: number): unknown {
    const chance = this.#chance
    if (depth === 0) return chance.pick([null, true, -0.5e-3, 1e300, '[{"id":"inside"}]', 'x'.repeat(300), []])
    return chance.hit(0.5)
      ? { events: this.#payload(depth - 1), b: 2 }
      : [this.#payload(depth - 1), { id: 'inside', action: 'no' }]
  }
}

/** The events as one text. */
export function laidOut(events: readonly Written[], chance: Chance): string {
  const texts = events.map(({ text }) => text)
  switch (chance.int(0, 9)) {
    case 0:
      return texts.join('\r\n')
    case 1:
      return `[${texts.join(',')}]`
    case 2:
      return `[\n${texts.join(',\n')}\n]\n`
    case 3:
      return `{"count":${texts.length},"events":[${texts.join(', ')}],"next":null}\n`
    case 4:
      return texts.map((text) => `{"records":[${text}]}\n`).join('')
    case 5:
      return texts.join('')
    case 6:
      return texts.map((text) => `\uFEFF\n\n${text}`).join(' \t\n')
    default:
      return texts.map((text) => `${text}\n`).join('')
  }
}
