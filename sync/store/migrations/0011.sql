-- What the worker of an account learnt of its server, for the next process.

ALTER TABLE accounts ADD COLUMN learnt TEXT NOT NULL DEFAULT '';
