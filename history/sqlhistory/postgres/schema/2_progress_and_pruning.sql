-- The progress of a running step, as a JSON object, NULL for none. No log has it any more.
ALTER TABLE steps ADD COLUMN progress TEXT;

-- When events of the run began to be removed, NULL if its log is whole.
ALTER TABLE runs ADD COLUMN pruned BIGINT;
CREATE INDEX runs_whole ON runs (job, finished) WHERE pruned IS NULL AND finished IS NOT NULL;
CREATE INDEX runs_pruned ON runs (number) WHERE pruned IS NOT NULL;

CREATE INDEX run_tags_by_run ON run_tags (run);
