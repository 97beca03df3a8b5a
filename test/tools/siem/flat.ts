export type Row = Readonly<Record<string, string>>

/** The scalars in a value by their path, as every SIEM names what is in JSON. */
export function flat(path: string, value: unknown): Record<string, string> {
  if (value === null || value === undefined) return {}
  if (typeof value !== 'object') return { [path]: String(value) }
  const inner = Object.entries(value).map(([name, one]) => flat(path === '' ? name : `${path}.${name}`, one))
  return Object.assign({}, ...inner)
}

export function literal(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
