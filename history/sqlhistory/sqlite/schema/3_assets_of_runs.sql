-- The materializations of one run, among any number of its other events.
CREATE INDEX events_of_run_assets ON events (run, seq) WHERE asset IS NOT NULL;
