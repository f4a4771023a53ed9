-- Where the server names a message in every folder that it is in (EMAILID,
-- X-GM-MSGID), an unread one is one for the account. copies has how many unread
-- rows with such a name show in folders that count; only names that more than
-- one row has matter, and only those are looked at. New rows are counted by who
-- inserts them: a trigger would cost every message of a first sync, named or not.

CREATE TABLE copies (
  account  INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  email_id TEXT NOT NULL,
  n        INTEGER NOT NULL,
  PRIMARY KEY (account, email_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX copies_many ON copies (account, n) WHERE n > 1;

CREATE VIEW counting AS SELECT m.account, m.email_id FROM messages m
  JOIN mailboxes b ON b.id = m.shown_in AND b.counted AND NOT b.hidden AND b.gone = 0
  WHERE m.email_id <> '' AND (m.shown & 17) = 0;

CREATE TRIGGER copies_delete AFTER DELETE ON messages
WHEN OLD.email_id <> '' AND (OLD.shown & 17) = 0 AND OLD.shown_in IS NOT NULL BEGIN
  UPDATE copies SET n = n - 1 WHERE account = OLD.account AND email_id = OLD.email_id
    AND EXISTS (SELECT 1 FROM mailboxes WHERE id = OLD.shown_in AND counted AND NOT hidden AND gone = 0);
  DELETE FROM copies WHERE account = OLD.account AND email_id = OLD.email_id AND n <= 0;
END;

CREATE TRIGGER copies_update AFTER UPDATE OF shown, shown_in, email_id ON messages
WHEN (OLD.email_id <> '' OR NEW.email_id <> '') AND
  ((OLD.shown & 17) <> (NEW.shown & 17) OR OLD.shown_in IS NOT NEW.shown_in OR OLD.email_id <> NEW.email_id) BEGIN
  UPDATE copies SET n = n - 1 WHERE account = OLD.account AND email_id = OLD.email_id AND (OLD.shown & 17) = 0
    AND EXISTS (SELECT 1 FROM mailboxes WHERE id = OLD.shown_in AND counted AND NOT hidden AND gone = 0);
  INSERT INTO copies SELECT NEW.account, NEW.email_id, 1 FROM mailboxes
    WHERE id = NEW.shown_in AND counted AND NOT hidden AND gone = 0 AND NEW.email_id <> '' AND (NEW.shown & 17) = 0
    ON CONFLICT DO UPDATE SET n = n + 1;
  DELETE FROM copies WHERE account = OLD.account AND email_id = OLD.email_id AND n <= 0;
END;

-- Seldom: a folder begins or ends to count. Then all is counted anew.
CREATE TRIGGER copies_again AFTER UPDATE OF counted, hidden, gone ON mailboxes
WHEN (OLD.counted AND NOT OLD.hidden AND OLD.gone = 0) <> (NEW.counted AND NOT NEW.hidden AND NEW.gone = 0)
  AND EXISTS (SELECT 1 FROM messages WHERE shown_in = NEW.id AND (shown & 17) = 0 AND email_id <> '') BEGIN
  DELETE FROM copies WHERE account = NEW.account;
  INSERT INTO copies SELECT account, email_id, count(*) FROM counting WHERE account = NEW.account GROUP BY account, email_id;
END;

INSERT INTO copies SELECT account, email_id, count(*) FROM counting GROUP BY account, email_id;
