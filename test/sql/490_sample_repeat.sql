-- The same seed and clock give the same rows, byte for byte; another seed gives others.
-- Everything is undone at the end: 500_sample loads the account the later tests use.
\set VERBOSITY terse
SET client_min_messages = warning;
BEGIN;
SET LOCAL dbinsight.now = '2026-06-15 12:00:00+00';

-- Every row of every gold table and of what else the sample fills, times and all.
CREATE FUNCTION pg_temp.digest() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  r record;
  part text;
  parts text := '';
BEGIN
  FOR r IN SELECT gold_table AS name FROM dbinsight._sample_relations()
    UNION ALL SELECT unnest(ARRAY['sample_truth', 'job_run', 'job_task_run', 'models', 'model_metric', 'predictions', 'budgets', 'sla_targets', 'alert_rules', 'alert_events'])
  LOOP
    EXECUTE format('SELECT md5(string_agg(md5(t::text), '''' ORDER BY t::text COLLATE "C")) FROM dbinsight.%I t', r.name) INTO part;
    parts := parts || r.name || coalesce(part, '-');
  END LOOP;
  RETURN md5(parts);
END $$;

CREATE TEMP TABLE run (what text, digest text, facts numeric);
SELECT sum(rows) AS facts FROM dbinsight.load_sample(4, 42, 0.02) \gset
INSERT INTO run VALUES ('first', pg_temp.digest(), :facts);
SELECT sum(rows) AS facts FROM dbinsight.load_sample(4, 42, 0.02) \gset
INSERT INTO run VALUES ('again', pg_temp.digest(), :facts);
SELECT sum(rows) AS facts FROM dbinsight.load_sample(4, 7, 0.02) \gset
INSERT INTO run VALUES ('other seed', pg_temp.digest(), :facts);

SELECT b.digest = a.digest AS again_is_the_same, b.facts = a.facts AS again_as_many, c.digest <> a.digest AS other_seed_differs
FROM run a, run b, run c WHERE a.what = 'first' AND b.what = 'again' AND c.what = 'other seed';

-- An earlier sample is replaced, rows of load_file (without an account) stay.
SELECT dbinsight.load_rows('system.access.audit',
  '[{"event_id": "kept", "event_time": "2026-06-14T10:00:00Z", "service_name": "accounts", "action_name": "login"}]');
SELECT count(*) AS tables FROM dbinsight.load_sample(3, 42, 0.01);
SELECT count(*) AS kept FROM dbinsight.fact_audit_logs WHERE event_id = 'kept';
SELECT min(usage_date), max(usage_date) FROM dbinsight.fact_usage;
SELECT count(*) AS left_over FROM dbinsight.job_run WHERE start_time < '2026-06-11 20:00';

-- A setting of one's own is kept, and is not the sample's to remove.
UPDATE dbinsight.freshness_targets SET max_hours = 1 WHERE table_pattern = 'main.gold.%';
DELETE FROM dbinsight.sample_row WHERE key ->> 'table_pattern' = 'main.gold.%';
SELECT count(*) AS tables FROM dbinsight.load_sample(1, 42, 0.01);
SELECT max_hours FROM dbinsight.freshness_targets WHERE table_pattern = 'main.gold.%';

-- The shortest account at the first minute of a month, and one at its last.
SET LOCAL dbinsight.now = '2026-03-01 00:00:30+00';
SELECT count(*) > 30 AS loads FROM dbinsight.load_sample(1, 1, 0.01);
SET LOCAL dbinsight.now = '2024-02-29 23:59:59+00';
SELECT count(*) > 30 AS loads FROM dbinsight.load_sample(2, -5, 0.01);
SELECT count(*) AS later_than_the_clock FROM dbinsight.fact_audit_logs WHERE event_time > dbinsight.now() AND account_id = 'sample';

-- A real account is not mixed with it.
SAVEPOINT real;
INSERT INTO dbinsight.dim_workspace (account_id, workspace_id, workspace_name) VALUES ('7d1c', '5', 'main');
SELECT count(*) FROM dbinsight.load_sample(1, 42, 0.01);
ROLLBACK TO real;

-- Arguments.
SELECT dbinsight.load_sample(0); ROLLBACK TO real;
SELECT dbinsight.load_sample(731); ROLLBACK TO real;
SELECT dbinsight.load_sample(NULL); ROLLBACK TO real;
SELECT dbinsight.load_sample(10, 42, 0); ROLLBACK TO real;
SELECT dbinsight.load_sample(10, 42, 101); ROLLBACK TO real;
SELECT dbinsight.load_sample(10, NULL); ROLLBACK TO real;
ROLLBACK;

-- What the draws are: uniform in [0, 1), a mean of 0 and a deviation of 1, a median of 1; fixed for ever.
SELECT min(u) >= 0 AND max(u) < 1 AS in_range, round(avg(u)::numeric, 2) AS mean, round(avg(z)::numeric, 1) AS z_mean, round(stddev(z)::numeric, 1) AS z_deviation,
  round(percentile_cont(0.5) WITHIN GROUP (ORDER BY y)::numeric, 1) AS median, count(DISTINCT id) AS ids
FROM (SELECT dbinsight._random(1, 2, n) AS u, dbinsight._noise(1, 3, n) AS z, dbinsight._spread(1, 4, n, 0.5) AS y, dbinsight._random_uuid(1, 5, n) AS id
  FROM generate_series(1, 20000) n) d;
SELECT dbinsight._random(42, 1, 1), dbinsight._pick(42, 1, 1, 1000), dbinsight._noise(42, 1, 1), dbinsight._spread(42, 1, 1, 1.0), dbinsight._random_hex(42, 1, 1, 20),
  dbinsight._random_uuid(42, 1, 1), dbinsight._time_uuid(42, 1, 1, '2026-06-15 12:00:00+00');
SELECT dbinsight._pick(42, 1, 1, 0);
SELECT dbinsight._random_hex(42, 1, 1, 33);
