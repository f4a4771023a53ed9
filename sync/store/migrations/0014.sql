-- On a server whose mailboxes are labels (Gmail) a message is in several of them, with
-- the same flags in each, and the trash takes it out of all others: what is done to one
-- row of it is done to the others, its twins.

ALTER TABLE accounts ADD COLUMN labels INTEGER NOT NULL DEFAULT 0;
ALTER TABLE op_targets ADD COLUMN twin INTEGER NOT NULL DEFAULT 0; -- the target whose twin this is; 0: it is none
CREATE INDEX op_targets_twin ON op_targets (twin) WHERE twin <> 0;
