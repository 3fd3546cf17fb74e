-- The last materialization of each asset, with a copy of what its event says. The events themselves are far apart.
CREATE TABLE last_materializations (
	asset    TEXT    PRIMARY KEY,
	position INTEGER NOT NULL, -- events.position
	run      INTEGER NOT NULL, -- runs.number
	seq      INTEGER NOT NULL,
	time     INTEGER NOT NULL,
	fields   TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO last_materializations (asset, position, run, seq, time, fields)
	WITH RECURSIVE names (name) AS (
		SELECT min(asset) FROM events WHERE asset IS NOT NULL
		UNION ALL SELECT (SELECT min(asset) FROM events WHERE asset > name) FROM names WHERE name IS NOT NULL)
	SELECT name, position, run, seq, time, fields FROM names CROSS JOIN events ON position = (
		SELECT made.position FROM events AS made
		WHERE made.asset = name AND made.type = 'asset_materialized' ORDER BY made.position DESC LIMIT 1);

-- An event has a larger position than all before it, and the last materialization of an asset is never removed.
CREATE TRIGGER keep_last_materialization AFTER INSERT ON events WHEN new.asset IS NOT NULL AND new.type = 'asset_materialized'
BEGIN
	INSERT INTO last_materializations (asset, position, run, seq, time, fields)
		VALUES (new.asset, new.position, new.run, new.seq, new.time, new.fields)
		ON CONFLICT (asset) DO UPDATE SET position = excluded.position, run = excluded.run,
			seq = excluded.seq, time = excluded.time, fields = excluded.fields;
END;

CREATE INDEX runs_by_queued ON runs (queued);
