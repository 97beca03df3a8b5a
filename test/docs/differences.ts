/** What a page shows as a regular expression, `…` for anything within a line. */
export function patternOf(shown: string): string {
  const parts = shown.split('…').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return parts.join('.*')
}

/**
 * Where what a page shows is not what is there. `…` in a text stands for anything; members and elements may be left out of
 * what is shown, but what is shown is there, with that value.
 */
export function differences(shown: unknown, there: unknown, path = ''): readonly string[] {
  if (typeof shown === 'string' && typeof there === 'string') {
    return new RegExp(`^${patternOf(shown)}$`, 's').test(there) ? [] : [`${path}: ${there}`]
  }
  if (Array.isArray(shown) && Array.isArray(there))
    return shown.flatMap((one, at) =>
      there.some((other) => differences(one, other).length === 0) ? [] : [`${path}[${at}] is not there`],
    )
  if (typeof shown === 'object' && shown !== null && typeof there === 'object' && there !== null)
    return Object.entries(shown).flatMap(([name, value]) =>
      differences(value, Reflect.get(there, name), `${path}.${name}`),
    )
  return Object.is(shown, there) ? [] : [`${path}: ${JSON.stringify(there)}`]
}
