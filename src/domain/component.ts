/** The type in a component's id: `splunk_hec` of `splunk_hec/soc`. */
export function typeOf(id: string): string {
  return id.split('/', 1)[0] ?? id
}
