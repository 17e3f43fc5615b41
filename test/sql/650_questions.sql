-- What a person may ask of the sample account, and what the answer must say.
-- The words looked for come from sample_truth, which knows what was planted.
\set ON_ERROR_ROLLBACK on
\set SHOW_CONTEXT never
BEGIN;
SET LOCAL dbinsight.now = '2026-06-15 12:00:00+00';
CREATE TEMP TABLE truth AS SELECT kind, tool, entity_id, figures FROM dbinsight.sample_truth;
CREATE FUNCTION pg_temp.fact(kind text, figure text, tool text DEFAULT NULL) RETURNS text LANGUAGE sql AS
	$$ SELECT CASE figure WHEN 'entity' THEN t.entity_id ELSE t.figures ->> figure END FROM truth t
	   WHERE t.kind = fact.kind AND (fact.tool IS NULL OR t.tool = fact.tool) ORDER BY t.entity_id COLLATE "C" LIMIT 1 $$;
CREATE FUNCTION pg_temp.usd(amount text) RETURNS text LANGUAGE sql AS $$ SELECT '$' || to_char(round(amount::numeric), 'FM999,999,990') $$;

CREATE TEMP TABLE question (n int GENERATED ALWAYS AS IDENTITY, question text, begins text, says text[]);
INSERT INTO question (question, begins, says) VALUES
	('What caused the cost spike yesterday?', '**' || pg_temp.fact('cost_spike', 'job_name') || '** ',
		ARRAY[pg_temp.usd(pg_temp.fact('cost_spike', 'cost_usd')), pg_temp.usd(pg_temp.fact('cost_anomaly', 'cost_usd')), 'ml-platform', '2026-06-14', '**Recommended**']),
	('Show me the 30-day cost forecast', 'Expected cost in the next 30 days', ARRAY['2026-06-15', 'Low', 'High', 'Method']),
	('Which workspaces are over budget?', '**1 budget is exceeded**: **ml-platform**', ARRAY[pg_temp.usd(pg_temp.fact('budget_exceeded', 'budget_usd')),
		pg_temp.usd(pg_temp.fact('budget_exceeded', 'spend_to_yesterday_usd'))]),
	('Compare this month''s costs to last month', 'This month ', ARRAY['last month (2026-05-01 to 2026-05-', 'against', '%']),
	('Compare cost of ml-platform and production last week', 'Production (2026-06-08 to 2026-06-14): **', ARRAY['% more (+$', 'The largest change is **SQL**', E'\n| JOBS | ']),
	('Show me high-severity security events from today', '', ARRAY['today (2026-06-15)']),
	('Has user@company.com accessed PII recently?', '**Yes.** **user@company.com** read sensitive data ' || pg_temp.fact('pii_reader', 'reads') || ' times',
		ARRAY[pg_temp.fact('pii_reader', 'table')]),
	('Has noone@company.com accessed PII recently?', '**No.** No reads of sensitive tables by noone@company.com', '{}'),
	('Were there any failed auth attempts overnight?', '**Yes.**', ARRAY[pg_temp.fact('password_spray', 'entity'), pg_temp.fact('password_spray', 'succeeded_user'), 'successful sign-in']),
	('What permission changes happened in the last 7 days?', '**', ARRAY[pg_temp.fact('self_grant', 'entity'), pg_temp.fact('admin_grant', 'entity'), pg_temp.fact('admin_grant', 'action_name')]),
	-- On a Monday at noon this week is twelve hours long.
	('What permission changes happened this week?', '**', ARRAY['today (2026-06-15) by', '"this week" was read as']),
	('Which external IPs connected this week?', '**', ARRAY[pg_temp.fact('password_spray', 'entity'), 'high risk', '"this week" was read as']),
	('Why did nightly_etl fail?', '**nightly_etl** failed with run execution error in task ' || pg_temp.fact('failed_job', 'failed_task'),
		ARRAY[pg_temp.fact('failed_job', 'run_id')]),
	('Which jobs are at risk of failure?', '**', ARRAY['customer_360_refresh', 'nightly_etl', 'gpu_model_training']),
	('Show me the slowest queries today', '**', ARRAY[pg_temp.fact('spilling_queries', 'executed_by'), pg_temp.fact('spilling_queries', 'max_spilled_gib') || ' GiB']),
	('What''s causing the bottleneck in production?', 'The bottleneck', ARRAY['memory']),
	('What''s our uptime for production this month?', 'Uptime of **production** this month', ARRAY['1 h 30 min down in 1 outage', 'sql']),
	('Show me SLA breaches in the past week', '**', ARRAY['revenue_daily_close', '2 h 42 min']),
	('Summarize incidents from yesterday', '**', ARRAY['gpu_model_training', 'customer_360_refresh', 'still open']),
	('Is there a pattern to our outages?', '', ARRAY['most often']),
	('What data quality issues exist?', '**', ARRAY[pg_temp.fact('stale_table', 'entity')]),
	('Which tables are stale?', '**', ARRAY['worst **' || pg_temp.fact('stale_table', 'entity') || '**', 'customer_360_refresh']),
	('Show me DLT expectation failures', '**', ARRAY[pg_temp.fact('failing_expectation', 'expectation'), pg_temp.fact('failing_expectation', 'dataset'), pg_temp.fact('failing_expectation', 'pipeline_name')]),
	('Has the data distribution changed?', '**Yes.**', ARRAY[pg_temp.fact('drift', 'table'), pg_temp.fact('drift', 'column'), pg_temp.fact('null_share', 'column')]),
	('How is the job_failure_predictor performing?', '**job_failure_predictor**', ARRAY['auc']),
	('Has the cost_anomaly_detector drifted?', '**Yes.** **cost_anomaly_detector** has drifted', ARRAY['psi']),
	('Is the fraud model still accurate?', '**No.** **ml.models.fraud_model** has degraded', ARRAY['Retrain **ml.models.fraud_model**']),
	('When was the last model retraining?', 'The last training was **', ARRAY['2026-06-14']),
	('Show me inference latency for all models', '**', ARRAY['p95', 'fraud-scoring']),
	('Show me the lineage for fact_usage', '**main.gold.fact_usage** is made from', ARRAY['main.silver.price_list', 'main.silver.usage_clean', 'main.bronze.usage_raw']),
	('Who has access to sensitive tables?', '**', ARRAY['open to everybody: ' || pg_temp.fact('broad_grant', 'entity'), pg_temp.fact('broad_grant', 'grantee')]),
	('Generate a GDPR compliance report', '**GDPR: ', ARRAY['Sensitive columns masked or filtered']),
	('Which tables are missing descriptions?', '**', ARRAY[pg_temp.fact('undocumented', 'entity'), 'no description']),
	('Which external IPs connected in the last 7 days?', '**', ARRAY[pg_temp.fact('new_address', 'entity'), pg_temp.fact('password_spray', 'entity')]),
	('Where are the network bottlenecks?', '**', ARRAY[pg_temp.fact('beacon', 'entity'), 'streaming-ingest']),
	('Why are costs high and jobs failing?', '**The same job is behind both: gpu_model_training.**',
		ARRAY[E'\n### Cost\n', E'\n### Performance\n', (SELECT figures ->> 'failures' FROM truth WHERE kind = 'failed_job' AND figures ? 'cost_usd') || ' runs failed', 'Stop **gpu_model_training** from costing while it fails']),
	('Show me the top cost drivers and any security issues from yesterday', '### Cost',
		ARRAY['**gpu_model_training**', pg_temp.usd(pg_temp.fact('cost_spike', 'cost_usd')), E'\n### Security\n', pg_temp.fact('exfiltration', 'entity'), pg_temp.fact('new_address', 'entity')]);

CREATE TEMP TABLE answer AS
SELECT q.n, q.question, q.begins, q.says, c.* FROM question q, LATERAL dbinsight.chat(q.question) c;

SELECT count(*) AS questions FROM answer;
-- These do not say what they must:
SELECT question, 'begins: ' || split_part(content, E'\n', 1) AS lacks FROM answer WHERE left(content, length(begins)) <> begins
UNION ALL
SELECT question, 'lacks: ' || coalesce(s, 'NULL') FROM answer, unnest(says) s WHERE strpos(content, s) IS DISTINCT FROM greatest(1, strpos(content, s))
ORDER BY 1, 2;
-- These hold a figure without evidence, or a tool that failed:
SELECT a.question, e.figure FROM answer a, dbinsight.evidence(a.message_id) e WHERE NOT e.grounded ORDER BY 1, 2;
SELECT a.question, t ->> 'tool' AS tool, t ->> 'error' AS error FROM answer a, jsonb_array_elements(a.tool_calls) t WHERE NOT (t ->> 'ok')::boolean ORDER BY 1, 2;
SELECT bool_and(grounded) AS grounded, bool_and(cardinality(agents) > 0) AS agents, bool_and(content ~ '\*Sources:\* `get_') AS sources,
	-- (the compliance report reads through PL/pgSQL, whose tables the catalog does not know)
	bool_and(content ~ '\n\*Data:\* ' OR question LIKE '%compliance report%') AS freshness, bool_and((scores ->> 'groundedness')::numeric = 1) AS groundedness FROM answer;
-- Figures in evidence are what the tool gives: the cell of the row that is named.
SELECT e.figure, e.value, e.row_number, d.cost
FROM answer a, dbinsight.evidence(a.message_id) e, (SELECT row_number() OVER () AS n, d.* FROM dbinsight.get_top_cost_drivers('2026-06-14') d) d
WHERE a.question LIKE 'Show me the top cost drivers%' AND e.tool = 'get_top_cost_drivers' AND e.column_name = 'cost' AND d.n = e.row_number
	AND e.value IS DISTINCT FROM d.cost;
-- A digit changed would be noticed: no figure of the text stands outside its evidence.
SELECT a.question, m[1] AS figure FROM answer a, regexp_matches(a.content, '\$[0-9,]*[0-9]', 'g') m
WHERE NOT EXISTS (SELECT FROM dbinsight.evidence(a.message_id) e WHERE strpos(e.figure, m[1]) > 0) ORDER BY 1, 2;
-- Questions it proposes can be asked: these are not understood.
SELECT DISTINCT s AS not_understood FROM answer a, unnest(a.suggestions) s WHERE NOT EXISTS (SELECT FROM dbinsight.plan(s)) ORDER BY 1;
SELECT bool_and(cardinality(suggestions) BETWEEN 1 AND 3) AS one_to_three FROM answer;
-- The same bytes again, in another conversation.
SELECT a.question FROM answer a, LATERAL dbinsight.chat(a.question) c WHERE a.n % 4 = 1 AND c.content <> a.content;
ROLLBACK;
