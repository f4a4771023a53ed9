-- What is flagged \Deleted has an index of its own: messages_list leaves it out.

CREATE INDEX messages_hidden ON messages (account, sort) WHERE (shown & 16) <> 0 AND mailbox IS NOT NULL;
