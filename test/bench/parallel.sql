-- Slow tools of one question in parallel workers, as a ratio to the same in the backend, on data of its own; and what a trace costs.
\set QUIET on
SET client_min_messages = warning;
CREATE SCHEMA slow;
CREATE TABLE slow.naps AS SELECT n, n % 1000 AS herd, (n::bigint * 7919) % 100003 AS value FROM generate_series(1, 300000) n;
VACUUM ANALYZE slow.naps;
DO $$
BEGIN
	FOR i IN 1 .. 4 LOOP
		EXECUTE format('CREATE FUNCTION slow.get_zebra_naps_%1$s() RETURNS TABLE (herd int, naps bigint, middle float8) LANGUAGE sql STABLE PARALLEL SAFE BEGIN ATOMIC
			SELECT r.herd, count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY r.value) FROM slow.naps r GROUP BY r.herd ORDER BY 3 DESC, 1 LIMIT %1$s; END', i);
		EXECUTE format('COMMENT ON FUNCTION slow.get_zebra_naps_%1$s() IS ''How many naps did the zebras take, herd %1$s?''', i);
	END LOOP;
	PERFORM dbinsight.register_agent('zebra', 'zebras and their naps', '', ARRAY['How many naps did the zebras take?']);
	FOR i IN 1 .. 4 LOOP
		PERFORM dbinsight.register_tool(format('slow.get_zebra_naps_%s()', i)::regprocedure, 'zebra', ARRAY[format('How many naps did the zebras of herd %s take?', i)]);
		INSERT INTO dbinsight.tool_companions SELECT 'get_zebra_naps_1', 'why', format('get_zebra_naps_%s', i), i WHERE i > 1;
	END LOOP;
END $$;
CREATE TEMP TABLE asked (workers int, calls int, ms numeric, content text);
SET max_parallel_workers_per_gather = 0;
-- In turn, so that whatever else the machine does is in both.
DO $$
DECLARE
	began timestamptz;
	c record;
BEGIN
	FOR i IN 1 .. 6 LOOP
		FOR workers IN 0 .. 4 BY 2 LOOP
			PERFORM set_config('dbinsight.parallel_tools', workers::text, false);
			began := clock_timestamp();
			SELECT * INTO c FROM dbinsight.chat('Why did the zebras take so many naps?', NULL, 'zebra');
			IF i > 1 THEN
				INSERT INTO asked VALUES (workers, jsonb_array_length(c.tool_calls), 1000 * extract(epoch FROM clock_timestamp() - began), c.content);
			END IF;
		END LOOP;
	END LOOP;
END $$;
SELECT format('%s slow tools, %s = %s ms', max(calls), CASE workers WHEN 0 THEN 'in the backend' ELSE format('in %s workers', workers) END, round(percentile_cont(0.5) WITHIN GROUP (ORDER BY ms)::numeric, 1))
FROM asked GROUP BY workers ORDER BY workers;
SELECT format('gain of %s workers = %s times', a.workers, round((percentile_cont(0.5) WITHIN GROUP (ORDER BY b.ms) / percentile_cont(0.5) WITHIN GROUP (ORDER BY a.ms))::numeric, 2))
FROM asked a, asked b WHERE a.workers > 0 AND b.workers = 0 GROUP BY a.workers ORDER BY a.workers;
SELECT 'answers of it = ' || count(DISTINCT content) FROM asked;

-- The same question with and without a trace, in turn; the quickest of each, because a trace costs less than the machine wavers.
CREATE TEMP TABLE traced (trace text, ms numeric);
DO $$
DECLARE
	began timestamptz;
BEGIN
	PERFORM set_config('dbinsight.parallel_tools', '0', false);
	FOR i IN 1 .. 100 LOOP
		PERFORM set_config('dbinsight.trace', CASE i % 2 WHEN 0 THEN 'on' ELSE 'off' END, false);
		began := clock_timestamp();
		PERFORM dbinsight.ask('Why are costs high and jobs failing?');
		IF i > 10 THEN
			INSERT INTO traced VALUES (current_setting('dbinsight.trace'), 1000 * extract(epoch FROM clock_timestamp() - began));
		END IF;
	END LOOP;
END $$;
SELECT format('a trace costs = %s ms of %s ms', round(min(ms) FILTER (WHERE trace = 'on') - min(ms) FILTER (WHERE trace = 'off'), 2),
	round(min(ms), 1)) FROM traced;
DELETE FROM dbinsight.agents WHERE name = 'zebra';
DELETE FROM dbinsight.tool_companions WHERE tool = 'get_zebra_naps_1';
DROP SCHEMA slow CASCADE;
