-- A row is read in a third of the time if it has one column in place of five, and needs no row of runs. So event has
-- events.seq, events.time and the bytes of runs.id, each with a space after it, and then runs.id and events.fields.
CREATE TABLE packed_materializations (
	asset    TEXT    PRIMARY KEY,
	position INTEGER NOT NULL, -- events.position
	event    TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO packed_materializations (asset, position, event)
	SELECT made.asset, made.position, made.seq || ' ' || made.time || ' ' || octet_length(runs.id) || ' ' || runs.id || made.fields
		FROM last_materializations AS made JOIN runs ON runs.number = made.run ORDER BY made.asset;

DROP TRIGGER keep_last_materialization;
DROP TABLE last_materializations;
ALTER TABLE packed_materializations RENAME TO last_materializations;

-- An event has a larger position than all before it, and the last materialization of an asset is never removed.
CREATE TRIGGER keep_last_materialization AFTER INSERT ON events WHEN new.asset IS NOT NULL AND new.type = 'asset_materialized'
BEGIN
	INSERT INTO last_materializations (asset, position, event)
		SELECT new.asset, new.position, new.seq || ' ' || new.time || ' ' || octet_length(id) || ' ' || id || new.fields
			FROM runs WHERE number = new.run
		ON CONFLICT (asset) DO UPDATE SET position = excluded.position, event = excluded.event;
END;
