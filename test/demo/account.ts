import type { Account } from './world.ts'

/** The account as a table, and in one sentence whether anything was lost. */
export function accountText({ made, heldBack, swallowed, lines }: Account): string {
  const rows = lines.map(({ destination, delivered, repeats, missing }) => {
    return `${destination.padEnd(12)}${String(delivered).padStart(9)}${String(repeats).padStart(9)}${String(missing).padStart(7)}`
  })
  const out = [
    ...(heldBack > 0 ? [`${heldBack} are still held back`] : []),
    ...(swallowed > 0 ? [`${swallowed} never reached the bucket, and no CSV was imported since`] : []),
  ]
  const head = `${'destination'.padEnd(12)}${'delivered'.padStart(9)}${'repeats'.padStart(9)}${'lost'.padStart(7)}`
  return [`events made: ${made}${out.map((text) => `; ${text}`).join('')}`, head, ...rows, ''].join('\n')
}

/** Events that somebody should have and has not. */
export function lostIn({ lines }: Account): number {
  return lines.reduce((sum, { missing }) => sum + missing, 0)
}
