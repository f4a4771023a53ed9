-- What happened to an action is news: it ends when the user has read it, or after a
-- day. Those that stand for ever are from before that.

ALTER TABLE problems ADD COLUMN news INTEGER NOT NULL DEFAULT 0;
UPDATE problems SET news = 1 WHERE code IN ('moved-elsewhere', 'folder-changed', 'kept-message', 'kept-folder',
  'command-refused', 'not-supported', 'gone', 'folder-fixed', 'given-up', 'no-such-folder', 'folder-exists');
