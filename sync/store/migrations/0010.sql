-- An op that was to make a folder that was there already: there is nothing to undo.

ALTER TABLE ops ADD COLUMN found INTEGER NOT NULL DEFAULT 0;
