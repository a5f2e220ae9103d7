ALTER TABLE link ADD COLUMN title text;
