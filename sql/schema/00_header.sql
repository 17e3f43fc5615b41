\echo Use "CREATE EXTENSION dbinsight" to load this file. \quit

-- The schema is made here, not by the control file: one prepared by somebody
-- else makes the installation fail instead of being used.
CREATE SCHEMA dbinsight;
COMMENT ON SCHEMA dbinsight IS 'dbinsight: agents that watch a Databricks account from inside Postgres';

-- Names below are bound at creation (BEGIN ATOMIC) or qualified; nothing in
-- this script depends on the caller's path.
SET LOCAL search_path = pg_catalog, pg_temp;
SET LOCAL check_function_bodies = on;
