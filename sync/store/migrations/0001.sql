-- The first schema. Times are Unix seconds (date, received, sort) or Unix
-- nanoseconds (all others); 0 is "none". Sets of flags are a bit mask of the
-- system flags (seen 1, flagged 2, answered 4, draft 8, deleted 16) and the
-- other keywords, sorted and joined by blanks.

CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE accounts (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  name     TEXT NOT NULL UNIQUE,
  listed   INTEGER NOT NULL DEFAULT 0, -- its folders were listed once
  state    TEXT NOT NULL DEFAULT '',
  told_by  TEXT NOT NULL DEFAULT '',
  next_try INTEGER NOT NULL DEFAULT 0,
  since    INTEGER NOT NULL DEFAULT 0
) STRICT;

-- A mailbox that is gone stays as a row for as long as messages that were in
-- it may turn up elsewhere.
CREATE TABLE mailboxes (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  account        INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  gone           INTEGER NOT NULL DEFAULT 0, -- since when
  name           TEXT NOT NULL,
  delimiter      TEXT NOT NULL,
  role           TEXT NOT NULL,
  counted        INTEGER NOT NULL, -- its unread mail adds to the account's
  selectable     INTEGER NOT NULL,
  subscribed     INTEGER NOT NULL,
  watched        INTEGER NOT NULL,
  resetting      INTEGER NOT NULL DEFAULT 0, -- messages wait to be matched after a UIDVALIDITY change
  uidvalidity    INTEGER NOT NULL DEFAULT 0,
  uidnext        INTEGER NOT NULL DEFAULT 0,
  modseq         INTEGER NOT NULL DEFAULT 0,
  messages       INTEGER NOT NULL DEFAULT 0,
  unseen         INTEGER NOT NULL DEFAULT 0,
  backfill_below INTEGER NOT NULL DEFAULT 0,
  has_server     INTEGER NOT NULL DEFAULT 0, -- server_* were told
  server_total   INTEGER NOT NULL DEFAULT 0, -- what STATUS told, carried on
  server_unread  INTEGER NOT NULL DEFAULT 0,
  known_total    INTEGER NOT NULL DEFAULT 0, -- rows, as the server has them
  known_unread   INTEGER NOT NULL DEFAULT 0,
  shown_total    INTEGER NOT NULL DEFAULT 0, -- visible rows, pending actions laid over
  shown_unread   INTEGER NOT NULL DEFAULT 0,
  total          INTEGER NOT NULL DEFAULT 0, -- the numbers that are shown
  unread         INTEGER NOT NULL DEFAULT 0,
  last_sync      INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX mailboxes_name ON mailboxes (account, name) WHERE gone = 0;

-- A message without a mailbox is in limbo: the server has it no more where it
-- was, and may yet show it elsewhere.
CREATE TABLE messages (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  account         INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  mailbox         INTEGER REFERENCES mailboxes (id) ON DELETE CASCADE,
  uid             INTEGER NOT NULL,
  modseq          INTEGER NOT NULL,
  server          INTEGER NOT NULL, -- flags that the server has
  server_keywords TEXT NOT NULL,
  shown           INTEGER NOT NULL, -- the same with pending actions laid over
  shown_keywords  TEXT NOT NULL,
  pending         INTEGER NOT NULL DEFAULT 0, -- actions that wait for the server
  lost            INTEGER NOT NULL DEFAULT 0, -- in limbo since
  lost_from       INTEGER NOT NULL DEFAULT 0, -- the mailbox it was in
  reset           INTEGER NOT NULL DEFAULT 0, -- lost by a UIDVALIDITY change
  body            INTEGER, -- bytes of the body file, NULL for none
  sort            INTEGER NOT NULL, -- received, else date
  size            INTEGER NOT NULL,
  received        INTEGER NOT NULL,
  date            INTEGER NOT NULL,
  header_id       TEXT NOT NULL,
  in_reply_to     TEXT NOT NULL,
  email_id        TEXT NOT NULL,
  subject         TEXT NOT NULL,
  sender          TEXT NOT NULL, -- addresses as JSON, '' for none
  recipients      TEXT NOT NULL,
  copies          TEXT NOT NULL,
  preview         TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX messages_uid ON messages (mailbox, uid);
CREATE INDEX messages_list ON messages (mailbox, sort DESC, uid DESC) WHERE (shown & 16) = 0;
CREATE INDEX messages_unread ON messages (mailbox, sort DESC, uid DESC) WHERE (shown & 17) = 0;
CREATE INDEX messages_lost ON messages (account, header_id) WHERE mailbox IS NULL;
CREATE INDEX messages_lost_email ON messages (account, email_id) WHERE mailbox IS NULL AND email_id <> '';

-- UIDs whose data could not be read.
CREATE TABLE uncertain (
  mailbox INTEGER NOT NULL REFERENCES mailboxes (id) ON DELETE CASCADE,
  uid     INTEGER NOT NULL,
  PRIMARY KEY (mailbox, uid)
) STRICT, WITHOUT ROWID;

-- The texts themselves are in messages and in the body files.
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
  added    TEXT NOT NULL, -- flags joined by blanks
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
  done    INTEGER NOT NULL DEFAULT 0, -- no longer laid over the message
  PRIMARY KEY (op, pos)
) STRICT, WITHOUT ROWID;
CREATE INDEX op_targets_message ON op_targets (message);

CREATE TABLE problems (
  account TEXT NOT NULL, -- '' for Heron as a whole
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

-- A message is in it once for ever: one alert for one message.
CREATE TABLE alert_messages (
  message INTEGER PRIMARY KEY,
  alert   INTEGER NOT NULL REFERENCES alerts (id) ON DELETE CASCADE
) STRICT;
CREATE INDEX alert_messages_alert ON alert_messages (alert);
