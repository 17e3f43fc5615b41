-- Conversations: what a follow-up changes, what it keeps, and when it is a
-- question of its own. Wednesday 18 June 2025, 14:30; the week began on the 16th.
\set SHOW_CONTEXT never
\set VERBOSITY terse
SET client_min_messages = warning;
BEGIN;
SET LOCAL dbinsight.now = '2025-06-18 14:30:00+00';
INSERT INTO dbinsight.dim_workspace (workspace_id, workspace_name) VALUES ('101', 'production'), ('102', 'development'), ('103', 'analytics');
INSERT INTO dbinsight.dim_job (workspace_id, job_id, job_name, change_time) VALUES ('101', '7001', 'nightly_etl', '2025-01-01'), ('101', '7002', 'load_customers', '2025-01-01');
INSERT INTO dbinsight.dim_table (snapshot_date, table_catalog, table_schema, table_name) VALUES ('2025-06-18', 'main', 'gold', 'orders'), ('2025-06-18', 'main', 'gold', 'sessions');

CREATE TEMP TABLE turn (dialogue int, n int, question text, calls text);
INSERT INTO turn VALUES
	-- override of a name, of the period, of both; negation; wide again
	(1, 1, 'failed jobs in production in the past 24 hours', 'get_failed_jobs {"hours": 24, "workspace": "production"}'),
	(1, 2, 'only dev', 'get_failed_jobs {"hours": 24, "workspace": "development"}'),
	(1, 3, 'make it 48h', 'get_failed_jobs {"hours": 48, "workspace": "development"}'),
	(1, 4, 'and analytics, past week', 'get_failed_jobs {"hours": 168, "workspace": "analytics"}'),
	(1, 5, 'not dev, production', 'get_failed_jobs {"hours": 168, "workspace": "production"}'),
	(1, 6, 'past 72', 'get_failed_jobs {"hours": 72, "workspace": "production"}'),
	(1, 7, 'all workspaces please', 'get_failed_jobs {"hours": 72}'),
	(1, 8, 'can you double the period', 'get_failed_jobs {"hours": 144}'),
	(1, 9, 'now for dev', 'get_failed_jobs {"hours": 144, "workspace": "development"}'),
	-- days before and after the one spoken of: Monday 2 June; corrections
	(2, 1, 'top cost drivers on june 10', 'get_top_cost_drivers {"date": "2025-06-10"}'),
	(2, 2, 'and the day before?', 'get_top_cost_drivers {"date": "2025-06-09"}'),
	(2, 3, 'top 3 only', 'get_top_cost_drivers {"date": "2025-06-09", "top_n": 3}'),
	(2, 4, 'same for the friday before that', 'get_top_cost_drivers {"date": "2025-06-06", "top_n": 3}'),
	(2, 5, 'the next day', 'get_top_cost_drivers {"date": "2025-06-07", "top_n": 3}'),
	(2, 6, 'same day last week', 'get_top_cost_drivers {"date": "2025-05-31", "top_n": 3}'),
	(2, 7, 'no, I meant june 3rd', 'get_top_cost_drivers {"date": "2025-06-03", "top_n": 3}'),
	(2, 8, 'sorry, the 5th, not the 6th', 'get_top_cost_drivers {"date": "2025-06-05", "top_n": 3}'),
	(2, 9, 'five will do', 'get_top_cost_drivers {"date": "2025-06-05", "top_n": 5}'),
	-- weeks and months; a comparison
	(3, 1, 'daily cost in may', 'get_daily_cost_summary {"end_date": "2025-05-31", "start_date": "2025-05-01"}'),
	(3, 2, 'the previous month', 'get_daily_cost_summary {"end_date": "2025-04-30", "start_date": "2025-04-01"}'),
	(3, 3, 'what about q1', 'get_daily_cost_summary {"end_date": "2025-03-31", "start_date": "2025-01-01"}'),
	(3, 4, 'last week', 'get_daily_cost_summary {"end_date": "2025-06-15", "start_date": "2025-06-09"}'),
	(3, 5, 'now the week before that', 'get_daily_cost_summary {"end_date": "2025-06-08", "start_date": "2025-06-02"}'),
	(3, 6, 'compare with the week before', 'get_daily_cost_summary {"end_date": "2025-06-08", "start_date": "2025-06-02"}' || E'\n'
		|| 'get_daily_cost_summary {"end_date": "2025-06-01", "start_date": "2025-05-26"}'),
	-- words of arguments, and the other one
	(4, 1, 'lineage of main.gold.orders', 'get_table_lineage {"table_name": "main.gold.orders"}'),
	(4, 2, 'downstream only', 'get_table_lineage {"direction": "downstream", "table_name": "main.gold.orders"}'),
	(4, 3, 'other direction', 'get_table_lineage {"direction": "upstream", "table_name": "main.gold.orders"}'),
	(4, 4, 'just one step', 'get_table_lineage {"direction": "upstream", "max_depth": 1, "table_name": "main.gold.orders"}'),
	(4, 5, 'what about main.gold.sessions', 'get_table_lineage {"direction": "upstream", "max_depth": 1, "table_name": "main.gold.sessions"}'),
	(5, 1, 'run history of nightly_etl in the past 7 days', 'get_job_runs {"days": 7, "job_name": "nightly_etl"}'),
	(5, 2, 'only the failed ones', 'get_job_runs {"days": 7, "job_name": "nightly_etl", "result_state": "FAILED"}'),
	(5, 3, 'same thing for load_customers', 'get_job_runs {"days": 7, "job_name": "load_customers", "result_state": "FAILED"}'),
	(5, 4, 'last 3', 'get_job_runs {"days": 7, "top_n": 3, "job_name": "load_customers", "result_state": "FAILED"}'),
	(5, 5, 'any state', 'get_job_runs {"days": 7, "top_n": 3, "job_name": "load_customers"}'),
	(6, 1, 'slow queries in the past 12 hours', 'get_slow_queries {"hours": 12}'),
	(6, 2, 'only those beyond 10 minutes', 'get_slow_queries {"hours": 12, "threshold_seconds": 600}'),
	(6, 3, 'since yesterday morning... well, 36 hours', 'get_slow_queries {"hours": 36, "threshold_seconds": 600}'),
	(6, 4, 'bump the limit to 5 minutes', 'get_slow_queries {"hours": 36, "threshold_seconds": 300}'),
	(6, 5, 'the 20 worst', 'get_slow_queries {"hours": 36, "top_n": 20, "threshold_seconds": 300}'),
	(7, 1, 'active alerts', 'get_active_alerts {}'),
	(7, 2, 'only high and worse', 'get_active_alerts {"severity": "high"}'),
	(7, 3, 'security domain', 'get_active_alerts {"domain": "security", "severity": "high"}'),
	(7, 4, 'quality ones?', 'get_active_alerts {"domain": "quality", "severity": "high"}'),
	(7, 5, 'any severity', 'get_active_alerts {"domain": "quality"}'),
	-- another question keeps what it can take, when it points back
	(8, 1, 'invoice for may by SKU please', 'get_cost_by_sku {"end_date": "2025-05-31", "start_date": "2025-05-01"}'),
	(8, 2, 'same period per workspace', 'get_workspace_cost_breakdown {"end_date": "2025-05-31", "start_date": "2025-05-01"}'),
	(8, 3, 'and untagged resources?', 'get_untagged_resources {"end_date": "2025-05-31", "start_date": "2025-05-01"}'),
	(8, 4, 'jobs only', 'get_untagged_resources {"end_date": "2025-05-31", "start_date": "2025-05-01", "resource_type": "JOB"}'),
	-- a new topic keeps nothing
	(8, 5, 'which tables are stale?', 'get_freshness_violations {}'),
	-- talk around a change; a phrase that speaks for another tool; a word taken back; wide again
	(9, 1, 'failed jobs in the past 24 hours', 'get_failed_jobs {"hours": 24}'),
	(9, 2, 'and development? i expect a bloodbath', 'get_failed_jobs {"hours": 24, "workspace": "development"}'),
	(9, 3, 'not enough for my taste, take 72', 'get_failed_jobs {"hours": 72, "workspace": "development"}'),
	(9, 4, 'in prod, my boss only cares about that one', 'get_failed_jobs {"hours": 72, "workspace": "production"}'),
	(10, 1, 'slow queries in the past 12 hours', 'get_slow_queries {"hours": 12}'),
	(10, 2, 'only 5, i''ve a short attention span', 'get_slow_queries {"hours": 12, "top_n": 5}'),
	(10, 3, 'raise it to ten minutes', 'get_slow_queries {"hours": 12, "top_n": 5, "threshold_seconds": 600}'),
	(11, 1, 'active alerts in the cost domain', 'get_active_alerts {"domain": "cost"}'),
	(11, 2, 'not cost, quality', 'get_active_alerts {"domain": "quality"}'),
	(11, 3, 'every domain', 'get_active_alerts {}'),
	(12, 1, 'cost by team in april', 'get_cost_by_tag {"tag_key": "team", "end_date": "2025-04-30", "start_date": "2025-04-01"}'),
	(12, 2, 'and what''s not tagged at all?', 'get_untagged_resources {"end_date": "2025-04-30", "start_date": "2025-04-01"}'),
	(12, 3, 'tag them with team=data', 'refuse_write'),
	(13, 1, 'findings of the detection rules in the past 7 days', 'get_findings {"days": 7}'),
	(13, 2, 'a month instead of a week', 'get_findings {"days": 30}'),
	(13, 3, 'thanks, that is all for today', 'smalltalk'),
	-- several things of one kind, one call each; the first is what is spoken of on
	(14, 1, 'what did prod, dev and analytics cost in may', 'get_workspace_cost_breakdown {"end_date": "2025-05-31", "start_date": "2025-05-01", "workspace_id": "production"}' || E'\n'
		|| 'get_workspace_cost_breakdown {"end_date": "2025-05-31", "start_date": "2025-05-01", "workspace_id": "development"}' || E'\n'
		|| 'get_workspace_cost_breakdown {"end_date": "2025-05-31", "start_date": "2025-05-01", "workspace_id": "analytics"}'),
	-- of several questions before the one that is named
	(15, 1, 'cost in may and failed jobs in the past 24 hours', 'get_daily_cost_summary {"end_date": "2025-05-31", "start_date": "2025-05-01"}' || E'\n'
		|| 'get_failed_jobs {"hours": 24}'),
	(15, 2, 'the failed ones, production only', 'get_failed_jobs {"hours": 24, "workspace": "production"}'),
	-- another reading of the question before
	(16, 1, 'what did we spend on 03/04/2025', 'get_daily_cost_summary {"end_date": "2025-03-04", "start_date": "2025-03-04"}'),
	(16, 2, 'the other reading', 'get_daily_cost_summary {"end_date": "2025-04-03", "start_date": "2025-04-03"}'),
	(17, 1, 'production?', 'clarify'),
	(17, 2, 'the second one', 'get_failed_jobs {"workspace": "production"}'),
	(18, 1, 'top cost drivers on wednesday the 4th', 'get_top_cost_drivers {"date": "2025-06-04"}'),
	(18, 2, 'no, friday, 6 june', 'get_top_cost_drivers {"date": "2025-06-06"}');

CREATE FUNCTION pg_temp.talk() RETURNS TABLE (dialogue int, n int, question text, expected text, planned text) LANGUAGE plpgsql AS $$
DECLARE
	t turn;
	conversation uuid;
BEGIN
	FOR t IN SELECT * FROM turn ORDER BY turn.dialogue, turn.n LOOP
		IF t.n = 1 THEN
			conversation := NULL;
		END IF;
		dialogue := t.dialogue; n := t.n; question := t.question; expected := t.calls;
		SELECT coalesce(string_agg(p.tool || ' ' || p.arguments, E'\n' ORDER BY p.ord), substring(dbinsight.explain_ask(t.question, conversation) FROM '(?n)^kind: (\w+)')) INTO planned
		FROM dbinsight.plan(t.question, conversation) WITH ORDINALITY p(agent, tool, arguments, confidence, ord);
		RETURN NEXT;
		SELECT c.conversation_id INTO conversation FROM dbinsight.chat(t.question, conversation) c;
	END LOOP;
END $$;
-- What is understood differently: nothing.
SELECT * FROM pg_temp.talk() t WHERE t.planned IS DISTINCT FROM t.expected;

-- A row of the last table, or a question that was offered.
INSERT INTO dbinsight.chat_conversations (id, frame) VALUES ('00000000-0000-0000-0000-000000000001',
	'{"clauses": [{"agent": "performance", "tool": "get_failed_jobs", "concepts": ["job", "fail"]}], "slots": [], "rows": ["nightly_etl", "load_customers"], "questions": ["What did we spend yesterday?"]}');
SELECT q, (SELECT tool || ' ' || arguments FROM dbinsight.plan(q, '00000000-0000-0000-0000-000000000001') LIMIT 1) AS planned
FROM unnest(ARRAY['why is the second one slow', 'run history of the first one', 'run history of #2']) q;
UPDATE dbinsight.chat_conversations SET frame = '{"rows": [], "questions": ["Which jobs failed yesterday?", "What did we spend yesterday?"]}';
SELECT tool, arguments FROM dbinsight.plan('the second one', '00000000-0000-0000-0000-000000000001');
SELECT count(*) FROM dbinsight.plan('the fifth one', '00000000-0000-0000-0000-000000000001');

-- What a frame says of arguments is read as input: values of the wrong type are left out.
UPDATE dbinsight.chat_conversations SET frame = '{"clauses": [{"agent": "performance", "tool": "get_job_runs", "concepts": [], "args":
	[{"name": "days", "value": "7); DROP TABLE x"}, {"name": "result_state", "value": "NOPE"}, {"name": "top_n", "value": "4"}, {"name": 1}, 3]}], "slots": [], "rows": [1, {}], "questions": 5}';
SELECT tool, arguments FROM dbinsight.plan('only nightly_etl', '00000000-0000-0000-0000-000000000001');
ROLLBACK;
