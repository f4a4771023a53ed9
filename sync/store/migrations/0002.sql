-- Why no better way of being told is in use.

ALTER TABLE accounts ADD COLUMN told_why TEXT NOT NULL DEFAULT '';
