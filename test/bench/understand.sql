-- Understanding without answering: plan() of the examples that ship, of noise as long as a question may be, what
-- the first question of a session pays for reading the lexicon and the model, and how long learning the model takes.
\set QUIET on
SET client_min_messages = warning;

CREATE FUNCTION pg_temp.milliseconds(question text, times int) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
	took numeric[];
	began timestamptz;
BEGIN
	FOR i IN 1 .. times LOOP
		began := clock_timestamp();
		PERFORM dbinsight.plan(question);
		took := took || 1000 * extract(epoch FROM clock_timestamp() - began);
	END LOOP;
	RETURN (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY t) FROM unnest(took) t);
END $$;

-- By their hash: a mixture of all agents, the same in every run.
CREATE TEMP TABLE question AS
SELECT example, pg_temp.milliseconds(example, 3) AS ms
FROM (SELECT DISTINCT example FROM dbinsight._router_examples WHERE agent <> '-') e ORDER BY md5(example) LIMIT 300;
SELECT format('a question = %s ms, 95 of 100 within %s ms, of %s', round(percentile_cont(0.5) WITHIN GROUP (ORDER BY ms)::numeric, 2),
	round(percentile_cont(0.95) WITHIN GROUP (ORDER BY ms)::numeric, 2), count(*)) FROM question;

CREATE TEMP TABLE noise (kind text, unit text);
INSERT INTO noise VALUES ('letters', 'qzx vbnmw plokij ytrewq '), ('one letter', 'a '), ('questions', 'what did we spend last week and which jobs failed yesterday? '),
	('names', 'main.gold.fact_usage nightly_etl 10.1.2.3 '), ('numbers', '3 17 99.5 2025-01-02 '), ('punctuation', '; , . ? ( ) '), ('slips', 'yesterdey clustres wharehouse spendng ');
SELECT format('%s bytes of %s = %s ms', length(text), kind, round(pg_temp.milliseconds(text, 3), 1))
FROM (SELECT kind, rtrim(left(repeat(unit, 8000), 8000)) AS text FROM noise) n ORDER BY kind COLLATE "C";

-- The lexicon is read anew after a change of it; without a model, the model's part is left out.
\c
SET client_min_messages = warning;
SELECT clock_timestamp() AS began \gset
SELECT count(*) FROM dbinsight.plan('what did we spend last week?') \g /dev/null
SELECT 1000 * extract(epoch FROM clock_timestamp() - :'began') AS first_ms, clock_timestamp() AS began \gset
SELECT count(*) FROM dbinsight.plan('what did we spend last week?') \g /dev/null
SELECT 1000 * extract(epoch FROM clock_timestamp() - :'began') AS second_ms \gset
UPDATE dbinsight.concepts SET kind = kind WHERE name = 'asks';
SELECT clock_timestamp() AS began \gset
SELECT count(*) FROM dbinsight.plan('what did we spend last week?') \g /dev/null
SELECT 1000 * extract(epoch FROM clock_timestamp() - :'began') AS again_ms \gset
BEGIN;
DELETE FROM dbinsight._router;
SELECT clock_timestamp() AS began \gset
SELECT count(*) FROM dbinsight.plan('what did we spend last week?') \g /dev/null
SELECT 1000 * extract(epoch FROM clock_timestamp() - :'began') AS without_ms \gset
ROLLBACK;
SELECT format('first question of a session = %s ms, second %s ms', round(:first_ms, 1), round(:second_ms, 1));
SELECT format('reading the lexicon anew = %s ms, without the model %s ms', round(:again_ms, 1), round(:without_ms, 1));

SELECT clock_timestamp() AS began \gset
SELECT count(*) FROM dbinsight._train_router() \g /dev/null
SELECT format('learning from %s examples = %s s', (SELECT count(*) FROM dbinsight._router_examples),
	round(extract(epoch FROM clock_timestamp() - :'began'), 2));
