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
