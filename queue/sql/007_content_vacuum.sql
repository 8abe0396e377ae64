-- SPDX-License-Identifier: EUPL-1.2
-- expand-only
-- Content is written once, destroyed within a day or so, and its day's table is dropped. To vacuum it
-- because rows came in is work for nothing: while a backlog of a million grew it cost PostgreSQL some
-- 50 microseconds a message. What is deleted is vacuumed as before.
SET LOCAL search_path = corv;

DO $$
DECLARE
    part regclass;
BEGIN
    FOR part IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'corv.payload'::regclass LOOP
        EXECUTE format('ALTER TABLE %s SET (autovacuum_vacuum_insert_threshold = -1)', part);
    END LOOP;
END $$;

-- As in 002, and the day's table of content is born so.
CREATE OR REPLACE FUNCTION ensure_partitions(since timestamptz, until timestamptz)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = corv, pg_temp AS $$
DECLARE
    made integer := 0;
    d timestamp := date_trunc('day', since AT TIME ZONE 'UTC');
    a timestamptz;
    z timestamptz;
    part text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('corv.ensure_partitions'));
    WHILE d AT TIME ZONE 'UTC' < until LOOP
        a := d AT TIME ZONE 'UTC';
        part := 'payload_' || to_char(d, 'YYYYMMDD');
        IF make_partition('payload', part, id_at(a)::text,
                id_at(a + interval '1 day')::text) > 0 THEN
            EXECUTE format('ALTER TABLE %I ALTER COLUMN sealed SET STORAGE EXTERNAL', part);
            EXECUTE format('ALTER TABLE %I SET (toast_tuple_target = 8160,'
                ' autovacuum_vacuum_insert_threshold = -1)', part);
            made := made + 1;
        END IF;
        d := d + interval '1 day';
    END LOOP;
    d := date_trunc('month', since AT TIME ZONE 'UTC');
    WHILE d AT TIME ZONE 'UTC' < until LOOP
        a := d AT TIME ZONE 'UTC';
        z := (d + interval '1 month') AT TIME ZONE 'UTC';
        part := to_char(d, 'YYYYMM');
        made := made
            + make_partition('message', 'message_' || part, id_at(a)::text, id_at(z)::text)
            + make_partition('delivery_done', 'delivery_done_' || part, id_at(a)::text,
                id_at(z)::text)
            + make_partition('audit', 'audit_' || part, a::text, z::text);
        d := d + interval '1 month';
    END LOOP;
    RETURN made;
END $$;
