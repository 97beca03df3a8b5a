// Globs as users write them for actions: `*` is any run of characters, `?` is one, everything else is itself. A match
// is anchored at both ends and takes time linear in text × stars, whatever the pattern. Rejected: translating to RegExp
// (a pattern with many stars backtracks without bound) and a glob library (they are about paths: `*` stops at a slash).

/** Whether the whole text matches the glob. Case-sensitive. */
export function matchesGlob(glob: string, text: string): boolean {
  let at = 0
  let star = -1
  let resume = 0
  let i = 0
  while (i < text.length) {
    if (glob[at] === '*') {
      star = at++
      resume = i
    } else if (at < glob.length && (glob[at] === '?' || glob[at] === text[i])) {
      at++
      i++
    } else if (star >= 0) {
      at = star + 1
      i = ++resume
    } else return false
  }
  while (glob[at] === '*') at++
  return at === glob.length
}
