-- The daily report of the sample account: its figures are those asked directly, its HTML is fit to be sent.
CREATE TEMP TABLE r AS SELECT dbinsight.report('daily', 'json')::jsonb AS r, dbinsight.report('daily', 'html') AS h;
SELECT r ->> 'period' AS period FROM r;
-- Cost of 14 June from the facts, runs from the derived runs, sign-ins from the audit facts.
SELECT f ->> 'label' AS label, (f ->> 'value')::numeric = CASE f ->> 'label'
	WHEN 'Cost' THEN (SELECT round(sum(list_cost), 4) FROM dbinsight.fact_usage WHERE usage_date = '2026-06-14')
	WHEN 'Runs' THEN (SELECT count(*) FROM dbinsight.job_run WHERE end_time >= '2026-06-14 00:00+00' AND end_time < '2026-06-15 00:00+00')
	WHEN 'Failures' THEN (SELECT count(*) FROM dbinsight.job_run WHERE end_time >= '2026-06-14 00:00+00' AND end_time < '2026-06-15 00:00+00' AND result_state IN ('FAILED', 'ERROR', 'TIMED_OUT'))
	END AS as_in_the_facts
FROM r, jsonb_path_query(r, '$.sections[*].figures[*] ? (@.label == "Cost" || @.label == "Runs" || @.label == "Failures")') f;
-- The planted spike and its failures stand in it.
SELECT jsonb_path_exists(r, '$.sections[*] ? (@.id == "cost").tables[*].rows[*][1] ? (@ == "gpu_model_training")') AS driver,
	jsonb_path_exists(r, '$.sections[*] ? (@.id == "jobs").tables[*].rows[*][1] ? (@ == "gpu_model_training")') AS failure FROM r;
SELECT xmlparse(DOCUMENT h) IS DOCUMENT AS well_formed, h ~* '<script|javascript:|https?://|url\(|@import' AS fetches_or_runs, octet_length(h) < 150000 AS small_enough FROM r;
SELECT s ->> 'id' AS section, jsonb_array_length(s -> 'charts') AS charts, jsonb_array_length(s -> 'tables') AS tables FROM r, jsonb_path_query(r, '$.sections[*]') s;
-- Every kind in every form.
SELECT k, f, length(dbinsight.report(k, f)) > 500 AS made FROM unnest(ARRAY['daily', 'weekly', 'cost', 'jobs', 'security']) k, unnest(ARRAY['markdown', 'json', 'html']) f ORDER BY 1, 2;
