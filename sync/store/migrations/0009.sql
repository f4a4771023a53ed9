-- A message whose data could not be read is asked for again. since: when it was found
-- unreadable; 0: the UID is no such message, but what a move left behind, or half of
-- one. again: when it is asked for next. old: it was there before Heron first looked.

ALTER TABLE uncertain ADD COLUMN since INTEGER NOT NULL DEFAULT 0;
ALTER TABLE uncertain ADD COLUMN again INTEGER NOT NULL DEFAULT 0;
ALTER TABLE uncertain ADD COLUMN old INTEGER NOT NULL DEFAULT 0;

-- Of those of an earlier version it is not known when they came: none alerts.
UPDATE uncertain SET since = 1, again = 1, old = 1 WHERE original = 0 AND NOT EXISTS (
  SELECT 1 FROM op_targets t JOIN ops o ON o.id = t.op WHERE o.mailbox = uncertain.mailbox AND t.copied AND t.uid = uncertain.uid);
