-- SPDX-License-Identifier: EUPL-1.2
-- expand-only
-- How a straight batch (queue/writer_straight.c) says that something in it was there before: with
-- words of ours in PostgreSQL's log, and a code that nothing else has. It is no fault: the same
-- messages go again, step by step.
SET LOCAL search_path = corv;

CREATE FUNCTION second_look() RETURNS integer LANGUAGE plpgsql SET search_path = corv, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'corvd: something in this batch was there before; it goes again, step by step'
        USING ERRCODE = 'CV001', HINT = 'A repeat, or a delivery that ended elsewhere. Nothing is wrong.';
END $$;
REVOKE ALL ON FUNCTION second_look FROM PUBLIC;
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'corv_app') THEN
        GRANT EXECUTE ON FUNCTION second_look TO corv_app;
    END IF;
END $$;
