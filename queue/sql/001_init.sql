-- SPDX-License-Identifier: EUPL-1.2
-- The first house: traffic data by month, payloads by day, a small hot table of deliveries,
-- an append-only audit trail, and the roles that keep it so.
-- Message ids are UUIDv7, so a range of ids is a range of time: partitioning by id lets a
-- look-up by id touch one partition, and dropping a partition forgets a month or a day.

CREATE SCHEMA corv;
SET LOCAL search_path = corv;

-- Traffic data (Regeling 4.2: kept at most six months). One row per message, ours included.
CREATE TABLE message (
    id            uuid PRIMARY KEY,
    received_at   timestamptz NOT NULL,
    parent_id     uuid,                    -- the message this one was made from
    kind          text NOT NULL,
    variant       text NOT NULL DEFAULT '',
    sender        text NOT NULL,           -- technical sender: party of the certificate
    zender_org    text NOT NULL DEFAULT '',
    zender_app    text NOT NULL DEFAULT '',
    zender_adm    text NOT NULL DEFAULT '',
    ontvanger_org text NOT NULL DEFAULT '',
    ontvanger_app text NOT NULL DEFAULT '',
    referentie    text NOT NULL DEFAULT '',
    crossref      text NOT NULL DEFAULT '',
    mandated_by   text,                    -- the gemeente that mandated the filer
    responsible   text,                    -- the responsible gemeente
    zaak_key      text,                    -- keyed hash of the case number
    decision      text,                    -- why it was routed so; no personal data
    urgent        boolean NOT NULL DEFAULT false,
    size          bigint NOT NULL,
    digest        bytea NOT NULL,
    content_type  text NOT NULL
) PARTITION BY RANGE (id);
CREATE INDEX message_parent ON message (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX message_referentie ON message (referentie, zender_org);
CREATE TABLE message_default PARTITION OF message DEFAULT;

-- The content, sealed (queue/vault.h); gone within 24 hours after the last confirmation.
CREATE TABLE payload (
    id     uuid PRIMARY KEY,
    sealed bytea NOT NULL
) PARTITION BY RANGE (id);
CREATE TABLE payload_default PARTITION OF payload DEFAULT;
-- Never compressed (it is ciphertext), and beside its key as long as it fits in a page: half the
-- cost of an insert for the usual 6 KB.
ALTER TABLE payload_default ALTER COLUMN sealed SET STORAGE EXTERNAL;
ALTER TABLE payload_default SET (toast_tuple_target = 8160);

-- What is still to be done: small and hot. A leased delivery is a waiting one whose due_at is the
-- lease's end and whose owner is set.
CREATE TABLE delivery (
    message_id    uuid NOT NULL,
    no            smallint NOT NULL,
    route         text NOT NULL,
    party         text,                    -- NULL while held in doubt
    priority      smallint NOT NULL,
    state         smallint NOT NULL,       -- enum corv_delivery_state: 0, 1 or 2
    due_at        timestamptz NOT NULL,
    owner         text,                    -- node that holds the lease
    attempts      integer NOT NULL DEFAULT 0,
    created_at    timestamptz NOT NULL,
    last_at       timestamptz,
    last_code     text,
    last_text     text,
    last_status   integer,
    held_code     text,
    held_question text,
    PRIMARY KEY (message_id, no)
) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);
CREATE INDEX delivery_due ON delivery (party, priority, due_at) WHERE state = 0;
CREATE INDEX delivery_owner ON delivery (owner) WHERE owner IS NOT NULL;

-- What has ended, for six months.
CREATE TABLE delivery_done (
    message_id  uuid NOT NULL,
    no          smallint NOT NULL,
    route       text NOT NULL,
    party       text,
    priority    smallint NOT NULL,
    state       smallint NOT NULL,         -- 3 confirmed, 4 dropped
    attempts    integer NOT NULL,
    created_at  timestamptz NOT NULL,
    done_at     timestamptz NOT NULL,
    code        text,
    status      integer,
    receipt     bytea,
    PRIMARY KEY (message_id, no)
) PARTITION BY RANGE (message_id);
CREATE TABLE delivery_done_default PARTITION OF delivery_done DEFAULT;

-- One row per (sender, reference): what was answered. Outlives the payload; holds no content.
CREATE TABLE dedup (
    key        bytea PRIMARY KEY,
    content    bytea NOT NULL,
    message_id uuid NOT NULL,
    at         timestamptz NOT NULL
);

-- The audit trail (queue/audit.h). One chain per node and one for operators.
CREATE TABLE audit_chain (
    chain integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name  text NOT NULL UNIQUE
);
CREATE TABLE audit_head (
    chain integer PRIMARY KEY REFERENCES audit_chain,
    seq   bigint NOT NULL,
    hash  bytea NOT NULL
) WITH (fillfactor = 10);
CREATE TABLE audit (
    chain      integer NOT NULL,
    seq        bigint NOT NULL,
    at         timestamptz NOT NULL,
    event      text NOT NULL,
    message_id uuid,
    delivery   smallint NOT NULL DEFAULT 0,
    party      text,
    actor      text NOT NULL,
    code       text,
    detail     text,
    salt       bytea NOT NULL,
    hash       bytea NOT NULL,
    PRIMARY KEY (chain, seq, at)
) PARTITION BY RANGE (at);
CREATE TABLE audit_default PARTITION OF audit DEFAULT;
CREATE INDEX audit_message ON audit (message_id) WHERE message_id IS NOT NULL;

-- Partitions for the time from `since` until `until`: made ahead, so that the default ones stay
-- empty. A default partition is only the net under the rope.
CREATE FUNCTION id_at(t timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM t) * 1000)::bigint), 12, '0')
            || '00000000000000000000')::uuid
$$;
CREATE FUNCTION ensure_partitions(since timestamptz, until timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = corv AS $$
DECLARE
    made integer := 0;
    d timestamptz;
    part text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('corv.ensure_partitions'));
    d := date_trunc('day', since AT TIME ZONE 'UTC') AT TIME ZONE 'UTC';
    WHILE d < until LOOP
        part := 'payload_' || to_char(d AT TIME ZONE 'UTC', 'YYYYMMDD');
        IF to_regclass('corv.' || part) IS NULL THEN
            EXECUTE format('CREATE TABLE %I PARTITION OF payload FOR VALUES FROM (%L) TO (%L)',
                part, id_at(d), id_at(d + interval '1 day'));
            EXECUTE format('ALTER TABLE %I ALTER COLUMN sealed SET STORAGE EXTERNAL', part);
            EXECUTE format('ALTER TABLE %I SET (toast_tuple_target = 8160)', part);
            made := made + 1;
        END IF;
        d := d + interval '1 day';
    END LOOP;
    d := date_trunc('month', since AT TIME ZONE 'UTC') AT TIME ZONE 'UTC';
    WHILE d < until LOOP
        part := 'message_' || to_char(d AT TIME ZONE 'UTC', 'YYYYMM');
        IF to_regclass('corv.' || part) IS NULL THEN
            EXECUTE format('CREATE TABLE %I PARTITION OF message FOR VALUES FROM (%L) TO (%L)',
                part, id_at(d), id_at((d AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC'));
            EXECUTE format('CREATE TABLE %I PARTITION OF delivery_done FOR VALUES FROM (%L) TO (%L)',
                'delivery_done_' || to_char(d AT TIME ZONE 'UTC', 'YYYYMM'),
                id_at(d), id_at((d AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC'));
            EXECUTE format('CREATE TABLE %I PARTITION OF audit FOR VALUES FROM (%L) TO (%L)',
                'audit_' || to_char(d AT TIME ZONE 'UTC', 'YYYYMM'),
                d, (d AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC');
            made := made + 1;
        END IF;
        d := (d AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC';
    END LOOP;
    RETURN made;
END $$;
SELECT ensure_partitions(now() - interval '1 day', now() + interval '8 days');

-- Least privilege: the daemon's role cannot change or delete an audit line.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'corv_app') THEN
        CREATE ROLE corv_app NOLOGIN;
    END IF;
    EXECUTE format('GRANT corv_app TO %I', current_user);
EXCEPTION WHEN insufficient_privilege OR duplicate_object THEN
    RAISE NOTICE 'role corv_app must be made by the database administrator';
END $$;
REVOKE ALL ON SCHEMA corv FROM PUBLIC;
REVOKE ALL ON FUNCTION ensure_partitions FROM PUBLIC;
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'corv_app') THEN
        GRANT USAGE ON SCHEMA corv TO corv_app;
        GRANT EXECUTE ON FUNCTION ensure_partitions TO corv_app;
        GRANT EXECUTE ON FUNCTION id_at TO corv_app;
        GRANT SELECT, INSERT ON message, audit, audit_chain, dedup TO corv_app;
        GRANT SELECT, INSERT, DELETE ON payload, delivery_done TO corv_app;
        GRANT SELECT, INSERT, UPDATE, DELETE ON delivery TO corv_app;
        GRANT SELECT, INSERT, UPDATE ON audit_head TO corv_app;
    END IF;
END $$;
