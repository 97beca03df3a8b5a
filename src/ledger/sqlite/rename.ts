// A name stands in every row of its destination, so that no look-up on the way of an event needs a second one. Renaming
// rewrites them all, once, before anything is sent. Rejected: numbers in place of names, with a table between: a rename
// would be one row, and every statement of the hot paths a join or a look-up more.
import { checkRename } from '../rules.ts'
import type { Connection } from './connection.ts'

/** `stops` last: its rows may be of destinations without routes. */
const tables = [
  ...[
    'routes',
    'deliveries',
    'sealed',
    'adoptions',
    'intents',
    'quarantine',
    'withheld',
    'withheld_sealed',
    'dealt',
    'stops',
  ],
] as const

/** Everything that is called `from` is called `to`. */
export function rename(db: Connection, from: string, to: string): void {
  const known = (name: string) => db.get('SELECT 1 FROM routes WHERE destination = ?', name) !== undefined
  checkRename(from, to, known)
  for (const table of tables) {
    db.run(`UPDATE OR REPLACE ${table} SET destination = ? WHERE destination = ?`, to, from)
  }
}
