-- How tools are called: several slow ones at the same time, in parallel workers, with the same answer as in the backend
-- alone; deadlines of tools that ask themselves.
\set ON_ERROR_ROLLBACK on
\set SHOW_CONTEXT never
BEGIN;
SET LOCAL dbinsight.now = '2025-03-10 12:00:00+00';
SET LOCAL client_min_messages = warning;
CREATE SCHEMA zoo;
CREATE TABLE zoo.meals (animal text, keeper text, kg numeric, tags text[], at timestamptz, share_pct float8);
INSERT INTO zoo.meals VALUES ('gina', 'ann', 12.50, '{leaf,"ha,y"}', '2025-03-09 10:00+00', 33.3), ('gus', 'bob', NULL, '{}', '2025-03-10 08:30+00', 'NaN'), ('géza', 'ann', 0.1, NULL, NULL, 1e300);
ALTER TABLE zoo.meals ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON zoo.meals USING (keeper = current_user);
CREATE TABLE zoo.how (naps text);
INSERT INTO zoo.how VALUES ('');
CREATE FUNCTION zoo.get_zebra_naps(days int DEFAULT 7, since timestamptz DEFAULT dbinsight.now()) RETURNS TABLE (zebra text, naps int, zone text, clock timestamptz)
	LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
	how text := h.naps FROM zoo.how h;
BEGIN
	IF how = 'fail' THEN RAISE EXCEPTION 'the zebras are awake' USING ERRCODE = '22012', HINT = 'Wait.'; END IF;
	IF how = 'write' THEN INSERT INTO zoo.how VALUES ('x'); END IF;
	IF how = 'temp' THEN RETURN QUERY EXECUTE 'SELECT t.zebra, 1, NULL::text, NULL::timestamptz FROM pg_temp.zebras t'; RETURN; END IF;
	IF how = 'nested' THEN BEGIN RAISE EXCEPTION 'caught'; EXCEPTION WHEN OTHERS THEN NULL; END; END IF;
	IF how = 'slow' THEN PERFORM pg_sleep(60); END IF;
	RETURN QUERY VALUES ('zoe', days, current_setting('TimeZone'), dbinsight.now());
END $$;
COMMENT ON FUNCTION zoo.get_zebra_naps(int, timestamptz) IS 'How many naps did the zebras take?';
CREATE FUNCTION zoo.get_giraffe_meals() RETURNS SETOF zoo.meals LANGUAGE sql STABLE PARALLEL SAFE AS 'SELECT * FROM zoo.meals ORDER BY animal COLLATE "C"';
COMMENT ON FUNCTION zoo.get_giraffe_meals() IS 'Which meals did the giraffes eat?';
CREATE FUNCTION zoo.get_penguin_dives() RETURNS TABLE (penguin text, deep_seconds float8, login text, role text) LANGUAGE sql STABLE PARALLEL SAFE AS
	$$ SELECT 'pia' || n, n / 3.0::float8, session_user::text, current_user::text FROM generate_series(1, 300) n $$;
COMMENT ON FUNCTION zoo.get_penguin_dives() IS 'How deep did the penguins dive?';
SELECT dbinsight.register_agent('zoo', 'zebras, giraffes and penguins', '', ARRAY['How many naps did the zebras take?']);
SELECT dbinsight.register_tool('zoo.get_zebra_naps(int, timestamptz)', 'zoo', ARRAY['How many naps did the zebras take?']);
SELECT dbinsight.register_tool('zoo.get_giraffe_meals()', 'zoo', ARRAY['Which meals did the giraffes eat?']);
SELECT dbinsight.register_tool('zoo.get_penguin_dives()', 'zoo', ARRAY['How deep did the penguins dive?']);
INSERT INTO dbinsight.tool_companions VALUES ('get_zebra_naps', 'why', 'get_giraffe_meals', 1), ('get_zebra_naps', 'why', 'get_penguin_dives', 2);

-- asked(): content and calls as they are in the backend, and what is different in 2 and 4 workers: nothing.
SET LOCAL dbinsight.parallel_tool_time = 0;
CREATE TEMP TABLE got (workers int, message uuid, content text, calls jsonb, results jsonb);
GRANT ALL ON got TO PUBLIC;
CREATE FUNCTION pg_temp.without_times(calls jsonb) RETURNS jsonb LANGUAGE sql AS $$ SELECT jsonb_agg(c - 'elapsed_ms' ORDER BY n) FROM jsonb_array_elements(calls) WITH ORDINALITY x(c, n) $$;
CREATE FUNCTION pg_temp.asked(OUT rows text, OUT in_workers text, OUT same boolean, OUT error text) LANGUAGE plpgsql AS $$
BEGIN
	TRUNCATE got;
	FOR workers IN 0 .. 4 BY 2 LOOP
		PERFORM set_config('dbinsight.parallel_tools', workers::text, true);
		INSERT INTO got SELECT workers, c.message_id, c.content, pg_temp.without_times(c.tool_calls) FROM dbinsight.chat('Why did the zebras take so many naps?', NULL, 'zoo') c;
	END LOOP;
	UPDATE got SET results = (SELECT jsonb_agg(to_jsonb(r) - 'message_id' ORDER BY r.call) FROM dbinsight.chat_results r WHERE r.message_id = message);
	SELECT string_agg(coalesce(c ->> 'rows', c ->> 'sqlstate'), ' ' ORDER BY n), string_agg(c ->> 'error', ' ') INTO rows, error
	FROM got g, jsonb_array_elements(g.calls) WITH ORDINALITY x(c, n) WHERE g.workers = 0;
	SELECT count(DISTINCT g.content) + count(DISTINCT g.calls) + count(DISTINCT g.results) = 3 INTO same FROM got g;
	SELECT string_agg(n::text, ' ' ORDER BY w) INTO in_workers FROM (
		SELECT g.workers AS w, count(*) FILTER (WHERE (s.attributes ->> 'dbinsight.call.in_worker')::boolean) AS n
		FROM got g JOIN dbinsight.spans s ON s.message_id = g.message GROUP BY g.workers) x;
END $$;
-- The tables were made in this transaction and are not committed; the owner sees all rows.
SELECT * FROM pg_temp.asked();
-- Row-level security and role; a time zone.
CREATE ROLE regress_ann IN ROLE dbinsight_reader;
GRANT USAGE ON SCHEMA zoo TO regress_ann;
GRANT SELECT ON ALL TABLES IN SCHEMA zoo TO regress_ann;
SET LOCAL ROLE regress_ann;
SET LOCAL TimeZone = 'Asia/Tokyo';
SELECT * FROM pg_temp.asked();
SELECT content LIKE '%Asia/Tokyo%' AS zone, content LIKE '%gus%' AS others FROM got WHERE workers = 2;
RESET TimeZone;
RESET ROLE;
-- A failing tool is named and costs nothing else, whether it fails here or there.
UPDATE zoo.how SET naps = 'fail';
SELECT * FROM pg_temp.asked();
SELECT content LIKE '%the zebras are awake%' AND content LIKE '%pia1%' AS told FROM got WHERE workers = 4;
-- One that takes too long.
UPDATE zoo.how SET naps = 'slow';
SET LOCAL dbinsight.tool_timeout = '500ms';
SELECT * FROM pg_temp.asked();
RESET dbinsight.tool_timeout;
-- What fails only because it runs in a worker is called again in the backend: a temporary table, a subtransaction before 17.
CREATE TEMP TABLE zebras AS SELECT 'zed' AS zebra;
UPDATE zoo.how SET naps = 'temp';
SELECT * FROM pg_temp.asked();
UPDATE zoo.how SET naps = 'nested';
SELECT rows, same, error FROM pg_temp.asked();
-- One that tries to write.
UPDATE zoo.how SET naps = 'write';
SELECT rows, same, error FROM pg_temp.asked();
UPDATE zoo.how SET naps = '';
-- Functions that do not say they are parallel safe stay in the backend; one slow call alone does, too.
ALTER FUNCTION zoo.get_penguin_dives() PARALLEL RESTRICTED;
ALTER FUNCTION zoo.get_zebra_naps(int, timestamptz) PARALLEL UNSAFE;
SELECT * FROM pg_temp.asked();
-- Nor does anything run in workers that is expected to be quick.
ALTER FUNCTION zoo.get_penguin_dives() PARALLEL SAFE;
SET LOCAL dbinsight.parallel_tool_time = '1h';
SELECT * FROM pg_temp.asked();
ROLLBACK;

-- A tool that asks has a deadline of its own, which its inner calls neither end nor outlast.
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE SCHEMA zoo;
CREATE FUNCTION zoo.get_zebra_naps() RETURNS TABLE (zebra text, naps int) LANGUAGE plpgsql STABLE AS $$
BEGIN
	IF current_setting('zoo.inner') <> 'quick' THEN PERFORM pg_sleep(30); END IF;
	RETURN QUERY VALUES ('zoe', 3);
END $$;
COMMENT ON FUNCTION zoo.get_zebra_naps() IS 'How many naps did the zebras take?';
CREATE FUNCTION zoo.get_penguin_gossip() RETURNS TABLE (said text) LANGUAGE plpgsql STABLE AS $$
BEGIN
	said := dbinsight.ask('How many naps did the zebras take?', NULL, 'zoo');
	IF current_setting('zoo.outer') <> 'quick' THEN PERFORM pg_sleep(30); END IF;
	said := substring(said from 'zoe \(naps 3\)|.*longer than[^)]*\)');
	RETURN NEXT;
END $$;
COMMENT ON FUNCTION zoo.get_penguin_gossip() IS 'What do the penguins gossip?';
SELECT dbinsight.register_agent('zoo', 'zebras and penguins', '', ARRAY['How many naps did the zebras take?']);
SELECT dbinsight.register_tool('zoo.get_zebra_naps()', 'zoo', ARRAY['How many naps did the zebras take?']);
SELECT dbinsight.register_tool('zoo.get_penguin_gossip()', 'zoo', ARRAY['What do the penguins gossip?']);
CREATE FUNCTION pg_temp.gossip(inner_one text, outer_one text) RETURNS TABLE (tool text, ok boolean, error text, in_time boolean) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('zoo.inner', inner_one, true), set_config('zoo.outer', outer_one, true);
	RETURN QUERY SELECT c ->> 'tool', (c ->> 'ok')::boolean, c ->> 'error', (c ->> 'elapsed_ms')::numeric < 15000
	FROM dbinsight.chat('What do the penguins gossip?', NULL, 'zoo') m, jsonb_array_elements(m.tool_calls) c;
END $$;
SET LOCAL dbinsight.tool_timeout = '20s';
SELECT * FROM pg_temp.gossip('quick', 'quick');
SET LOCAL dbinsight.tool_timeout = '200ms';
SELECT * FROM pg_temp.gossip('quick', 'slow');
SELECT * FROM pg_temp.gossip('slow', 'quick');
-- And the next call is not hit by what is left of it.
SET LOCAL dbinsight.tool_timeout = '20s';
SELECT * FROM pg_temp.gossip('quick', 'quick');
ROLLBACK;
