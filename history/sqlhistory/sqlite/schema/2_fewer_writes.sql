-- A run's seq is that of its last event: kept in its row too, it had that row written for every event.
ALTER TABLE runs DROP COLUMN seq;

-- Most assets have no partitions: their events need no second index.
DROP INDEX events_by_partition;
CREATE INDEX events_by_partition ON events (asset, partition) WHERE partition <> '';
