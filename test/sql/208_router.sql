-- What the planner learns: the same from the same examples, kept by version, gone back to.
\set VERBOSITY terse
BEGIN;
SET LOCAL dbinsight.now = '2025-03-10 12:00:00+00';
SELECT version, builtin, created_at, metrics ? 'held_out' AS has_metrics FROM dbinsight.router_models;
-- Learned again from the same: the same bytes.
SELECT version, (metrics ->> 'examples')::int > 3000 AS many FROM dbinsight.retrain_router();
SELECT count(DISTINCT model) AS models, count(*) AS versions FROM dbinsight.router_models;
SELECT version FROM dbinsight.router_in_use;

-- A way to say it that nobody has thought of.
SELECT count(*) FROM dbinsight.plan('did the wombat nibble the flux capacitor') WHERE tool = 'get_budget_status';
INSERT INTO dbinsight.intent_examples (agent, tool, example, weight) VALUES
	('cost', 'get_budget_status', 'did the wombat nibble our flux', 5), ('cost', 'get_budget_status', 'how much flux has the wombat nibbled', 5),
	('cost', 'get_budget_status', 'wombat and capacitor, what is left', 5), ('cost', 'get_budget_status', 'is the flux capacitor nibbled by the wombat', 5),
	('cost', 'get_budget_status', 'wombat nibble report for the capacitor', 5);
SELECT version, (metrics ->> 'examples')::int - (SELECT (m.metrics ->> 'examples')::int FROM dbinsight.router_models m WHERE m.version = 2) AS more FROM dbinsight.retrain_router();
SELECT agent, tool FROM dbinsight.plan('did the wombat nibble the flux capacitor');
-- Back to the version before, to none, and forward again.
SELECT dbinsight.use_router(2);
SELECT count(*) FROM dbinsight.plan('did the wombat nibble the flux capacitor') WHERE tool = 'get_budget_status';
SELECT dbinsight.use_router(NULL);
SELECT agent FROM dbinsight.route('Which workspaces are over budget?');
SELECT dbinsight.use_router(3);
SELECT agent FROM dbinsight.route('did the wombat nibble the flux capacitor');
SAVEPOINT s;
SELECT dbinsight.use_router(99);
ROLLBACK TO s;

-- Without examples there is nothing to learn from, and nothing is lost.
UPDATE dbinsight.intent_examples SET enabled = false;
UPDATE dbinsight.agent_tools SET examples = '{}';
UPDATE dbinsight.agents SET examples = '{}';
SAVEPOINT s;
SELECT dbinsight.retrain_router();
ROLLBACK TO s;
SELECT version FROM dbinsight.router_in_use;

-- A stored model that is none is left alone.
INSERT INTO dbinsight.router_models (model, metrics) SELECT x.model, '{}' FROM (VALUES ('\x'::bytea), ('\x4442523302'), ('\x44425233ffff' || decode(repeat('7f', 200), 'hex')), ('not a model'::bytea)) x(model);
SELECT m.version, dbinsight.use_router(m.version), (SELECT count(*) FROM dbinsight.route('what did we spend yesterday')) FROM dbinsight.router_models m WHERE m.metrics = '{}' ORDER BY 1;

-- Readers ask; admins teach.
SET LOCAL ROLE dbinsight_reader;
SELECT agent FROM dbinsight.route('what did we spend yesterday');
SAVEPOINT s;
SELECT dbinsight.retrain_router();
ROLLBACK TO s;
INSERT INTO dbinsight.intent_examples (agent, tool, example) VALUES ('cost', 'get_budget_status', 'mine');
ROLLBACK TO s;
SELECT dbinsight.use_router(1);
ROLLBACK;
