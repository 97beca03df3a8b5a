// The tables a ledger began with. What became of them since is in the steps of schema.ts.

export const first = `
CREATE TABLE routes (
  id INTEGER PRIMARY KEY, destination TEXT NOT NULL, receiver TEXT NOT NULL, start_at INTEGER NOT NULL,
  active INTEGER NOT NULL, watermark INTEGER, retired_at INTEGER,
  delivered INTEGER NOT NULL DEFAULT 0, filtered INTEGER NOT NULL DEFAULT 0, duplicates INTEGER NOT NULL DEFAULT 0,
  quarantined INTEGER NOT NULL DEFAULT 0, outstanding INTEGER NOT NULL DEFAULT 0, late INTEGER NOT NULL DEFAULT 0,
  late_total INTEGER NOT NULL DEFAULT 0, lost_objects INTEGER NOT NULL DEFAULT 0, lost_bytes INTEGER NOT NULL DEFAULT 0,
  possible_duplicates INTEGER NOT NULL DEFAULT 0, adopted INTEGER NOT NULL DEFAULT 0,
  provisional INTEGER NOT NULL DEFAULT 0, last_object_time INTEGER,
  UNIQUE (destination, receiver)
);
CREATE TABLE sweeps (receiver TEXT PRIMARY KEY, swept_to INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE objects (
  ref INTEGER PRIMARY KEY, receiver TEXT NOT NULL, store TEXT NOT NULL, key TEXT NOT NULL, version TEXT NOT NULL,
  size INTEGER NOT NULL, modified INTEGER NOT NULL, time INTEGER NOT NULL, seen_at INTEGER NOT NULL, how TEXT NOT NULL,
  length INTEGER, decided INTEGER NOT NULL DEFAULT 0,
  UNIQUE (store, key, version)
);
CREATE INDEX objects_by_time ON objects (time);
CREATE INDEX objects_undecided ON objects (time) WHERE length IS NULL;
-- Receivers beside the first that saw an object.
CREATE TABLE also_seen (receiver TEXT, object INTEGER, PRIMARY KEY (receiver, object)) WITHOUT ROWID;
-- One row per object and destination. state: 0 outstanding, 1 settled, 2 lost.
CREATE TABLE deliveries (
  object INTEGER NOT NULL, destination TEXT NOT NULL, route INTEGER NOT NULL, time INTEGER NOT NULL,
  state INTEGER NOT NULL DEFAULT 0, settled BLOB NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
  due_at INTEGER NOT NULL, late INTEGER NOT NULL, reason TEXT, lost_bytes INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (object, destination)
) WITHOUT ROWID;
CREATE INDEX outstanding_by_time ON deliveries (route, time, object, due_at) WHERE state = 0;
CREATE INDEX outstanding_by_due ON deliveries (route, due_at, object) WHERE state = 0;
-- Who has which event: first byte and end of the stretch in its object.
CREATE TABLE claims (
  hour INTEGER NOT NULL, id BLOB NOT NULL, at INTEGER NOT NULL, object INTEGER NOT NULL, start INTEGER NOT NULL,
  stop INTEGER NOT NULL, PRIMARY KEY (hour, id, at)
) WITHOUT ROWID;
CREATE TABLE copies (
  object INTEGER NOT NULL, start INTEGER NOT NULL, stop INTEGER NOT NULL, owner INTEGER NOT NULL,
  owner_start INTEGER NOT NULL, owner_stop INTEGER NOT NULL, PRIMARY KEY (object, start)
) WITHOUT ROWID;
CREATE INDEX copies_by_owner ON copies (owner, owner_start);
CREATE TABLE reused (object INTEGER NOT NULL, start INTEGER NOT NULL, stop INTEGER NOT NULL,
  PRIMARY KEY (object, start)) WITHOUT ROWID;
CREATE TABLE adoptions (
  destination TEXT NOT NULL, owner INTEGER NOT NULL, owner_start INTEGER NOT NULL, owner_stop INTEGER NOT NULL,
  object INTEGER NOT NULL, start INTEGER NOT NULL, PRIMARY KEY (destination, owner, owner_start)
) WITHOUT ROWID;
CREATE INDEX adoptions_by_object ON adoptions (destination, object);
CREATE TABLE intents (
  id INTEGER PRIMARY KEY AUTOINCREMENT, destination TEXT NOT NULL, token TEXT NOT NULL, created_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0, ambiguous INTEGER NOT NULL DEFAULT 0, due_at INTEGER NOT NULL, reason TEXT,
  members BLOB NOT NULL
);
CREATE INDEX intents_by_destination ON intents (destination, id);
CREATE TABLE quarantine (
  id INTEGER PRIMARY KEY AUTOINCREMENT, destination TEXT, receiver TEXT, object INTEGER, start INTEGER NOT NULL,
  stop INTEGER NOT NULL, "offset" INTEGER NOT NULL, line INTEGER NOT NULL, reason TEXT NOT NULL, sha256 TEXT NOT NULL,
  bytes BLOB, length INTEGER NOT NULL, provisional INTEGER NOT NULL, at INTEGER NOT NULL
);
CREATE INDEX verdicts ON quarantine (destination, id) WHERE provisional = 1;
CREATE TABLE stops (destination TEXT PRIMARY KEY, cause TEXT NOT NULL, reason TEXT NOT NULL, since INTEGER NOT NULL)
  WITHOUT ROWID;
CREATE TABLE requests (
  id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, body TEXT NOT NULL, "by" TEXT NOT NULL,
  at INTEGER NOT NULL, answer TEXT
);
CREATE INDEX requests_open ON requests (id) WHERE answer IS NULL;
CREATE TABLE totals (
  objects INTEGER NOT NULL, events INTEGER NOT NULL, bad INTEGER NOT NULL, quarantine_bytes INTEGER NOT NULL
);
INSERT INTO totals VALUES (0, 0, 0, 0);
`
