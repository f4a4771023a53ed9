-- What the user did to places and folders, laid over what the server has.

-- Where a message shows: its mailbox with pending actions laid over; NULL:
-- nowhere. expect: where the server was told to put it, and put it under a UID
-- that is not known yet.
ALTER TABLE messages ADD COLUMN shown_in INTEGER;
ALTER TABLE messages ADD COLUMN expect INTEGER;
UPDATE messages SET shown_in = mailbox WHERE mailbox IS NOT NULL;
DROP INDEX messages_list;
DROP INDEX messages_unread;
CREATE INDEX messages_list ON messages (shown_in, sort DESC, uid DESC) WHERE (shown & 16) = 0;
CREATE INDEX messages_unread ON messages (shown_in, sort DESC, uid DESC) WHERE (shown & 17) = 0;
CREATE INDEX messages_expect ON messages (expect) WHERE expect IS NOT NULL;
CREATE INDEX messages_pending ON messages (mailbox) WHERE pending > 0;

-- name and subscribed are the server's, shown_name and wanted what shows.
ALTER TABLE mailboxes ADD COLUMN shown_name TEXT NOT NULL DEFAULT '';
ALTER TABLE mailboxes ADD COLUMN wanted INTEGER; -- subscribed, NULL: as the server has it
ALTER TABLE mailboxes ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0; -- it is to be deleted
ALTER TABLE mailboxes ADD COLUMN planned INTEGER NOT NULL DEFAULT 0; -- the server does not have it yet
UPDATE mailboxes SET shown_name = name;
DROP INDEX mailboxes_name;
CREATE UNIQUE INDEX mailboxes_name ON mailboxes (account, name) WHERE gone = 0 AND planned = 0;

-- What was known of a folder when its deletion was queued.
ALTER TABLE ops ADD COLUMN known_total INTEGER NOT NULL DEFAULT 0;
ALTER TABLE ops ADD COLUMN known_next INTEGER NOT NULL DEFAULT 0; -- UIDNEXT; 0: not to be compared
ALTER TABLE ops ADD COLUMN old_name TEXT NOT NULL DEFAULT ''; -- of a folder before it was renamed
CREATE INDEX ops_into ON ops (mailbox) WHERE kind IN ('move', 'copy');

ALTER TABLE op_targets ADD COLUMN added TEXT NOT NULL DEFAULT ''; -- the delta of this message
ALTER TABLE op_targets ADD COLUMN removed TEXT NOT NULL DEFAULT '';
ALTER TABLE op_targets ADD COLUMN did_add TEXT NOT NULL DEFAULT ''; -- what it changed of what was shown
ALTER TABLE op_targets ADD COLUMN did_remove TEXT NOT NULL DEFAULT '';
ALTER TABLE op_targets ADD COLUMN source INTEGER NOT NULL DEFAULT 0; -- where it showed before
ALTER TABLE op_targets ADD COLUMN agreed INTEGER NOT NULL DEFAULT 0; -- the server did it
ALTER TABLE op_targets ADD COLUMN copied INTEGER NOT NULL DEFAULT 0; -- a copy is in the destination
ALTER TABLE op_targets ADD COLUMN uid INTEGER NOT NULL DEFAULT 0; -- in the destination, 0: not known
ALTER TABLE op_targets ADD COLUMN uidvalidity INTEGER NOT NULL DEFAULT 0;
ALTER TABLE op_targets ADD COLUMN copy INTEGER NOT NULL DEFAULT 0; -- the message that a copy became
UPDATE op_targets SET added = (SELECT added FROM ops WHERE id = op), removed = (SELECT removed FROM ops WHERE id = op);
