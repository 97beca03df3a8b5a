// Tags are for what has few values: environment, organisation, version. Datadog writes them in lower case and replaces
// what it does not like; the same is done here, so that a comma in an organisation's name does not make two tags of one.

/** Characters of one tag, at most. Source: Datadog documentation, "Getting started with tags". */
const LONGEST = 200

/** The tags as `ddtags` has them, needing no escape in JSON. Those without a value are left out. */
export function tagList(tags: readonly string[], named: Readonly<Record<string, string | undefined>>): string {
  const more = Object.entries(named).flatMap(([name, value]) => (value === undefined ? [] : [`${name}:${value}`]))
  return [...new Set([...tags, ...more].map(cleanTag))].join(',')
}

function cleanTag(tag: string): string {
  const clean = tag.toLowerCase().replaceAll(/[^\p{L}\p{N}_\-:./]+/gu, '_')
  return [...clean].slice(0, LONGEST).join('')
}
