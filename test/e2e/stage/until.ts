import { setTimeout as sleep } from 'node:timers/promises'

/** Asks until the answer is yes. Rejects, naming what was waited for, when the time is over. */
export async function until(what: string, ask: () => Promise<boolean> | boolean, timeoutMs = 60_000): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!(await ask())) {
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain: ${what}`)
    await sleep(25)
  }
}
