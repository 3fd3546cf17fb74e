-- Times are microseconds since 1970 in UTC, NULL for none. Durations are nanoseconds.

-- A run's summary: what its events add up to. number is the order of queueing.
CREATE TABLE runs (
	number           INTEGER PRIMARY KEY,
	id               TEXT    NOT NULL UNIQUE,
	seq              INTEGER NOT NULL,
	job              TEXT    NOT NULL,
	selection        TEXT    NOT NULL,
	tags             TEXT    NOT NULL, -- a JSON object
	config           TEXT,             -- JSON, NULL for none
	status           TEXT    NOT NULL,
	owner            TEXT    NOT NULL,
	queued           INTEGER NOT NULL,
	started          INTEGER,
	finished         INTEGER,
	cancel_requested INTEGER,
	duration         INTEGER NOT NULL,
	error            TEXT    NOT NULL,
	stack            TEXT    NOT NULL
) STRICT;

CREATE INDEX runs_by_job ON runs (job, number);
CREATE INDEX runs_by_status ON runs (status, number);

CREATE TABLE run_tags (
	key   TEXT    NOT NULL,
	value TEXT    NOT NULL,
	run   INTEGER NOT NULL, -- runs.number
	PRIMARY KEY (key, value, run)
) STRICT, WITHOUT ROWID;

CREATE TABLE steps (
	run      INTEGER NOT NULL, -- runs.number
	key      TEXT    NOT NULL,
	position INTEGER NOT NULL, -- in the run's list of steps
	status   TEXT    NOT NULL,
	attempt  INTEGER NOT NULL,
	started  INTEGER,
	duration INTEGER NOT NULL,
	error    TEXT    NOT NULL,
	stack    TEXT    NOT NULL,
	because  TEXT    NOT NULL,
	PRIMARY KEY (run, key)
) STRICT, WITHOUT ROWID;

-- position is the order of appending across all runs.
CREATE TABLE events (
	position  INTEGER PRIMARY KEY,
	run       INTEGER NOT NULL, -- runs.number
	seq       INTEGER NOT NULL,
	time      INTEGER NOT NULL,
	type      TEXT    NOT NULL,
	asset     TEXT,             -- NULL for an event about no asset
	partition TEXT,
	fields    TEXT    NOT NULL, -- a JSON object
	UNIQUE (run, seq)
) STRICT;

CREATE INDEX events_by_asset ON events (asset) WHERE asset IS NOT NULL;
CREATE INDEX events_by_partition ON events (asset, partition) WHERE asset IS NOT NULL;
