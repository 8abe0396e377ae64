-- SPDX-License-Identifier: EUPL-1.2
-- expand-only
-- Several nodes on one database, and a database that may move to another server: who works here,
-- with which keys, and on which timeline.
SET LOCAL search_path = corv;

-- One row per daemon. keys: the identity of its folder with hour keys (queue/vault_keys.h), which
-- has to be the same for all, since what one takes in another delivers.
CREATE TABLE node (
    name       text PRIMARY KEY,
    keys       text NOT NULL,
    version    text NOT NULL,
    started_at timestamptz NOT NULL,
    seen_at    timestamptz NOT NULL,       -- about every 10 seconds
    stopped_at timestamptz                 -- it stopped in good order
);

-- Where this database was when somebody last looked. A promoted standby is on a higher timeline
-- than the primary it followed.
CREATE TABLE house (
    one      boolean PRIMARY KEY DEFAULT true CHECK (one),
    system   bigint,                       -- of pg_control_system(); NULL: not looked yet
    timeline bigint,
    moved_at timestamptz                   -- when it was first met elsewhere
);
INSERT INTO house DEFAULT VALUES;

-- Zeros where the server does not tell (a managed one may not): then nothing can be concluded.
CREATE FUNCTION place(OUT system bigint, OUT timeline bigint)
LANGUAGE plpgsql SET search_path = corv, pg_temp AS $$
BEGIN
    SELECT system_identifier INTO system FROM pg_control_system();
    timeline := ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::bigint;
EXCEPTION WHEN OTHERS THEN
    system := 0;
    timeline := 0;
END $$;

-- Whoever comes in says where we are. After a move, what was written last on the former primary may
-- be missing: of a delivery that looks untouched the first attempt may have been made already.
-- queue/lease.c marks it as a possible repeat.
CREATE FUNCTION enter_house(OUT system bigint, OUT timeline bigint, OUT moved boolean)
LANGUAGE plpgsql SET search_path = corv, pg_temp AS $$
DECLARE
    here record;
    known house;
BEGIN
    SELECT * INTO here FROM place();
    SELECT * INTO known FROM house;
    system := here.system;
    timeline := here.timeline;
    moved := false;
    IF here.timeline = 0 OR (known.system = here.system AND known.timeline = here.timeline) THEN
        RETURN;
    END IF;
    UPDATE house h SET system = here.system, timeline = here.timeline,
        moved_at = CASE WHEN h.timeline IS NULL THEN NULL ELSE clock_timestamp() END
        WHERE h.timeline IS DISTINCT FROM here.timeline OR h.system IS DISTINCT FROM here.system;
    moved := FOUND AND known.timeline IS NOT NULL;
END $$;

REVOKE ALL ON FUNCTION place, enter_house FROM PUBLIC;
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'corv_app') THEN
        GRANT EXECUTE ON FUNCTION place, enter_house TO corv_app;
        GRANT SELECT, INSERT, UPDATE, DELETE ON node TO corv_app;
        GRANT SELECT, UPDATE ON house TO corv_app;
    END IF;
END $$;
