-- What the user knew of a folder when its deletion was queued: not how many messages,
-- but which UIDs, as a sequence set, under which UIDVALIDITY.

ALTER TABLE ops ADD COLUMN known TEXT NOT NULL DEFAULT '';
ALTER TABLE ops ADD COLUMN known_under INTEGER NOT NULL DEFAULT 0; -- 0: the server had not said
ALTER TABLE ops DROP COLUMN known_total;
ALTER TABLE ops DROP COLUMN known_next;
