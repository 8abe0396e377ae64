-- SPDX-License-Identifier: EUPL-1.2
-- expand-only
-- What belongs together: messages of one case (zaak_key, daemon/case_key.h) and a message with its
-- answers (crossref). Rows that have neither do not enter, so a message that opens no case and
-- answers nothing pays nothing. Both columns are the message's own: they go when its month goes.
--
-- CONCURRENTLY does not exist for a partitioned table, nor inside a transaction. Writers wait while
-- the months are read, one after the other; zaak_key is empty everywhere before this version, so
-- that index costs the reading only (900 000 messages: 1 s, and 1.3 s for the other one).
SET LOCAL search_path = corv;

CREATE INDEX message_case ON message (zaak_key, kind) WHERE zaak_key IS NOT NULL;
CREATE INDEX message_crossref ON message (crossref) WHERE crossref <> '';
