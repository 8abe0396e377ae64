-- SPDX-License-Identifier: EUPL-1.2
-- expand-only
-- What the next release might add: a column with a default and a table, which the present one does
-- not know and does not mind.
SET LOCAL search_path = corv;
ALTER TABLE message ADD COLUMN channel text NOT NULL DEFAULT 'onbekend';
ALTER TABLE delivery ADD COLUMN cost integer;
CREATE TABLE channel (name text PRIMARY KEY);
