-- SPDX-License-Identifier: EUPL-1.2
-- expand-only
-- The law built in: what is destroyed and when, proof that it was, and an audit trail that stays
-- verifiable when its texts are gone. The daemon's role may destroy only through the functions
-- below, and those refuse what is too young.
SET LOCAL search_path = corv;

-- One row per hour key of the vault (queue/vault.h), made when its end begins.
CREATE TABLE key_hour (
    node          text NOT NULL,
    hour          integer NOT NULL,        -- hours since 1970
    destroying_at timestamptz NOT NULL,
    destroyed_at  timestamptz,             -- NULL: begun, and perhaps interrupted
    PRIMARY KEY (node, hour)
);

-- Signed heads of the audit chains (queue/seal.h). Rows are added, never changed.
CREATE TABLE audit_seal (
    chain     integer NOT NULL,
    seq       bigint NOT NULL,
    at        timestamptz NOT NULL,
    hash      bytea NOT NULL,              -- of line seq
    key       bytea NOT NULL,              -- Ed25519 public key, 32 bytes
    signature bytea NOT NULL,
    PRIMARY KEY (chain, seq, key)
);

-- What is left of an audit line after six months: enough to do the sums again.
CREATE TABLE audit_skeleton (
    chain      integer NOT NULL,
    seq        bigint NOT NULL,
    at         timestamptz NOT NULL,
    commitment bytea NOT NULL,
    hash       bytea NOT NULL,
    PRIMARY KEY (chain, seq)
);

-- A secret of this database, so that what outlives the content (dedup) cannot be compared with
-- digests made elsewhere. Made here, from PostgreSQL's strong random numbers.
CREATE TABLE installation (
    one    boolean PRIMARY KEY DEFAULT true CHECK (one),
    secret bytea NOT NULL
);
INSERT INTO installation (secret)
SELECT sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
              || uuid_send(gen_random_uuid()));

CREATE INDEX dedup_at ON dedup USING brin (at) WITH (pages_per_range = 16, autosummarize = on);

-- The sum of queue/audit.h, for lines whose texts are about to be destroyed.
CREATE FUNCTION audit_field(part bytea) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT int8send(octet_length(part)::bigint) || part
$$;
CREATE FUNCTION audit_commitment(salt bytea, event text, message_id uuid, delivery smallint,
    party text, actor text, code text, detail text) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT sha256(corv.audit_field(salt)
        || corv.audit_field(convert_to(event, 'UTF8'))
        || corv.audit_field(coalesce(uuid_send(message_id), ''))
        || corv.audit_field(int8send(delivery::bigint))
        || corv.audit_field(convert_to(coalesce(party, ''), 'UTF8'))
        || corv.audit_field(convert_to(actor, 'UTF8'))
        || corv.audit_field(convert_to(coalesce(code, ''), 'UTF8'))
        || corv.audit_field(convert_to(coalesce(detail, ''), 'UTF8')))
$$;

-- As before, but rows that strayed into a default partition only cost the partition they are in
-- the way of, and not all the others of the coming days.
CREATE FUNCTION make_partition(parent text, part text, low text, high text) RETURNS integer
LANGUAGE plpgsql SET search_path = corv, pg_temp AS $$
BEGIN
    IF to_regclass('corv.' || part) IS NOT NULL THEN
        RETURN 0;
    END IF;
    EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
        part, parent, low, high);
    RETURN 1;
EXCEPTION WHEN check_violation THEN
    RETURN 0;
END $$;
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
            EXECUTE format('ALTER TABLE %I SET (toast_tuple_target = 8160)', part);
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

-- ---- content ---------------------------------------------------------------------------------

-- Day partitions of payloads that are over and empty. A lock that is not had at once is for the
-- next time: whoever waits for it would keep the traffic waiting behind it.
CREATE FUNCTION forget_payload_days(before timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = corv, pg_temp SET lock_timeout = '500ms' AS $$
DECLARE
    part text;
    used boolean;
    dropped integer := 0;
BEGIN
    FOR part IN
        SELECT c.relname FROM pg_inherits h JOIN pg_class c ON c.oid = h.inhrelid
        WHERE h.inhparent = 'corv.payload'::regclass AND c.relname ~ '^payload_[0-9]{8}$'
            AND to_date(substr(c.relname, 9), 'YYYYMMDD')
                < (least(before, now()) AT TIME ZONE 'UTC')::date - 1
        ORDER BY 1
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %I)', part) INTO used;
        CONTINUE WHEN used;
        EXECUTE format('LOCK TABLE payload, %I IN ACCESS EXCLUSIVE MODE', part);
        EXECUTE format('SELECT EXISTS (SELECT FROM %I)', part) INTO used;
        CONTINUE WHEN used;
        EXECUTE format('DROP TABLE %I', part);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END $$;

-- ---- traffic data ----------------------------------------------------------------------------

-- Nothing younger than two months goes, whatever is asked.
CREATE FUNCTION forget_limit(before timestamptz) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT least(before, now() - interval '62 days')
$$;
-- The months of which the first day is before `before`, oldest first.
CREATE FUNCTION forget_months(before timestamptz) RETURNS TABLE (month date)
LANGUAGE sql STABLE SET search_path = corv, pg_temp AS $$
    SELECT DISTINCT to_date(right(c.relname, 6), 'YYYYMM')
    FROM pg_inherits h JOIN pg_class c ON c.oid = h.inhrelid
    WHERE h.inhparent IN ('corv.message'::regclass, 'corv.delivery_done'::regclass,
            'corv.audit'::regclass) AND c.relname ~ '_[0-9]{6}$'
        AND to_date(right(c.relname, 6), 'YYYYMM')::timestamp AT TIME ZONE 'UTC'
            < forget_limit(before)
    ORDER BY 1
$$;
-- Destroys one such month. Messages with an open delivery keep their month (open > 0): what has not
-- been delivered is not done. Audit lines leave their skeleton.
CREATE FUNCTION forget_month(before timestamptz, wanted date,
    OUT messages bigint, OUT deliveries bigint, OUT lines bigint, OUT open bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = corv, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    low timestamptz := wanted::timestamp AT TIME ZONE 'UTC';
    high timestamptz := (wanted + interval '1 month') AT TIME ZONE 'UTC';
    part text := to_char(wanted, 'YYYYMM');
    left_over bigint;
BEGIN
    messages := 0; deliveries := 0; lines := 0; open := 0;
    IF wanted NOT IN (SELECT month FROM forget_months(before)) THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('corv.ensure_partitions'));
    SELECT count(*) INTO open FROM delivery
        WHERE message_id >= id_at(low) AND message_id < id_at(high);
    IF to_regclass('audit_' || part) IS NOT NULL THEN
        EXECUTE format('INSERT INTO audit_skeleton SELECT chain, seq, at, audit_commitment(salt,'
            ' event, message_id, delivery, party, actor, code, detail), hash FROM %I'
            ' ON CONFLICT DO NOTHING', 'audit_' || part);
        -- a line that is there twice is a sign of tampering: it must not vanish in silence
        EXECUTE format('SELECT count(*) FROM %I a LEFT JOIN audit_skeleton s USING (chain, seq)'
            ' WHERE s.hash IS DISTINCT FROM a.hash OR s.at IS DISTINCT FROM a.at',
            'audit_' || part) INTO left_over;
        IF left_over > 0 THEN
            RAISE EXCEPTION 'audit lines of % are not whole', part USING ERRCODE = 'XX001';
        END IF;
        EXECUTE format('SELECT count(*) FROM %I', 'audit_' || part) INTO lines;
        EXECUTE format('DROP TABLE %I', 'audit_' || part);
    END IF;
    IF open > 0 THEN
        RETURN;
    END IF;
    IF to_regclass('message_' || part) IS NOT NULL THEN
        EXECUTE format('SELECT count(*) FROM %I', 'message_' || part) INTO messages;
        EXECUTE format('DROP TABLE %I', 'message_' || part);
    END IF;
    IF to_regclass('delivery_done_' || part) IS NOT NULL THEN
        EXECUTE format('SELECT count(*) FROM %I', 'delivery_done_' || part) INTO deliveries;
        EXECUTE format('DROP TABLE %I', 'delivery_done_' || part);
    END IF;
END $$;
-- What strayed into the default partitions, at most `most` rows of each; again until nothing.
CREATE FUNCTION forget_strays(before timestamptz, most integer,
    OUT messages bigint, OUT deliveries bigint, OUT lines bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = corv, pg_temp AS $$
DECLARE
    old timestamptz := forget_limit(before);
BEGIN
    WITH gone AS (DELETE FROM message_default WHERE id IN (SELECT id FROM message_default m
            WHERE id < id_at(old) AND NOT EXISTS (SELECT FROM delivery d WHERE d.message_id = m.id)
            LIMIT most) RETURNING 1)
        SELECT count(*) INTO messages FROM gone;
    WITH gone AS (DELETE FROM delivery_done_default WHERE (message_id, no) IN (
            SELECT message_id, no FROM delivery_done_default
            WHERE message_id < id_at(old) LIMIT most) RETURNING 1)
        SELECT count(*) INTO deliveries FROM gone;
    WITH old_lines AS MATERIALIZED (SELECT ctid AS place FROM audit_default WHERE at < old
            LIMIT most),
        gone AS (DELETE FROM audit_default a USING old_lines o WHERE a.ctid = o.place
            RETURNING a.*),
        kept AS (INSERT INTO audit_skeleton SELECT chain, seq, at, audit_commitment(salt, event,
            message_id, delivery, party, actor, code, detail), hash FROM gone
            RETURNING 1)
        SELECT count(*) INTO lines FROM kept;
END $$;
CREATE FUNCTION forget_dedup(before timestamptz, most integer) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = corv, pg_temp AS $$
    WITH gone AS (DELETE FROM dedup WHERE key IN (SELECT key FROM dedup
            WHERE at < forget_limit(before) LIMIT most) RETURNING 1)
        SELECT count(*) FROM gone
$$;

REVOKE ALL ON FUNCTION audit_field, audit_commitment, make_partition, forget_payload_days,
    forget_limit, forget_months, forget_month, forget_strays, forget_dedup FROM PUBLIC;
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'corv_app') THEN
        GRANT EXECUTE ON FUNCTION forget_payload_days, forget_limit, forget_months, forget_month,
            forget_strays, forget_dedup TO corv_app;
        GRANT SELECT, INSERT, UPDATE ON key_hour TO corv_app;
        GRANT SELECT, INSERT ON audit_seal TO corv_app;
        GRANT SELECT ON audit_skeleton, installation TO corv_app;
        GRANT UPDATE (sealed) ON payload TO corv_app;
    END IF;
END $$;
SELECT ensure_partitions(now() - interval '1 day', now() + interval '8 days');
