-- SPDX-License-Identifier: EUPL-1.2
-- expand-only
-- What waits for a human (held, dead) is found without walking past the mountain that waits for a
-- partner. Rows that wait do not enter this index, so the hot path does not pay for it.
SET LOCAL search_path = corv;

CREATE INDEX delivery_set_aside ON delivery (state, created_at) WHERE state <> 0;
