// The tables. Hot paths shaped them: claims lie by hour and id, so that a chunk's inserts are neighbours and pruning is
// one range; a row's ranges and an intent's members are one blob each, because they are only ever read whole; what the
// operator asks every few seconds is counted in `routes`, never scanned; the two partial indexes hold outstanding rows
// alone, so that they stay small for years. Rejected: a row per range or member, which multiplies writes by a thousand.

import { first } from './first-tables.ts'

/** "audl", so that another program's database is not taken for a ledger. */
export const applicationId = 0x6175646c

export interface Migration {
  readonly version: number
  readonly sql: string
  /** The release before works on the ledger as if the step were not there: new tables, indexes, columns with a default. */
  readonly additive?: boolean
  /** Takes the step back, in the copy that is left for the release before. */
  readonly back?: string
}

/** A step after the first release: the release before it must still find something to work on. */
export type Step = Migration & Required<Pick<Migration, 'additive' | 'back'>>

/** When a route was retired, in milliseconds since 1970. `retired_at` is how far its receiver was swept by then. */
const second = 'ALTER TABLE routes ADD COLUMN gone_at INTEGER'

/**
 * Objects that changed, and a look-up of bad stretches by their place: one that has become bad after its object was
 * decided is kept then.
 */
const third = `
CREATE TABLE alterations (
  object INTEGER NOT NULL, kind TEXT NOT NULL, evidence TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (object, kind)
) WITHOUT ROWID;
ALTER TABLE totals ADD COLUMN altered INTEGER NOT NULL DEFAULT 0;
CREATE INDEX bad_stretches ON quarantine (object, start) WHERE destination IS NULL;
`

/** How far a request is, for the command that waits for it. */
const fourth = 'ALTER TABLE requests ADD COLUMN progress TEXT'

/** What own records say. Each is an object, in a store of its own. */
const fifth = 'CREATE TABLE own_records (object INTEGER PRIMARY KEY, kind TEXT NOT NULL, body TEXT NOT NULL)'

/**
 * What operators have done again. `again` is what a row had settled once and is due now, `released` the part of it that
 * no filter is asked about; `recut` is up to where a stretch that was no event was decided anew; `withheld` has one row
 * for what one settlement withheld, because one that grew would be written again and again.
 */
const sixth = `
ALTER TABLE deliveries ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;
ALTER TABLE deliveries ADD COLUMN repair INTEGER;
ALTER TABLE deliveries ADD COLUMN again BLOB;
ALTER TABLE deliveries ADD COLUMN released BLOB;
CREATE INDEX under_repair ON deliveries (repair) WHERE state = 0 AND repair IS NOT NULL;
ALTER TABLE quarantine ADD COLUMN replay INTEGER;
ALTER TABLE quarantine ADD COLUMN recut INTEGER;
CREATE INDEX replays ON quarantine (object) WHERE replay IS NOT NULL;
CREATE INDEX entries_by_object ON quarantine (object, destination);
CREATE TABLE withheld (id INTEGER PRIMARY KEY, destination TEXT NOT NULL, object INTEGER NOT NULL, ranges BLOB NOT NULL);
CREATE INDEX withheld_by_row ON withheld (destination, object);
CREATE TABLE repairs (
  id INTEGER PRIMARY KEY, delivered INTEGER NOT NULL, filtered INTEGER NOT NULL, duplicates INTEGER NOT NULL,
  quarantined INTEGER NOT NULL, lost INTEGER NOT NULL
);
`

/** Objects per hour, for the calendar. What is there already is counted. */
const seventh = `
CREATE TABLE hours (receiver TEXT, hour INTEGER, objects INTEGER NOT NULL, PRIMARY KEY (receiver, hour)) WITHOUT ROWID;
INSERT INTO hours (receiver, hour, objects)
  SELECT receiver, time / 3600000 * 3600000 AS hour, count(*) FROM (
    SELECT receiver, time FROM objects UNION ALL
    SELECT s.receiver, o.time FROM also_seen s JOIN objects o ON o.ref = s.object
  ) GROUP BY receiver, hour;
CREATE INDEX lost_by_time ON deliveries (route, time) WHERE state = 2;
`

/**
 * How the records of each row and object ended, so that an hour can be accounted for. `closings` holds hours that are
 * passed: how often each was accounted for, and whether it is to be (again). A ledger of before begins with the hour after
 * its newest object.
 */
const eighth = `
ALTER TABLE objects ADD COLUMN events INTEGER NOT NULL DEFAULT 0;
ALTER TABLE objects ADD COLUMN bad INTEGER NOT NULL DEFAULT 0;
ALTER TABLE objects ADD COLUMN first_id TEXT;
ALTER TABLE objects ADD COLUMN last_id TEXT;
ALTER TABLE deliveries ADD COLUMN delivered INTEGER NOT NULL DEFAULT 0;
ALTER TABLE deliveries ADD COLUMN filtered INTEGER NOT NULL DEFAULT 0;
ALTER TABLE deliveries ADD COLUMN duplicates INTEGER NOT NULL DEFAULT 0;
ALTER TABLE deliveries ADD COLUMN quarantined INTEGER NOT NULL DEFAULT 0;
ALTER TABLE routes ADD COLUMN passed INTEGER;
ALTER TABLE routes ADD COLUMN every_hour_from INTEGER;
CREATE TABLE closings (
  route INTEGER NOT NULL, hour INTEGER NOT NULL, revision INTEGER NOT NULL, open INTEGER NOT NULL,
  PRIMARY KEY (route, hour)
) WITHOUT ROWID;
CREATE INDEX closings_open ON closings (route, hour) WHERE open = 1;
UPDATE routes SET passed = (SELECT (max(time) / 3600000 + 1) * 3600000 FROM objects);
`

/** Whose events a receiver's objects hold: who was found last, and since when nobody but others is. */
const ninth = `
CREATE TABLE belongings (receiver TEXT PRIMARY KEY, found TEXT, expected TEXT, reason TEXT, since INTEGER) WITHOUT ROWID
`

/**
 * What the watch goes by. `arrivals` are minutes of an hour as bits, thirty in each column; what is there already is taken
 * from the objects. `symptoms` is empty but for moments.
 */
const tenth = `
CREATE TABLE arrivals (
  receiver TEXT, hour INTEGER, first INTEGER NOT NULL, second INTEGER NOT NULL, PRIMARY KEY (receiver, hour)
) WITHOUT ROWID;
INSERT INTO arrivals (receiver, hour, first, second)
  SELECT receiver, minute / 60 * 60 AS hour,
    sum(DISTINCT CASE WHEN minute % 60 < 30 THEN 1 << (minute % 60) ELSE 0 END),
    sum(DISTINCT CASE WHEN minute % 60 >= 30 THEN 1 << (minute % 60 - 30) ELSE 0 END)
  FROM (
    SELECT receiver, time / 60000 AS minute FROM objects UNION ALL
    SELECT s.receiver, o.time / 60000 FROM also_seen s JOIN objects o ON o.ref = s.object
  ) GROUP BY receiver, hour;
CREATE TABLE memories (name TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE symptoms (id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL);
CREATE TABLE gaps (id TEXT PRIMARY KEY, opened_at INTEGER NOT NULL, closed_at INTEGER, body TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX gaps_closed ON gaps (closed_at);
`

/**
 * Objects that are done with. In `totals`, `numbers` is the last number that an object was given, `seen_at` and `time`
 * those of the newest and the latest object ever, and `lag` how far a partition lay before its object's time at most.
 */
const eleventh = `
CREATE TABLE seals (hour INTEGER PRIMARY KEY, marks BLOB NOT NULL);
CREATE TABLE shelves (id INTEGER PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL, objects BLOB NOT NULL);
CREATE INDEX shelves_by_time ON shelves (last, first);
CREATE TABLE sealed (
  destination TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (destination, first)
) WITHOUT ROWID;
CREATE TABLE forgotten (
  receiver TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (receiver, first)
) WITHOUT ROWID;
CREATE INDEX objects_restored ON objects (time) WHERE decided < length;
ALTER TABLE withheld ADD COLUMN shelf INTEGER;
ALTER TABLE withheld ADD COLUMN time INTEGER;
ALTER TABLE totals ADD COLUMN numbers INTEGER NOT NULL DEFAULT 0;
ALTER TABLE totals ADD COLUMN seen_at INTEGER;
ALTER TABLE totals ADD COLUMN time INTEGER;
ALTER TABLE totals ADD COLUMN lag INTEGER NOT NULL DEFAULT 0;
UPDATE totals SET numbers = (SELECT ifnull(max(ref), 0) FROM objects),
  seen_at = (SELECT seen_at FROM objects WHERE how <> 'own' ORDER BY ref DESC LIMIT 1),
  time = (SELECT max(time) FROM objects WHERE how <> 'own');
ALTER TABLE adoptions ADD COLUMN time INTEGER NOT NULL DEFAULT 0;
UPDATE adoptions SET time = (SELECT time FROM objects WHERE ref = adoptions.object);
CREATE INDEX adoptions_by_time ON adoptions (time);
ALTER TABLE alterations ADD COLUMN store TEXT NOT NULL DEFAULT '';
ALTER TABLE alterations ADD COLUMN key TEXT NOT NULL DEFAULT '';
UPDATE alterations SET store = o.store, key = o.key FROM objects o WHERE o.ref = alterations.object;
`

/**
 * Quarantine without its bytes: in a row they stand before what is asked for, and a mebibyte of them is a chain of pages
 * to be walked. Both indexes hold all that is asked of them.
 */
const twelfth = `
CREATE INDEX entries ON quarantine (
  id, destination, receiver, object, start, stop, "offset", line, reason, sha256, length, provisional, replay, at
);
-- Of what was decided before it turned out to be no event: destinations that had dealt with it by then.
CREATE TABLE dealt (entry INTEGER, destination TEXT, PRIMARY KEY (entry, destination)) WITHOUT ROWID;
ALTER TABLE quarantine ADD COLUMN was_decided INTEGER NOT NULL DEFAULT 0;
DROP INDEX replays;
CREATE INDEX replays ON quarantine (object, destination, provisional, replay, start, stop, recut, was_decided)
  WHERE replay IS NOT NULL;
`

/** What stays in quarantine is counted every minute. */
const thirteenth = 'CREATE INDEX at_rest ON quarantine (destination, id) WHERE provisional = 0 AND replay IS NULL'

/** From which schema on a program can work on this ledger: additive steps leave the number as it is. */
const fourteenth = 'CREATE TABLE compatible (oldest INTEGER NOT NULL); INSERT INTO compatible (oldest) VALUES (14)'

/** What filters withheld of sealed rows, together: see withheld.ts. */
const fifteenth = `
CREATE TABLE withheld_sealed (
  id INTEGER PRIMARY KEY, destination TEXT NOT NULL, shelf INTEGER NOT NULL, first INTEGER NOT NULL,
  last INTEGER NOT NULL, lines TEXT NOT NULL
);
CREATE INDEX withheld_sealed_by_number ON withheld_sealed (destination, first, last);
INSERT INTO withheld_sealed (destination, shelf, first, last, lines)
  SELECT destination, shelf, min(object), max(object), json_group_array(json_array(object, hex(ranges))) FROM withheld w
  WHERE shelf IS NOT NULL AND NOT EXISTS
    (SELECT 1 FROM deliveries d WHERE d.object = w.object AND d.destination = w.destination)
  GROUP BY destination, shelf;
DELETE FROM withheld WHERE shelf IS NOT NULL AND NOT EXISTS
  (SELECT 1 FROM deliveries d WHERE d.object = withheld.object AND d.destination = withheld.destination);
ALTER TABLE withheld DROP COLUMN shelf;
ALTER TABLE withheld DROP COLUMN time;
UPDATE compatible SET oldest = 15;
`

/**
 * What a route's destination took last: `last_event` is the time of the newest event, the others are of the last delivery:
 * when it was, and of which object. `last_object_time` is another matter, the newest object that was seen.
 */
const sixteenth = `
ALTER TABLE routes ADD COLUMN last_event INTEGER;
ALTER TABLE routes ADD COLUMN delivered_at INTEGER;
ALTER TABLE routes ADD COLUMN delivered_key TEXT;
ALTER TABLE routes ADD COLUMN delivered_time INTEGER;
`

/** Up to the first release, in order; each takes the ledger from the version before it to its own. */
const untilReleased: readonly Migration[] = [
  { version: 1, sql: first },
  { version: 2, sql: second },
  { version: 3, sql: third },
  { version: 4, sql: fourth },
  { version: 5, sql: fifth },
  { version: 6, sql: sixth },
  { version: 7, sql: seventh },
  { version: 8, sql: eighth },
  { version: 9, sql: ninth },
  { version: 10, sql: tenth },
  { version: 11, sql: eleventh },
  { version: 12, sql: twelfth },
  { version: 13, sql: thirteenth },
  { version: 14, sql: fourteenth },
  { version: 15, sql: fifteenth },
  { version: 16, sql: sixteenth, additive: true },
]

/** Those after it. A step that was released never changes. */
const sinceReleased: readonly Step[] = []

export const migrations: readonly Migration[] = [...untilReleased, ...sinceReleased]

export const schemaVersion: number = Math.max(...migrations.map(({ version }) => version))
