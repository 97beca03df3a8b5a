import { displayLine, type Named } from '../domain/display.ts'
import { asText, isMap } from './plain.ts'

/** The display string of an event. For display only; every part of it is an attribute as well. */
export function bodyOf(action: string, actor: unknown, target: unknown, success: boolean | undefined): string {
  return displayLine({ actor: named(actor), action, target: named(target), success })
}

const nobody: Named = {}

function named(party: unknown): Named {
  if (!isMap(party)) return nobody
  return { id: asText(party['id']), type: asText(party['type']), name: asText(party['name']) }
}
