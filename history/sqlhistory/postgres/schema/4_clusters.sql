-- Where the steps of the run are executed, as a JSON object, NULL for a run that ends with its process.
ALTER TABLE runs ADD COLUMN cluster TEXT;

-- The process of the last attempt, NULL for one of the owner of the run.
ALTER TABLE steps ADD COLUMN worker TEXT;
