-- Reports over a small account made by hand: figures, forms, escaping, bad input.
\set SHOW_CONTEXT never
BEGIN;
SET LOCAL dbinsight.now = '2025-03-10 12:00:00+00';
SET LOCAL client_min_messages = error;

-- Usage: 10 DBU at 2 USD on 8 March, 15 on 9 March, all of one job with a hostile name.
SELECT dbinsight.load_rows('system.billing.list_prices', '[{"sku_name": "JOBS", "cloud": "AWS", "usage_unit": "DBU", "currency_code": "USD", "price_start_time": "2024-01-01T00:00:00Z", "pricing": {"default": 2}}]');
SELECT dbinsight.load_rows('system.billing.usage', '[
 {"record_id": "u1", "workspace_id": "1", "sku_name": "JOBS", "cloud": "AWS", "usage_unit": "DBU", "usage_quantity": 10, "usage_end_time": "2025-03-08T10:00:00Z", "usage_date": "2025-03-08", "billing_origin_product": "JOBS", "usage_metadata": {"job_id": "7", "job_run_id": "70"}},
 {"record_id": "u2", "workspace_id": "1", "sku_name": "JOBS", "cloud": "AWS", "usage_unit": "DBU", "usage_quantity": 15, "usage_end_time": "2025-03-09T10:00:00Z", "usage_date": "2025-03-09", "billing_origin_product": "JOBS", "usage_metadata": {"job_id": "7", "job_run_id": "71"}}]');
SELECT dbinsight.load_rows('system.access.workspaces_latest', '[{"workspace_id": "1", "workspace_name": "pro|duction"}]');
SELECT dbinsight.load_rows('system.lakeflow.jobs', '[{"workspace_id": "1", "job_id": "7", "name": "<script>alert(\"x\")</script> & co", "change_time": "2025-01-01T00:00:00Z"}]');
-- Runs: one success on 8 March; on 9 March one success and two failures.
SELECT dbinsight.load_rows('system.lakeflow.job_run_timeline', '[
 {"workspace_id": "1", "job_id": "7", "run_id": "70", "period_start_time": "2025-03-08T09:00:00Z", "period_end_time": "2025-03-08T09:30:00Z", "result_state": "SUCCEEDED"},
 {"workspace_id": "1", "job_id": "7", "run_id": "71", "period_start_time": "2025-03-09T09:00:00Z", "period_end_time": "2025-03-09T09:30:00Z", "result_state": "SUCCEEDED"},
 {"workspace_id": "1", "job_id": "7", "run_id": "72", "period_start_time": "2025-03-09T10:00:00Z", "period_end_time": "2025-03-09T10:10:00Z", "result_state": "FAILED", "termination_code": "RUN_EXECUTION_ERROR"},
 {"workspace_id": "1", "job_id": "7", "run_id": "73", "period_start_time": "2025-03-09T11:00:00Z", "period_end_time": "2025-03-09T11:10:00Z", "result_state": "FAILED", "termination_code": "DRIVER_ERROR"}]');
-- Audit on 9 March: three refused sign-ins from one address, and one grant to itself.
SELECT dbinsight.load_rows('system.access.audit', '[
 {"event_id": "a1", "event_time": "2025-03-09T01:00:00Z", "service_name": "accounts", "action_name": "login", "user_identity": {"email": "ann@x.org"}, "source_ip_address": "45.1.2.3", "response": {"status_code": 401}},
 {"event_id": "a2", "event_time": "2025-03-09T01:01:00Z", "service_name": "accounts", "action_name": "login", "user_identity": {"email": "ann@x.org"}, "source_ip_address": "45.1.2.3", "response": {"status_code": 401}},
 {"event_id": "a3", "event_time": "2025-03-09T01:02:00Z", "service_name": "accounts", "action_name": "login", "user_identity": {"email": "ann@x.org"}, "source_ip_address": "45.1.2.3", "response": {"status_code": 401}},
 {"event_id": "a4", "event_time": "2025-03-09T02:00:00Z", "service_name": "unityCatalog", "action_name": "updatePermissions", "user_identity": {"email": "eve@x.org"}, "response": {"status_code": 200},
  "request_params": {"securable_type": "TABLE", "securable_full_name": "main.hr.pay", "changes": "[{\"principal\": \"eve@x.org\", \"add\": [\"SELECT\"]}]"}}]');

-- 30 USD against 20 the day before: +50 %. One of three decided runs succeeded: 33.3 %, the day before 100.
CREATE TEMP TABLE r AS SELECT dbinsight.report('daily', 'json')::jsonb AS r;
SELECT r ->> 'period' AS period, r ->> 'made_at' AS made_at, r -> 'warnings' AS warnings FROM r;
SELECT s ->> 'id' AS section, f ->> 'label' AS label, f -> 'value' AS value, f ->> 'unit' AS unit, f -> 'change_pct' AS pct, f -> 'change_points' AS points
FROM r, jsonb_array_elements(r -> 'sections') WITH ORDINALITY a(s, i), jsonb_array_elements(s -> 'figures') WITH ORDINALITY b(f, j)
WHERE s ->> 'id' <> 'platform' AND f ->> 'label' <> 'Open findings' ORDER BY i, j;
SELECT s ->> 'summary' AS summary FROM r, jsonb_array_elements(r -> 'sections') WITH ORDINALITY a(s, i) WHERE s ->> 'id' IN ('cost', 'jobs') ORDER BY i;
-- The failed runs of the day and no other.
SELECT t -> 'rows' -> 0 ->> 4 AS first, t -> 'rows' -> 1 ->> 4 AS second, jsonb_array_length(t -> 'rows') AS rows
FROM r, jsonb_path_query(r, '$.sections[*].tables[*] ? (@.caption == "Failed runs")') t;
-- Runs by hour: 09 one success, 10 and 11 one failure each.
SELECT c FROM r, jsonb_path_query(r, '$.sections[*].charts[*] ? (@.kind == "columns").rows[*]') c WHERE c <> jsonb_build_array(c -> 0, 0, 0, 0);
-- A longer period of the same account.
SELECT f ->> 'label' AS label, f -> 'value' AS value FROM jsonb_path_query(dbinsight.report('cost', 'JSON', '2025-03-08', '2025-03-09')::jsonb, '$.sections[0].figures[*]') f;

-- HTML is well-formed, has no script, asks no one for anything, and escapes what it shows.
CREATE TEMP TABLE h AS SELECT dbinsight.report('daily', 'html') AS h;
SELECT xmlparse(DOCUMENT h) IS DOCUMENT AS well_formed, h ~* '<script|javascript:|https?://|url\(|@import' AS fetches_or_runs, strpos(h, '&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; co') > 0 AS escaped,
	(length(h) - length(replace(h, '<svg', ''))) / 4 AS charts, octet_length(h) < 150000 AS small_enough FROM h;
SELECT (xpath('//p[@class="meta"]/text()', xmlparse(DOCUMENT h)))[1] AS period_and_time, strpos(h, '--surface:') < strpos(h, '<body>') AS styled FROM h;
-- A figure says how it was before only where that is known.
SELECT dbinsight._html_figures('[{"label": "a", "value": 5, "unit": "count", "better": "down", "change_pct": null}, {"label": "b", "value": 5, "unit": "count", "better": "down", "change_pct": 0},
	{"label": "c", "value": 5, "unit": "count", "better": "down", "change_pct": 25.0}]');
-- Markdown: cells cannot break their table.
SELECT line FROM regexp_split_to_table(dbinsight.report('daily', 'markdown'), E'\n') line WHERE line LIKE '| JOB |%';
SELECT count(*) AS headings FROM regexp_split_to_table(dbinsight.report('daily', 'markdown'), E'\n') line WHERE line LIKE '## %';

-- A period without data says so and shows no zero for unknown.
SELECT s ->> 'summary' AS summary FROM jsonb_path_query(dbinsight.report('daily', 'json', '2024-06-01', '2024-06-01')::jsonb, '$.sections[*]') s WHERE s ->> 'id' <> 'platform';
-- A template of one's own.
INSERT INTO dbinsight.report_templates VALUES ('money', 'Money', 2, '{cost}');
SELECT dbinsight.report('money') LIKE E'# Money\n\n2025-03-08 to 2025-03-09%' AS mine;
SAVEPOINT s;
SELECT dbinsight.report('yearly'); ROLLBACK TO s;
SELECT dbinsight.report('daily', 'pdf'); ROLLBACK TO s;
SELECT dbinsight.report('daily', NULL); ROLLBACK TO s;
SELECT dbinsight.report('daily', 'markdown', '2025-03-09', '2025-03-08'); ROLLBACK TO s;
INSERT INTO dbinsight.report_templates VALUES ('x', 'x', 1, '{nonsense}'); ROLLBACK TO s;
ROLLBACK;
