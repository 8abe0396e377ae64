-- SPDX-License-Identifier: EUPL-1.2
-- expand-only
-- Our tables are met by key: a sample of 3,000 rows says enough about them, where 30,000 were read
-- each time one had grown by a tenth. And what only grows until its month's table is dropped leaves
-- nothing to clean up, nor does what waits for delivery but when it goes: vacuuming them because rows
-- came in is work for nothing. While a backlog grew, the two took a quarter of a processor each
-- minute, the more the larger it was. What is deleted is vacuumed as before; so is dedup for what
-- comes in, since that is also what completes its index by time.
SET LOCAL search_path = corv;

CREATE FUNCTION small_sample(part text) RETURNS void
LANGUAGE plpgsql SET search_path = corv, pg_temp AS $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT attname FROM pg_attribute
        WHERE attrelid = ('corv.' || part)::regclass AND attnum > 0 AND NOT attisdropped LOOP
        EXECUTE format('ALTER TABLE %I ALTER COLUMN %I SET STATISTICS 10', part, name);
    END LOOP;
END $$;

CREATE FUNCTION grows(part text) RETURNS void
LANGUAGE plpgsql SET search_path = corv, pg_temp AS $$
BEGIN
    EXECUTE format('ALTER TABLE %I SET (autovacuum_vacuum_insert_threshold = -1)', part);
    PERFORM small_sample(part);
END $$;

-- As in 008, and a month's table is born so.
CREATE OR REPLACE FUNCTION make_partition(parent text, part text, low text, high text)
RETURNS integer LANGUAGE plpgsql SET search_path = corv, pg_temp AS $$
BEGIN
    IF to_regclass('corv.' || part) IS NOT NULL THEN
        RETURN 0;
    END IF;
    EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
        part, parent, low, high);
    IF parent = 'payload' THEN
        PERFORM no_statistics(part);
    ELSE
        PERFORM grows(part);
    END IF;
    RETURN 1;
EXCEPTION WHEN check_violation THEN
    RETURN 0;
END $$;

-- Under the lock of whoever makes and drops these tables, so that none comes or goes meanwhile.
DO $$
DECLARE
    part text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('corv.ensure_partitions'));
    FOR part IN SELECT c.relname FROM pg_inherits h JOIN pg_class c ON c.oid = h.inhrelid
        WHERE h.inhparent IN ('corv.message'::regclass, 'corv.delivery_done'::regclass,
            'corv.audit'::regclass) LOOP
        PERFORM corv.grows(part);
    END LOOP;
    PERFORM corv.grows('delivery');
    PERFORM corv.small_sample('dedup');
END $$;

REVOKE ALL ON FUNCTION small_sample FROM PUBLIC;
REVOKE ALL ON FUNCTION grows FROM PUBLIC;
