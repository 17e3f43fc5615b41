-- A period that is over is looked at as of its end: the sums of an answer are of
-- that period, not of the days since its start.
SET dbinsight.now = '2026-06-15 12:00:00+00';
SET TimeZone = 'UTC';
BEGIN;

CREATE FUNCTION pg_temp.told(question text) RETURNS text LANGUAGE sql AS
$$ SELECT split_part(dbinsight.ask(question), E'\n', 1) $$;

-- counted in the facts, by hand
SELECT pg_temp.told('denied egress last week') LIKE
	(SELECT '**' || count(*) || ' outbound connections were denied** last week (2026-06-08 to 2026-06-14)%'
	FROM dbinsight.fact_outbound_network
	WHERE access_type LIKE '%DROP%' AND event_time >= '2026-06-08' AND event_time < '2026-06-15') AS denied_last_week;
SELECT pg_temp.told('denied egress on June 10') LIKE
	(SELECT '**' || count(*) || ' outbound connections were denied** on 2026-06-10%'
	FROM dbinsight.fact_outbound_network
	WHERE access_type LIKE '%DROP%' AND event_time >= '2026-06-10' AND event_time < '2026-06-11') AS denied_that_day;
SELECT pg_temp.told('denied egress last week vs the week before') LIKE
	(SELECT format('%%: **%s**, against %s %%', count(*) FILTER (WHERE event_time >= '2026-06-08'),
			count(*) FILTER (WHERE event_time < '2026-06-08'))
	FROM dbinsight.fact_outbound_network
	WHERE access_type LIKE '%DROP%' AND event_time >= '2026-06-01' AND event_time < '2026-06-15') AS denied_compared;

-- in workers too
SET LOCAL dbinsight.parallel_tool_time = 0;
SET LOCAL dbinsight.parallel_tools = 2;
SELECT pg_temp.told('denied egress last week vs the week before') LIKE
	(SELECT format('%%: **%s**, against %s %%', count(*) FILTER (WHERE event_time >= '2026-06-08'),
			count(*) FILTER (WHERE event_time < '2026-06-08'))
	FROM dbinsight.fact_outbound_network
	WHERE access_type LIKE '%DROP%' AND event_time >= '2026-06-01' AND event_time < '2026-06-15') AS compared_in_workers;
RESET dbinsight.parallel_tool_time;
RESET dbinsight.parallel_tools;

-- the plan reaches back from now, and says from where it is counted
SELECT arguments FROM dbinsight.plan('denied egress last week');
SELECT line FROM regexp_split_to_table(dbinsight.explain_ask('denied egress last week'), '\n') line WHERE line ~ 'as of';
SELECT tool_calls -> 0 ->> 'as_of' AS as_of FROM dbinsight.chat('denied egress last week');
-- a period that still runs is not over
SELECT count(*) FROM regexp_split_to_table(dbinsight.explain_ask('denied egress this month'), '\n') line WHERE line ~ 'as of';
-- sums of a window that reaches back further than the running period are not told as the period's
SELECT pg_temp.told('failed logins today') LIKE '%failed sign-ins** today (the last 24 hours)%' AS window_said;
SELECT pg_temp.told('which jobs failed today') LIKE '% failed today (2026-06-15)%' AS day_said;
-- who sets a running day against a whole one is told
SELECT pg_temp.told('compare cost of today and yesterday') LIKE '%today is not over.%' AS said_of_cost;
SELECT pg_temp.told('top cost drivers today') LIKE '% of the day so far; its average of a whole day in the week before is %' AS said_of_drivers;

-- Every built-in tool with a window sees nothing after its clock: its rows as of a
-- week ago are the same when what came since is gone. What a table holds is known
-- by its latest classification, a SKU of no cost may end earlier, and how a run
-- ended that was under way then is known now.
CREATE TEMP TABLE seen (tool text, side text, rows jsonb);
CREATE FUNCTION pg_temp.look(side text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	t record;
BEGIN
	FOR t IN
		SELECT DISTINCT at.tool, n.name
		FROM dbinsight.agent_tools at
		JOIN pg_proc p ON p.oid = at.function::regprocedure
		CROSS JOIN unnest(p.proargnames[:p.pronargs]) n(name)
		WHERE at.builtin AND n.name IN ('hours', 'days', 'lookback_days')
	LOOP
		EXECUTE format('INSERT INTO seen SELECT %L, $1, coalesce(jsonb_agg(r ORDER BY r::text COLLATE "C"), ''[]'')
			FROM (SELECT to_jsonb(x) - ''class_tags'' AS r FROM dbinsight.%I(%s %I => %s) x) s
			WHERE NOT (r ? ''cumulative_cost'' AND (r ->> ''cumulative_cost'')::numeric = 0)
				AND NOT (r ? ''run_id'' AND r ? ''end_time'' AND coalesce(r ->> ''end_time'', ''2026-06-08'') >= ''2026-06-08'')',
			t.tool, t.tool, CASE t.tool WHEN 'get_table_lineage' THEN 'table_name => ''main.gold.fact_usage'', ' END,
			t.name, CASE t.name WHEN 'hours' THEN 168 ELSE 7 END) USING side;
	END LOOP;
END $$;
SET LOCAL dbinsight.now = '2026-06-08 00:00:00+00';
SELECT pg_temp.look('whole');
DO $$
DECLARE
	s record;
BEGIN
	FOR s IN SELECT gold_table, coalesce(time_column, watermark_column) AS col FROM dbinsight.sources
		WHERE gold_table ~ '^fact_' AND coalesce(time_column, watermark_column) IS NOT NULL
	LOOP
		EXECUTE format('DELETE FROM dbinsight.%I WHERE %I >= %L', s.gold_table, s.col, dbinsight.now());
		PERFORM dbinsight._refresh_derived(s.gold_table, dbinsight.now() - interval '40 days', '2026-06-16');
	END LOOP;
END $$;
SELECT pg_temp.look('cut');
SELECT count(*) > 20 AS tools, sum(jsonb_array_length(rows)) > 100 AS rows FROM seen WHERE side = 'whole';
SELECT a.tool FROM seen a JOIN seen b USING (tool) WHERE a.side = 'whole' AND b.side = 'cut' AND a.rows <> b.rows ORDER BY 1;
ROLLBACK;
