-- Every tool's first example question of the sample account: the same answer from parallel workers, and again by replay();
-- then data changes, and replay() says how.
\set ON_ERROR_ROLLBACK on
\set SHOW_CONTEXT never
BEGIN;
SET LOCAL dbinsight.now = '2026-06-15 12:00:00+00';
CREATE TEMP TABLE asked (n int GENERATED ALWAYS AS IDENTITY, question text, message uuid, content text, calls int);
INSERT INTO asked (question)
SELECT DISTINCT ON (t.tool COLLATE "C") t.examples[1] FROM dbinsight.agent_tools t WHERE t.builtin AND t.examples <> '{}' ORDER BY t.tool COLLATE "C", t.position;
INSERT INTO asked (question) VALUES ('Why are costs high and jobs failing?'), ('How healthy is the platform overall?'), ('Compare this month''s costs to last month'), ('hello'),
	('Why did nightly_etl fail last week?'), ('Show me the top cost drivers and any security issues from yesterday');
SET LOCAL dbinsight.parallel_tools = 0;
DO $$
DECLARE
	q record;
	c record;
BEGIN
	FOR q IN SELECT a.n, a.question FROM asked a ORDER BY a.n LOOP
		SELECT * INTO c FROM dbinsight.chat(q.question);
		UPDATE asked SET message = c.message_id, content = c.content, calls = jsonb_array_length(c.tool_calls) WHERE n = q.n;
	END LOOP;
END $$;
SELECT count(*) > 50 AS questions, sum(calls) > 60 AS calls FROM asked;
-- In workers: nothing is told differently.
SET LOCAL dbinsight.parallel_tools = 2;
SET LOCAL dbinsight.parallel_tool_time = 0;
CREATE TEMP TABLE in_workers AS SELECT a.n, c.message_id, c.content FROM asked a, LATERAL dbinsight.chat(a.question) c WHERE a.calls > 2;
SELECT a.question FROM in_workers w JOIN asked a USING (n) WHERE w.content <> a.content;
SELECT count(*) > 0 AS some_were FROM in_workers w JOIN dbinsight.spans s ON s.message_id = w.message_id WHERE (s.attributes ->> 'dbinsight.call.in_worker')::boolean;
-- Again: nothing has changed.
CREATE TEMP TABLE again AS SELECT a.n, a.question, a.calls, dbinsight.replay(a.message) AS r FROM asked a;
SELECT question, jsonb_pretty(r) FROM again WHERE r ->> 'answer' <> 'same' OR EXISTS (SELECT FROM jsonb_array_elements(r -> 'calls') c WHERE c ->> 'status' <> 'same');
SELECT sum(calls) = sum(jsonb_array_length(r -> 'calls')) AS all_calls FROM again;
-- Spans: a tree of one root, each inside its parent; one for each call, but for a call that two sides of a comparison share.
SELECT count(*) FILTER (WHERE roots <> 1) AS not_one_root, count(*) FILTER (WHERE tools > a.calls OR tools < a.calls - 1) AS calls_without_span
FROM asked a, LATERAL (SELECT count(*) FILTER (WHERE s.parent_span_id IS NULL) AS roots, count(*) FILTER (WHERE s.name LIKE 'execute_tool %') AS tools FROM dbinsight.spans s WHERE s.message_id = a.message) x;
SELECT count(*) AS outside_their_parent FROM dbinsight.spans s LEFT JOIN dbinsight.spans p ON p.trace_id = s.trace_id AND p.span_id = s.parent_span_id
WHERE s.parent_span_id IS NOT NULL AND (p.span_id IS NULL OR s.start_time < p.start_time OR s.end_time > p.end_time OR s.end_time < s.start_time);

-- The job of the planted spike costs 1000 USD more, by one more record of usage: replay() says so, of that job and of the total, and nothing of other tools.
SELECT message AS m FROM asked WHERE question = 'Show me the top cost drivers and any security issues from yesterday' \gset
DO $$
DECLARE
	names text := string_agg(quote_ident(a.attname), ', ') FROM pg_attribute a
		WHERE a.attrelid = 'dbinsight.fact_usage'::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND a.attname NOT IN ('record_id', 'list_cost');
BEGIN
	EXECUTE format('INSERT INTO dbinsight.fact_usage (record_id, list_cost, %1$s) SELECT ''one more'', 1000, %1$s FROM dbinsight.fact_usage
		WHERE usage_date = ''2026-06-14'' AND job_id = (SELECT j.job_id FROM dbinsight.current_job j, dbinsight.sample_truth t WHERE t.kind = ''cost_spike'' AND j.job_name = t.figures ->> ''job_name'' LIMIT 1)
		ORDER BY record_id COLLATE "C" LIMIT 1', names);
	PERFORM dbinsight._refresh_derived('fact_usage', '2026-06-14', '2026-06-15');
END $$;
CREATE TEMP TABLE changed AS SELECT r, c FROM dbinsight.replay(:'m') r, jsonb_array_elements(r -> 'calls') c;
SELECT r ->> 'answer' AS answer, r ->> 'clock' AS clock, c ->> 'tool' AS tool, c ->> 'status' AS status FROM changed WHERE c ->> 'status' <> 'same' ORDER BY 3;
SELECT (t ->> 'after')::numeric - (t ->> 'before')::numeric = 1000 AS more FROM changed, jsonb_array_elements(c -> 'totals') t WHERE c ->> 'tool' = 'get_top_cost_drivers' AND t ->> 'column' = 'cost';
SELECT (x -> 'cost' ->> 'after')::numeric - (x -> 'cost' ->> 'before')::numeric = 1000 AS more, r -> 'headline' IS NOT NULL AS headline
FROM changed, jsonb_array_elements(c -> 'rows' -> 'changed') x, dbinsight.sample_truth t WHERE t.kind = 'cost_spike' AND x ->> 'resource_name' = t.figures ->> 'job_name';
-- From what was recorded the text is made again to the byte, whatever has become of the data.
SELECT r ->> 'answer' AS answer, r ->> 'clock' AS clock, r ? 'cut' AS cut, jsonb_path_query_array(r, '$.calls[*].status') AS calls FROM dbinsight.replay(:'m', 'recorded') r;
SELECT a.question FROM asked a, LATERAL dbinsight.replay(a.message, 'recorded') r WHERE r ->> 'answer' <> 'same' AND NOT r ? 'cut';
-- With the clock of today, two days on, yesterday is still the day that the plan names; what counts back from now moves.
SET LOCAL dbinsight.now = '2026-06-17 12:00:00+00';
SELECT dbinsight.replay(:'m') = (SELECT r FROM changed LIMIT 1) AS same_as_before, dbinsight.replay(:'m', 'now') ->> 'clock' AS clock;
ROLLBACK;
