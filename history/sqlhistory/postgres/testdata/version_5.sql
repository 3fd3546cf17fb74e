-- What a store of version 5 of the schema holds.
CREATE SCHEMA fxrun;
SET search_path = fxrun;
-- Times are microseconds since 1970 in UTC, NULL for none. Durations are nanoseconds.
-- Texts are in the order of their bytes. Package postgres escapes two control characters in them.

-- The summary of a run: what its events add up to. number is the order of queueing.
CREATE TABLE runs (
	number           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	id               TEXT   COLLATE "C" NOT NULL UNIQUE,
	job              TEXT   COLLATE "C" NOT NULL,
	selection        TEXT   NOT NULL,
	tags             TEXT   NOT NULL, -- a JSON object
	config           TEXT,            -- JSON, NULL for none
	status           TEXT   COLLATE "C" NOT NULL,
	owner            TEXT   NOT NULL,
	queued           BIGINT NOT NULL,
	started          BIGINT,
	finished         BIGINT,
	cancel_requested BIGINT,
	duration         BIGINT NOT NULL,
	error            TEXT   NOT NULL,
	stack            TEXT   NOT NULL
);

CREATE INDEX runs_by_job ON runs (job, number);
CREATE INDEX runs_by_status ON runs (status, number);

CREATE TABLE run_tags (
	key   TEXT   COLLATE "C" NOT NULL,
	value TEXT   COLLATE "C" NOT NULL,
	run   BIGINT NOT NULL -- runs.number
);

-- A hash has no limit for the length of a value.
CREATE INDEX run_tags_by_value ON run_tags USING hash (value);

CREATE TABLE steps (
	run      BIGINT NOT NULL, -- runs.number
	key      TEXT   COLLATE "C" NOT NULL,
	position INTEGER NOT NULL, -- in the list of steps of the run
	status   TEXT   NOT NULL,
	attempt  BIGINT NOT NULL,
	started  BIGINT,
	duration BIGINT NOT NULL,
	error    TEXT   NOT NULL,
	stack    TEXT   NOT NULL,
	because  TEXT   NOT NULL,
	PRIMARY KEY (run, key)
);

-- position is the order of appending across all runs.
CREATE TABLE events (
	position  BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	run       BIGINT NOT NULL, -- runs.number
	seq       BIGINT NOT NULL,
	time      BIGINT NOT NULL,
	type      TEXT   COLLATE "C" NOT NULL,
	asset     TEXT   COLLATE "C", -- NULL for an event about no asset
	partition TEXT   COLLATE "C",
	fields    TEXT   NOT NULL, -- a JSON object
	UNIQUE (run, seq)
);

CREATE INDEX events_by_asset ON events (asset, position) WHERE asset IS NOT NULL;

-- Most assets have no partitions.
CREATE INDEX events_by_partition ON events (asset, partition, position) WHERE partition <> '';

-- The materializations of one run, among any number of its other events.
CREATE INDEX events_of_run_assets ON events (run, seq) WHERE asset IS NOT NULL;

-- The progress of a running step, as a JSON object, NULL for none. No log has it any more.
ALTER TABLE steps ADD COLUMN progress TEXT;

-- When events of the run began to be removed, NULL if its log is whole.
ALTER TABLE runs ADD COLUMN pruned BIGINT;
CREATE INDEX runs_whole ON runs (job, finished) WHERE pruned IS NULL AND finished IS NOT NULL;
CREATE INDEX runs_pruned ON runs (number) WHERE pruned IS NOT NULL;

CREATE INDEX run_tags_by_run ON run_tags (run);

-- A journal is the log of something that is not a run, such as a sensor. Its writer knows what its entries mean.
CREATE TABLE journals (
	name TEXT   COLLATE "C" PRIMARY KEY,
	seq  BIGINT NOT NULL -- of its last entry
);

-- position is the order of appending across all journals.
CREATE TABLE entries (
	position BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	journal  TEXT   COLLATE "C" NOT NULL,
	seq      BIGINT NOT NULL,
	time     BIGINT NOT NULL,
	kind     TEXT   COLLATE "C" NOT NULL,
	state    TEXT   NOT NULL, -- JSON
	data     TEXT,            -- JSON, NULL for none
	claims   TEXT,            -- a JSON array, NULL for none
	releases TEXT,            -- a JSON array, NULL for none
	UNIQUE (journal, seq)
);

CREATE INDEX entries_by_kind ON entries (kind, position);

-- The keys that a journal has given, which outlive its entries.
CREATE TABLE claimed_keys (
	journal TEXT   COLLATE "C" NOT NULL,
	key     TEXT   COLLATE "C" NOT NULL,
	seq     BIGINT NOT NULL, -- of the entry that claims it
	PRIMARY KEY (journal, key)
);

-- Where the steps of the run are executed, as a JSON object, NULL for a run that ends with its process.
ALTER TABLE runs ADD COLUMN cluster TEXT;

-- The process of the last attempt, NULL for one of the owner of the run.
ALTER TABLE steps ADD COLUMN worker TEXT;

CREATE INDEX runs_by_queued ON runs (queued, number);

CREATE TABLE schema_version (version INTEGER PRIMARY KEY, applied TEXT NOT NULL);
INSERT INTO schema_version VALUES (1, '2026-01-02T03:04:05Z'), (2, '2026-01-02T03:04:05Z'), (3, '2026-01-02T03:04:05Z'), (4, '2026-01-02T03:04:05Z'), (5, '2026-01-02T03:04:05Z');

INSERT INTO runs (id, job, selection, tags, status, owner, queued, started, finished, duration, error, stack) VALUES ('r1', 'nightly', '', '{"team":"data"}', 'succeeded', 'host/1', 1000000, 2000000, 7000000, 4000000000, '', '');
INSERT INTO runs (id, job, selection, tags, status, owner, queued, duration, error, stack) VALUES ('r2', 'nightly', '', 'null', 'queued', '', 8000000, 0, '', '');
INSERT INTO run_tags (key, value, run) VALUES ('team', 'data', 1);
INSERT INTO steps (run, key, position, status, attempt, started, duration, error, stack, because) VALUES (1, 'orders', 0, 'succeeded', 1, 4000000, 1000000000, '', '', '');
INSERT INTO events (run, seq, time, type, asset, partition, fields) VALUES
 (1, 1, 1000000, 'run_queued', NULL, NULL, '{"job":"nightly","tags":{"team":"data"},"steps":["orders"]}'),
 (1, 2, 2000000, 'run_starting', NULL, NULL, '{"owner":"host/1"}'),
 (1, 3, 3000000, 'run_started', NULL, NULL, '{}'),
 (1, 4, 4000000, 'step_started', NULL, NULL, '{"step":"orders","attempt":1}'),
 (1, 5, 5000000, 'asset_materialized', 'orders', '', '{"asset":"orders","step":"orders","size":7}'),
 (1, 6, 6000000, 'step_succeeded', NULL, NULL, '{"step":"orders","duration_ns":1000000000}'),
 (1, 7, 7000000, 'run_finished', NULL, NULL, '{"status":"succeeded","duration_ns":4000000000}'),
 (2, 1, 8000000, 'run_queued', NULL, NULL, '{"job":"nightly"}');
INSERT INTO runs (id, job, selection, tags, status, owner, queued, started, duration, error, stack) VALUES ('r3', 'nightly', '', 'null', 'running', 'host/1', 9000000, 9100000, 0, '', '');
INSERT INTO steps (run, key, position, status, attempt, started, duration, error, stack, because, progress) VALUES (3, 'orders', 0, 'running', 1, 9200000, 0, '', '', '', '{"time":"1970-01-01T00:00:09.3Z","rows":7,"total":9}');
INSERT INTO events (run, seq, time, type, fields) VALUES (3, 1, 9000000, 'run_queued', '{"job":"nightly","steps":["orders"]}'), (3, 2, 9100000, 'run_starting', '{"owner":"host/1"}'), (3, 3, 9150000, 'run_started', '{}'), (3, 4, 9200000, 'step_started', '{"step":"orders","attempt":1}');
INSERT INTO runs (id, job, selection, tags, status, owner, queued, started, finished, duration, error, stack, pruned) VALUES ('r4', 'nightly', '', 'null', 'succeeded', 'host/1', 10000000, 10100000, 10900000, 800000000, '', '', 20000000);
INSERT INTO steps (run, key, position, status, attempt, started, duration, error, stack, because) VALUES (4, 'clients', 0, 'succeeded', 1, 10200000, 1000000, '', '', '');
INSERT INTO events (run, seq, time, type, asset, partition, fields) VALUES (4, 1, 10000000, 'run_queued', NULL, NULL, '{"job":"nightly","steps":["clients"]}'), (4, 6, 10300000, 'asset_materialized', 'clients', '', '{"asset":"clients","step":"clients"}'), (4, 8, 10900000, 'run_finished', NULL, NULL, '{"status":"succeeded","duration_ns":800000000}');
INSERT INTO runs (id, job, selection, tags, status, owner, queued, started, duration, error, stack, cluster) VALUES ('r5', 'nightly', '', 'null', 'running', 'host/2', 11000000, 11100000, 0, '', '', '{"name":"temporal","place":"host:7233/default","page":"https://host/r5"}');
INSERT INTO steps (run, key, position, status, attempt, started, duration, error, stack, because, worker) VALUES (5, 'orders', 0, 'running', 1, 11200000, 0, '', '', '', 'host/3');
INSERT INTO events (run, seq, time, type, fields) VALUES (5, 1, 11000000, 'run_queued', '{"job":"nightly","steps":["orders"]}'), (5, 2, 11100000, 'run_starting', '{"owner":"host/1","cluster":{"name":"temporal","place":"host:7233/default","page":"https://host/r5"}}'), (5, 3, 11150000, 'run_started', '{}'), (5, 4, 11200000, 'step_started', '{"step":"orders","attempt":1,"worker":"host/3"}'), (5, 5, 11300000, 'run_adopted', '{"owner":"host/2"}');
