-- A store as the first schema made it. It is what somebody's mail may be in: it is
-- never changed, whatever becomes of migrations/0001.sql.

CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE accounts (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  name     TEXT NOT NULL UNIQUE,
  listed   INTEGER NOT NULL DEFAULT 0,
  state    TEXT NOT NULL DEFAULT '',
  told_by  TEXT NOT NULL DEFAULT '',
  next_try INTEGER NOT NULL DEFAULT 0,
  since    INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE mailboxes (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  account        INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  gone           INTEGER NOT NULL DEFAULT 0,
  name           TEXT NOT NULL,
  delimiter      TEXT NOT NULL,
  role           TEXT NOT NULL,
  counted        INTEGER NOT NULL,
  selectable     INTEGER NOT NULL,
  subscribed     INTEGER NOT NULL,
  watched        INTEGER NOT NULL,
  resetting      INTEGER NOT NULL DEFAULT 0,
  uidvalidity    INTEGER NOT NULL DEFAULT 0,
  uidnext        INTEGER NOT NULL DEFAULT 0,
  modseq         INTEGER NOT NULL DEFAULT 0,
  messages       INTEGER NOT NULL DEFAULT 0,
  unseen         INTEGER NOT NULL DEFAULT 0,
  backfill_below INTEGER NOT NULL DEFAULT 0,
  has_server     INTEGER NOT NULL DEFAULT 0,
  server_total   INTEGER NOT NULL DEFAULT 0,
  server_unread  INTEGER NOT NULL DEFAULT 0,
  known_total    INTEGER NOT NULL DEFAULT 0,
  known_unread   INTEGER NOT NULL DEFAULT 0,
  shown_total    INTEGER NOT NULL DEFAULT 0,
  shown_unread   INTEGER NOT NULL DEFAULT 0,
  total          INTEGER NOT NULL DEFAULT 0,
  unread         INTEGER NOT NULL DEFAULT 0,
  last_sync      INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX mailboxes_name ON mailboxes (account, name) WHERE gone = 0;
CREATE TABLE messages (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  account         INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  mailbox         INTEGER REFERENCES mailboxes (id) ON DELETE CASCADE,
  uid             INTEGER NOT NULL,
  modseq          INTEGER NOT NULL,
  server          INTEGER NOT NULL,
  server_keywords TEXT NOT NULL,
  shown           INTEGER NOT NULL,
  shown_keywords  TEXT NOT NULL,
  pending         INTEGER NOT NULL DEFAULT 0,
  lost            INTEGER NOT NULL DEFAULT 0,
  lost_from       INTEGER NOT NULL DEFAULT 0,
  reset           INTEGER NOT NULL DEFAULT 0,
  body            INTEGER,
  sort            INTEGER NOT NULL,
  size            INTEGER NOT NULL,
  received        INTEGER NOT NULL,
  date            INTEGER NOT NULL,
  header_id       TEXT NOT NULL,
  in_reply_to     TEXT NOT NULL,
  email_id        TEXT NOT NULL,
  subject         TEXT NOT NULL,
  sender          TEXT NOT NULL,
  recipients      TEXT NOT NULL,
  copies          TEXT NOT NULL,
  preview         TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX messages_uid ON messages (mailbox, uid);
CREATE INDEX messages_list ON messages (mailbox, sort DESC, uid DESC) WHERE (shown & 16) = 0;
CREATE INDEX messages_unread ON messages (mailbox, sort DESC, uid DESC) WHERE (shown & 17) = 0;
CREATE INDEX messages_lost ON messages (account, header_id) WHERE mailbox IS NULL;
CREATE INDEX messages_lost_email ON messages (account, email_id) WHERE mailbox IS NULL AND email_id <> '';
CREATE TABLE uncertain (
  mailbox INTEGER NOT NULL REFERENCES mailboxes (id) ON DELETE CASCADE,
  uid     INTEGER NOT NULL,
  PRIMARY KEY (mailbox, uid)
) STRICT, WITHOUT ROWID;
CREATE VIRTUAL TABLE texts USING fts5 (
  subject, sender, recipients, body,
  content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);
CREATE TABLE changes (
  rev     INTEGER PRIMARY KEY AUTOINCREMENT,
  time    INTEGER NOT NULL,
  account TEXT NOT NULL,
  origin  TEXT NOT NULL,
  kind    TEXT NOT NULL,
  body    TEXT NOT NULL
) STRICT;
CREATE TABLE ops (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  account  INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  kind     TEXT NOT NULL,
  mailbox  INTEGER NOT NULL,
  name     TEXT NOT NULL,
  added    TEXT NOT NULL,
  removed  TEXT NOT NULL,
  state    TEXT NOT NULL,
  tries    INTEGER NOT NULL,
  created  INTEGER NOT NULL,
  ended    INTEGER NOT NULL DEFAULT 0,
  next_try INTEGER NOT NULL,
  fault    TEXT NOT NULL,
  inverse  INTEGER NOT NULL
) STRICT;
CREATE INDEX ops_open ON ops (account, id) WHERE state IN ('waiting', 'sending');
CREATE TABLE op_targets (
  op      INTEGER NOT NULL REFERENCES ops (id) ON DELETE CASCADE,
  pos     INTEGER NOT NULL,
  message INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
  done    INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (op, pos)
) STRICT, WITHOUT ROWID;
CREATE INDEX op_targets_message ON op_targets (message);
CREATE TABLE problems (
  account TEXT NOT NULL,
  code    TEXT NOT NULL,
  class   TEXT NOT NULL,
  args    TEXT NOT NULL,
  since   INTEGER NOT NULL,
  PRIMARY KEY (account, code)
) STRICT, WITHOUT ROWID;
CREATE TABLE alerts (
  id        INTEGER PRIMARY KEY AUTOINCREMENT,
  account   TEXT NOT NULL,
  mailbox   INTEGER NOT NULL,
  path      TEXT NOT NULL,
  role      TEXT NOT NULL,
  sender    TEXT NOT NULL,
  subject   TEXT NOT NULL,
  shown     INTEGER NOT NULL,
  handle    TEXT NOT NULL DEFAULT '',
  withdrawn INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX alerts_shown ON alerts (id) WHERE withdrawn = 0;
CREATE TABLE alert_messages (
  message INTEGER PRIMARY KEY,
  alert   INTEGER NOT NULL REFERENCES alerts (id) ON DELETE CASCADE
) STRICT;
CREATE INDEX alert_messages_alert ON alert_messages (alert);

INSERT INTO meta VALUES ('alert_cursor', 3);
INSERT INTO accounts (id, name, listed, state, told_by, since) VALUES (1, 'jo', 1, 'online', 'idle', 1772366400000000000);

INSERT INTO mailboxes (id, account, name, delimiter, role, counted, selectable, subscribed, watched,
  uidvalidity, uidnext, messages, unseen, known_total, known_unread, shown_total, shown_unread, total, unread, last_sync) VALUES
  (1, 1, 'INBOX', '/', 'inbox', 1, 1, 1, 1, 7, 5, 3, 3, 3, 3, 3, 2, 3, 2, 1772366400000000000),
  (2, 1, 'Büro/Alt', '/', '', 1, 1, 0, 0, 9, 2, 1, 0, 1, 0, 1, 0, 1, 0, 1772366400000000000);

-- 2 is marked read here and not sent yet; 4 left INBOX and may turn up elsewhere.
INSERT INTO messages (id, account, mailbox, uid, modseq, server, server_keywords, shown, shown_keywords, pending,
  lost, lost_from, body, sort, size, received, date, header_id, in_reply_to, email_id, subject, sender, recipients, copies, preview) VALUES
  (1, 1, 1, 1, 11, 0, '', 0, '', 0, 0, 0, NULL, 1772366460, 1001, 1772366460, 1772366460, 'm1@example.org', '', '', 'Subject 1', '[{"name":"Sender 1","addr":"s1@example.org"}]', '[{"name":"","addr":"jo@example.org"}]', '', 'Hello one'),
  (2, 1, 1, 2, 12, 0, 'work', 1, 'work', 1, 0, 0, NULL, 1772366520, 1002, 1772366520, 1772366520, 'm2@example.org', '', '', 'Subject 2', '[{"name":"Sender 2","addr":"s2@example.org"}]', '', '', ''),
  (3, 1, 1, 4, 13, 2, '', 2, '', 0, 0, 0, NULL, 1772366580, 1003, 1772366580, 1772366580, 'm3@example.org', '', '', 'Grüße aus Köln', '[{"name":"Sender 3","addr":"s3@example.org"}]', '', '', ''),
  (4, 1, NULL, 0, 0, 1, '', 1, '', 0, 1772366400000000000, 1, NULL, 1772366640, 1004, 1772366640, 1772366640, 'm4@example.org', '', '', 'Subject 4', '', '', '', ''),
  (5, 1, 2, 1, 0, 1, '', 1, '', 0, 0, 0, NULL, 1772366700, 1005, 1772366700, 1772366700, 'm5@example.org', '', '', 'Subject 5', '', '', '', '');
INSERT INTO texts (rowid, subject, sender, recipients, body) VALUES
  (1, 'Subject 1', 'Sender 1 s1@example.org', 'jo@example.org', 'Hello one'), (2, 'Subject 2', 'Sender 2', '', ''),
  (3, 'Grüße aus Köln', 'Sender 3', '', ''), (4, 'Subject 4', '', '', ''), (5, 'Subject 5', '', '', '');
INSERT INTO uncertain VALUES (1, 3);

INSERT INTO ops (id, account, kind, mailbox, name, added, removed, state, tries, created, ended, next_try, fault, inverse) VALUES
  (1, 1, 'flags', 0, '', 'flagged', '', 'done', 1, 1772366400000000000, 1772366400000000000, 0, '', 0),
  (2, 1, 'flags', 0, '', 'seen', '', 'waiting', 0, 1772366400000000000, 0, 0, '', 0);
INSERT INTO op_targets (op, pos, message, done) VALUES (1, 0, 3, 1), (2, 0, 2, 0);

INSERT INTO changes (rev, time, account, origin, kind, body) VALUES
  (1, 1772366400000000000, 'jo', 'backfill', 'folder.added', '{"folder":{"id":1,"path":"INBOX","role":"inbox"}}'),
  (2, 1772366400000000000, 'jo', 'elsewhere', 'message.added', '{"folder":{"id":1,"path":"INBOX","role":"inbox"},"uids":[1],"unread":1,"messages":[{"id":1,"uid":1,"from":"Sender 1","subject":"Subject 1","unread":true}]}'),
  (3, 1772366400000000000, 'jo', 'here', 'flags.changed', '{"folder":{"id":1,"path":"INBOX","role":"inbox"},"uids":[2],"ids":[2],"added":["seen"]}');
INSERT INTO problems VALUES ('jo', 'connection-lost', 'offline', '{"host":"imap.example.org"}', 1772366400000000000);
INSERT INTO alerts (id, account, mailbox, path, role, sender, subject, shown, handle) VALUES
  (1, 'jo', 1, 'INBOX', 'inbox', 'Sender 1', 'Subject 1', 1772366400000000000, '42');
INSERT INTO alert_messages VALUES (1, 1);
PRAGMA user_version = 1;
