-- Answers to what a person may ask of the sample account, each changed in one
-- place: the referee must object. Zeros are left out of the units (0 s is 0 h),
-- digits inside names too (C16 made C17 names another thing that is there).
\set SHOW_CONTEXT never
BEGIN;
SET LOCAL dbinsight.now = '2026-06-15 12:00:00+00';
CREATE TEMP TABLE answer AS
SELECT q.n, q.question, c.message_id AS id, c.content, c.grounded
FROM unnest(ARRAY['What caused the cost spike yesterday?', 'Show me the 30-day cost forecast', 'Which workspaces are over budget?', 'Compare this month''s costs to last month',
	'Show me high-severity security events from today', 'Has user@company.com accessed PII recently?', 'Has noone@company.com accessed PII recently?',
	'Were there any failed auth attempts overnight?', 'What permission changes happened in the last 7 days?', 'Why did nightly_etl fail?', 'Which jobs are at risk of failure?',
	'Show me the slowest queries today', 'What''s causing the bottleneck in production?', 'What''s our uptime for production this month?', 'Show me SLA breaches in the past week',
	'Summarize incidents from yesterday', 'Is there a pattern to our outages?', 'What data quality issues exist?', 'Which tables are stale?', 'Show me DLT expectation failures',
	'Has the data distribution changed?', 'How is the job_failure_predictor performing?', 'Has the cost_anomaly_detector drifted?', 'When was the last model retraining?',
	'Show me inference latency for all models', 'Show me the lineage for fact_usage', 'Who has access to sensitive tables?', 'Generate a GDPR compliance report',
	'Which tables are missing descriptions?', 'Which external IPs connected in the last 7 days?', 'Where are the network bottlenecks?', 'Why are costs high and jobs failing?',
	'Show me the top cost drivers and any security issues from yesterday']) WITH ORDINALITY q(question, n), LATERAL dbinsight.chat(q.question) c;
-- What the answers claim that no row supports (nothing):
SELECT a.question, g.span, g.reason FROM answer a, dbinsight.grounding(a.id) g WHERE NOT g.supported ORDER BY a.n;
SELECT count(*) AS answers, bool_and(a.grounded) AS grounded, bool_and(dbinsight.score(a.id) = m.scores) AS same_scores,
	bool_and((dbinsight._check_text(a.id, a.content) -> 'supported') = m.grounding -> 'supported') AS same_again
FROM answer a JOIN dbinsight.chat_messages m ON m.id = a.id;

CREATE TEMP TABLE at AS
SELECT a.n, a.id, a.content, p, substr(a.content, p, 1) AS c, substr(a.content, p - 1, 1) AS before, substr(a.content, greatest(p - 20, 1), 40) AS around
FROM answer a, generate_series(1, length(a.content)) p WHERE substr(a.content, p, 1) ~ '[0-9$%+-]';
CREATE TEMP TABLE mutant AS
-- a digit: every fifteenth; a unit: every ninth
SELECT 'digit' AS kind, n, id, p, around, overlay(content PLACING ((c::int + 1) % 10)::text FROM p FOR 1) AS text FROM at
WHERE c ~ '[0-9]' AND p % 15 = 0 AND substr(content, greatest(p - 12, 1), least(p, 13)) !~ '[A-Za-z_][A-Za-z0-9_.]*$' AND substr(content, p, 12) !~ '^[0-9]*[A-Za-z_]'
UNION ALL
SELECT 'sign', n, id, p, around, overlay(content PLACING translate(c, '+-', '-+') FROM p FOR 1) FROM at WHERE c IN ('+', '-') AND substr(content, p, 2) ~ '[+-][0-9$]' AND before !~ '[A-Za-z0-9_]'
UNION ALL
SELECT 'sign', a.n, a.id, w.p, substr(content, w.p, 20), left(content, w.p - 1) || CASE WHEN substr(content, w.p, 3) = 'up ' THEN 'down' ELSE 'up' END || substr(content, w.p + CASE WHEN substr(content, w.p, 3) = 'up ' THEN 2 ELSE 4 END)
FROM answer a, LATERAL (SELECT p FROM generate_series(1, length(content)) p WHERE substr(content, p - 1, 8) ~ '^[ (](up|down) [0-9$]') w
UNION ALL
SELECT 'unit', n, id, p, around, overlay(content PLACING '€' FROM p FOR 1) FROM at WHERE c = '$' AND substr(content, p + 1, 4) ~ '^[0-9]' AND substr(content, p + 1, 4) !~ '^0(\.00)?' AND p % 9 = 0
UNION ALL
SELECT 'unit', n, id, p, around, overlay(content PLACING ' GiB' FROM p FOR 1) FROM at WHERE c = '%' AND before ~ '[0-9]' AND substr(content, p - 2, 2) !~ '[^0-9.]0' AND p % 9 = 0
UNION ALL
SELECT 'unit', n, id, p, around, left(content, p + 1) || CASE u[1] WHEN 'ms' THEN 's' WHEN 's' THEN 'h' WHEN 'min' THEN 's' WHEN 'h' THEN 'd' WHEN 'd' THEN 'h' ELSE 'TiB' END || substr(content, p + 2 + length(u[1]))
FROM at, LATERAL regexp_match(substr(content, p + 1, 5), '^ (ms|s|min|h|d|GiB)\M') u WHERE c ~ '[0-9]' AND u IS NOT NULL AND (c <> '0' OR before ~ '[0-9]') AND p % 9 = 0
UNION ALL
SELECT 'superlative', a.n, a.id, w.p, substr(content, w.p, 40), left(content, w.p - 1) || s.other || substr(content, w.p + length(s.word))
FROM answer a, (VALUES ('most', 'least'), ('largest', 'smallest'), ('slowest', 'fastest'), ('worst', 'best'), ('longest', 'shortest'), ('Longest', 'Shortest'), ('dearest', 'cheapest'),
	('cheapest', 'dearest'), ('lowest', 'highest'), ('highest', 'lowest'), ('latest', 'oldest'), ('top', 'bottom'), ('strongest', 'weakest')) s(word, other),
	LATERAL (SELECT p FROM generate_series(1, length(content)) p WHERE substr(content, p, length(s.word)) = s.word AND substr(content, p - 1, length(s.word) + 2) ~ ('\m' || s.word || '\M')
		AND substr(content, p - 3, 3) <> 'at ' AND substr(content, p + length(s.word), 3) <> ' of') w;
ALTER TABLE mutant ADD COLUMN objected boolean;
UPDATE mutant m SET objected = (x.g ->> 'supported')::int < (x.g ->> 'claims')::int
FROM (SELECT n, kind, p, text, dbinsight._check_text(id, text) AS g FROM mutant) x WHERE x.n = m.n AND x.kind = m.kind AND x.p = m.p AND x.text = m.text;
SELECT kind, count(*) AS mutants, count(*) FILTER (WHERE objected) AS objected FROM mutant GROUP BY kind ORDER BY kind COLLATE "C";
-- Those it lets pass (none):
SELECT kind, n, replace(around, E'\n', ' ') AS around FROM mutant WHERE NOT objected ORDER BY kind COLLATE "C", n, p;
ROLLBACK;
