-- What the user did at once is taken back at once.

ALTER TABLE ops ADD COLUMN action INTEGER NOT NULL DEFAULT 0; -- the first op of the same action; 0: it is the first
CREATE INDEX ops_action ON ops (action) WHERE action > 0;
