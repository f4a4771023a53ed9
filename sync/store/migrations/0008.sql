-- What a move left behind, where the server cannot expunge one message alone, may be
-- a message again: original is the one that was moved away from there.

ALTER TABLE uncertain ADD COLUMN original INTEGER NOT NULL DEFAULT 0; -- 0: none
