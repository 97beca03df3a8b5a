// What is left when an import is answered: routes that nothing comes from any more, a list of copies nobody will ask for,
// and the staged copy, unless another import needs it. Done right after the answer, and for what a crash prevented, by and
// by.
import type { Clock } from '../../domain/clock.ts'
import { importOf, importReceiver, importStore } from '../../domain/imports.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { Copies } from '../../receiver/imports/copies.ts'
import type { Enrolment } from '../enrolment.ts'
import type { ImportBody } from './body.ts'

export interface ClearingParts {
  readonly ledger: Ledger
  readonly enrolment: Enrolment
  readonly staging: Copies
  readonly clock: Clock
}

/** Copies forgotten in one transaction. */
const FORGET = 5_000

/** Where what was found is kept for a request. */
export function differencesOf(request: number): string {
  return `${request}.differences`
}

/** Nobody waits for anything of this import any more. Its copy goes, or is spared where something of it can be sent yet. */
export async function clear(request: number, receiver: string, parts: ClearingParts): Promise<void> {
  const { ledger, enrolment, staging, clock } = parts
  const mine = importReceiver(request, receiver)
  const fed = enrolment.routes.filter((route) => route.receiver === mine).map(({ destination }) => destination)
  const key = stagedIn(ledger.request(request)?.body)
  const [number] = ledger.imports.numbers(importStore(receiver), [{ key, version: String(request) }])
  // While there are routes, whoever starts next does this again; without them nobody does.
  if (number !== undefined && leavesSomething(ledger, number, mine, fed)) await staging.spare(key, mine)
  enrolment.drop(mine)
  while (number !== undefined && ledger.imports.forgetCopies(number, FORGET) === FORGET) await clock.sleep(0)
  const wanted = wantedBy(ledger)
  for (const name of [key, differencesOf(request)]) if (name !== '' && !wanted.has(name)) await staging.remove(name)
}

/** Whether a filter withheld something, or there is something in quarantine. */
function leavesSomething(ledger: Ledger, object: number, receiver: string, fed: readonly string[]): boolean {
  const isWithheld = fed.some((destination) => ledger.withheld(destination, object).length > 0)
  return isWithheld || ledger.quarantine({ receiver, limit: 1, bare: true }).length > 0
}

/** Clears up after imports that are answered, and removes what was staged for nothing. */
export async function tidy(parts: ClearingParts): Promise<void> {
  const { ledger, enrolment, staging } = parts
  const imports = new Set(enrolment.routes.map(({ receiver }) => receiver))
  for (const receiver of imports) {
    const found = importOf(receiver)
    if (found === undefined || isOpen(ledger, found.request)) continue
    // Done, but something that was refused is on its way again.
    if (!isOutstanding(ledger, receiver)) await clear(found.request, found.receiver, parts)
  }
  await staging.tidy(wantedBy(ledger))
}

function isOutstanding(ledger: Ledger, receiver: string): boolean {
  return ledger.imports.accounts().some((account) => account.receiver === receiver && account.outstanding > 0)
}

function isOpen(ledger: Ledger, request: number): boolean {
  const found = ledger.request(request)
  return found !== undefined && found.answer === undefined
}

/** What of the staged files some request needs that is not answered. */
function wantedBy(ledger: Ledger): ReadonlySet<string> {
  const open = ledger.asked().filter(({ kind }) => kind.startsWith('import'))
  return new Set(open.flatMap(({ id, body }) => [stagedIn(body), differencesOf(id)]))
}

/** An empty name, which is nobody's, where there is none. */
function stagedIn(body = '{}'): string {
  return (JSON.parse(body) as Partial<ImportBody>).staged ?? ''
}
