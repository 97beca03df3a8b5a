// How to look into JSON that nobody vouches for.

/** A JSON object. */
export type Json = Readonly<Record<string, unknown>>

/** Undefined for what is no JSON. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The mapping under this name; an empty one where there is none. */
export function child(parent: Json, name: string): Json {
  const value = parent[name]
  return isJson(value) ? value : {}
}
