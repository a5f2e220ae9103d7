-- Expands only: version 1 goes on reading and writing id and text.
ALTER TABLE notes ADD COLUMN created_at timestamptz;
ALTER TABLE notes ALTER COLUMN created_at SET DEFAULT now();
