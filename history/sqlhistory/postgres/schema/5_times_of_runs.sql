CREATE INDEX runs_by_queued ON runs (queued, number);
