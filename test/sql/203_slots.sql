-- Names of the account, the agents and words of others, conversations.
\set SHOW_CONTEXT never
\set VERBOSITY default
BEGIN;
SET LOCAL dbinsight.now = '2025-06-18 14:30:00+00';
INSERT INTO dbinsight.dim_workspace (workspace_id, workspace_name) VALUES
	('101', 'prod-eu'), ('102', 'prod-us'), ('103', 'analytics_dev'), ('104', 'Finance Reports'), ('105', 'product-tests');
INSERT INTO dbinsight.dim_job (workspace_id, job_id, job_name, change_time) VALUES
	('101', '7001', 'nightly-etl', '2025-01-01'), ('101', '7002', 'Load Customers', '2025-01-01');
INSERT INTO dbinsight.dim_table (snapshot_date, table_catalog, table_schema, table_name) VALUES
	('2025-06-18', 'main', 'gold', 'orders'), ('2025-06-18', 'main', 'silver', 'orders'), ('2025-06-18', 'main', 'gold', 'fact_usage');
INSERT INTO dbinsight.models (name, version, stage) VALUES ('job_failure_predictor', 1, 'champion');

-- One workspace with the word in its name is meant; several become a pattern; none is passed as typed.
SELECT q, arguments FROM unnest(ARRAY['failed jobs in production', 'failed jobs in dev', 'failed jobs in staging',
	'failed jobs in workspace Finance Reports', 'failed jobs in workspace 104', 'failed jobs in prod-us']) WITH ORDINALITY t(q, n),
	LATERAL (SELECT arguments FROM dbinsight.plan(q) LIMIT 1) p ORDER BY n;
-- Kebab case, several words, ids; a short table name becomes the full one.
SELECT q, tool, arguments FROM unnest(ARRAY['run history of nightly-etl', 'run history of load customers', 'runs of job 7001',
	'lineage of fact_usage', 'lineage of orders', 'lineage of nowhere_table', 'How is the job_failure_predictor performing?']) WITH ORDINALITY t(q, n),
	LATERAL (SELECT tool, arguments FROM dbinsight.plan(q) LIMIT 1) p ORDER BY n;
-- Two tables of that name: the first is taken, and that is said.
SELECT line FROM regexp_split_to_table(dbinsight.explain_ask('lineage of orders'), E'\n') line WHERE line ~ '^assumed';
-- A tool that needs a table asks for it.
SELECT (regexp_match(dbinsight.explain_ask('show me the lineage'), 'reply: ([^\n]*)'))[1];

-- Where each value comes from, and what no argument takes.
SELECT line FROM regexp_split_to_table(dbinsight.explain_ask('Why did nightly-etl fail since monday?'), E'\n') WITH ORDINALITY t(line, n)
WHERE line !~ '(agents|tools|routes):' ORDER BY n;
SELECT line FROM regexp_split_to_table(dbinsight.explain_ask('Summarize high severity incidents from last week in production'), E'\n') line
WHERE line ~ '^(assumed|    )' AND line !~ '(agents|tools|concepts):';

-- An agent and a tool of one's own are found by their examples and description.
CREATE SCHEMA regress_dbi;
CREATE FUNCTION regress_dbi.get_deliveries(customer text, days int DEFAULT 7, express_only boolean DEFAULT false, carrier text DEFAULT NULL)
	RETURNS TABLE (parcel text) LANGUAGE sql STABLE RETURN NULL::text;
COMMENT ON FUNCTION regress_dbi.get_deliveries(text, int, boolean, text) IS
'Which parcels were delivered to a customer?
@param customer name of the customer
@enum carrier DHL|UPS|FEDEX';
INSERT INTO dbinsight.agents (name, title, description, examples) VALUES ('logistics', 'Logistics', 'parcels and deliveries', '{}');
SELECT dbinsight.register_tool('regress_dbi.get_deliveries(text,int,boolean,text)'::regprocedure, 'logistics',
	ARRAY['which parcels were delivered to customer acme_corp', 'late shipments for customer foo_inc']);
SELECT agent FROM dbinsight.route('show the parcels delivered to customer globex_ltd by UPS in the last 3 days');
SELECT tool, arguments FROM dbinsight.plan('show the parcels delivered to customer globex_ltd by UPS in the last 3 days');
SELECT (regexp_match(dbinsight.explain_ask('which parcels were delivered last week'), 'reply: ([^\n]*)'))[1];

-- A word taught is known at once, and forgotten with its row.
SELECT count(*) FROM dbinsight.route('show me the moolah');
INSERT INTO dbinsight.concept_forms (concept, form) VALUES ('spend', 'moolah');
SELECT agent FROM dbinsight.route('show me the moolah');
UPDATE dbinsight.agents SET enabled = false WHERE name = 'cost';
SELECT count(*) FROM dbinsight.route('show me the moolah');
UPDATE dbinsight.agents SET enabled = true WHERE name = 'cost';
DELETE FROM dbinsight.concept_forms WHERE form = 'moolah';
SELECT count(*) FROM dbinsight.route('show me the moolah');
-- So is a tool that goes away.
DROP FUNCTION regress_dbi.get_deliveries(text, int, boolean, text);
SELECT count(*) FROM dbinsight.route('show the parcels delivered to customer globex_ltd');
SAVEPOINT s;
INSERT INTO dbinsight.concept_forms (concept, form) VALUES ('spend', 'moolah');
SELECT agent FROM dbinsight.route('show me the moolah');
ROLLBACK TO s;
SELECT count(*) FROM dbinsight.route('show me the moolah');

-- A conversation goes on: what is named changes, the rest stays. The frame is
-- what the turn before left: failed jobs of yesterday.
INSERT INTO dbinsight.chat_conversations (id, frame) VALUES ('00000000-0000-0000-0000-000000000001',
	'{"clauses": [{"agent": "performance", "tool": "get_failed_jobs", "concepts": ["job", "fail"]}],
	  "slots": [{"kind": 0, "value": "yesterday", "span": "yesterday", "period": {"kind": 0, "grain": 1, "start": "2025-06-17", "end": "2025-06-17", "hours": 0}}]}');
SELECT q, agent, tool, arguments FROM unnest(ARRAY['and last week?', 'only in dev', 'why?', 'and any effect on SLAs?', 'compare with the week before',
	'What did we spend this month?', 'Who has access to main.gold.orders?']) WITH ORDINALITY t(q, n),
	LATERAL (SELECT * FROM dbinsight.plan(q, '00000000-0000-0000-0000-000000000001')) p(agent, tool, arguments, confidence) ORDER BY n, tool COLLATE "C", arguments::text COLLATE "C";
SELECT (regexp_match(dbinsight.explain_ask(q, '00000000-0000-0000-0000-000000000001'), 'kind: (\w+)'))[1] FROM unnest(ARRAY['thanks', 'start over', 'tell me a joke']) q;
-- A frame that is not one is none.
UPDATE dbinsight.chat_conversations SET frame = '{"clauses": [1, {"agent": 3}, "x"], "slots": {"a": []}}';
SELECT count(*) FROM dbinsight.plan('and last week?', '00000000-0000-0000-0000-000000000001');
UPDATE dbinsight.chat_conversations SET frame = '{"clauses": [{"agent": "nobody", "tool": "nothing", "concepts": [1, "none"]}], "slots": [{"kind": 99, "value": "x"}, {"kind": 0, "value": "y", "period": {"start": "x"}}]}';
SELECT count(*) FROM dbinsight.plan('and last week?', '00000000-0000-0000-0000-000000000001');

-- Another's conversation and one that is not there are told alike, to superusers too.
CREATE ROLE regress_dbi_asker IN ROLE dbinsight_reader;
SAVEPOINT s;
SELECT * FROM dbinsight.plan('failed jobs', '00000000-0000-0000-0000-000000000002'); ROLLBACK TO s;
UPDATE dbinsight.chat_conversations SET user_id = 'somebody';
SAVEPOINT s;
SELECT * FROM dbinsight.route('failed jobs', '00000000-0000-0000-0000-000000000001'); ROLLBACK TO s;
SET LOCAL ROLE regress_dbi_asker;
SELECT dbinsight.explain_ask('failed jobs', '00000000-0000-0000-0000-000000000001'); ROLLBACK TO s;
-- A reader may ask for the plan.
SET LOCAL ROLE regress_dbi_asker;
SELECT tool, arguments FROM dbinsight.plan('failed jobs in production yesterday');
ROLLBACK;
