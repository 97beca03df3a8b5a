/// <reference lib="dom" />
// One function that makes elements. Whatever comes from the outside becomes text, never markup.

export type Attributes = Readonly<Record<string, string | number | undefined>>

/** An element with attributes and children; an attribute that is undefined is left out. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) made.setAttribute(name, String(value))
  }
  made.append(...children)
  return made
}

/** The element that index.html names so. */
export function byId<Kind extends HTMLElement = HTMLElement>(id: string): Kind {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`index.html has no element ${id}`)
  return found as Kind
}

/**
 * Shows new content in an element without disturbing whoever reads it: nothing happens where nothing changed, open
 * details stay open, and the focus stays on what has the same `data-key`.
 */
export function show(into: HTMLElement, ...children: readonly HTMLElement[]): void {
  const next = element('div', {}, ...children)
  const open = new Set([...into.querySelectorAll('details[open]')].map((one) => one.getAttribute('data-key')))
  for (const one of next.querySelectorAll('details')) one.open = open.has(one.getAttribute('data-key'))
  if (next.innerHTML === into.innerHTML) return
  const focused = into.contains(document.activeElement) ? document.activeElement?.getAttribute('data-key') : null
  into.replaceChildren(...next.children)
  if (focused == null) return
  for (const one of into.querySelectorAll<HTMLElement>('[data-key]')) {
    if (one.getAttribute('data-key') === focused) one.focus()
  }
}
