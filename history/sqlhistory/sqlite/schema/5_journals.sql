-- A journal is the log of something that is not a run, such as a sensor. Its writer knows what its entries mean.
CREATE TABLE journals (
	name TEXT    PRIMARY KEY,
	seq  INTEGER NOT NULL -- of its last entry
) STRICT, WITHOUT ROWID;

-- position is the order of appending across all journals.
CREATE TABLE entries (
	position INTEGER PRIMARY KEY,
	journal  TEXT    NOT NULL,
	seq      INTEGER NOT NULL,
	time     INTEGER NOT NULL,
	kind     TEXT    NOT NULL,
	state    TEXT    NOT NULL, -- JSON
	data     TEXT,             -- JSON, NULL for none
	claims   TEXT,             -- a JSON array, NULL for none
	releases TEXT,             -- a JSON array, NULL for none
	UNIQUE (journal, seq)
) STRICT;

CREATE INDEX entries_by_kind ON entries (kind, position);

-- The keys that a journal has given, which outlive its entries.
CREATE TABLE claimed_keys (
	journal TEXT    NOT NULL,
	key     TEXT    NOT NULL,
	seq     INTEGER NOT NULL, -- of the entry that claims it
	PRIMARY KEY (journal, key)
) STRICT, WITHOUT ROWID;
