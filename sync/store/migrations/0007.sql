-- Where a server keeps the folders of the user (RFC 2342): what their paths begin
-- with, as it is shown; NULL: it has not said.

ALTER TABLE accounts ADD COLUMN home TEXT;
