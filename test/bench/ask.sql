-- ask() against the tools it called: the sum of their times is in the answer's tool calls.
\set QUIET on
SET client_min_messages = warning;
CREATE TEMP TABLE asked (question text, total_ms numeric, tools_ms numeric);
DO $$
DECLARE
	q text;
	began timestamptz;
	answer record;
BEGIN
	FOR q IN SELECT unnest(ARRAY['What caused the cost spike yesterday?', 'Show me the 30-day cost forecast', 'Were there any failed auth attempts overnight?',
		'Why did nightly_etl fail?', 'Which jobs are at risk of failure?', 'Which tables are stale?', 'How is the job_failure_predictor performing?',
		'Who has access to sensitive tables?', 'Which external IPs connected this week?', 'Why are costs high and jobs failing?'])
	LOOP
		FOR i IN 1 .. 6 LOOP
			began := clock_timestamp();
			SELECT * INTO answer FROM dbinsight.chat(q);
			IF i > 1 THEN -- the first one warms the caches
				INSERT INTO asked VALUES (q, 1000 * extract(epoch FROM clock_timestamp() - began),
					(SELECT sum((c ->> 'elapsed_ms')::numeric) FROM jsonb_array_elements(answer.tool_calls) c));
			END IF;
		END LOOP;
	END LOOP;
END $$;
SELECT format('%s = %s ms, of which tools %s ms', question, round(percentile_cont(0.5) WITHIN GROUP (ORDER BY total_ms)::numeric, 1),
	round(percentile_cont(0.5) WITHIN GROUP (ORDER BY tools_ms)::numeric, 1))
FROM asked GROUP BY question ORDER BY question COLLATE "C";
SELECT format('over its tools, all questions = median %s ms, largest %s ms', round(percentile_cont(0.5) WITHIN GROUP (ORDER BY total_ms - tools_ms)::numeric, 1), round(max(total_ms - tools_ms), 1)) FROM asked;
