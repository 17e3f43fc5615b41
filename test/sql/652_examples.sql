-- Every example question of the registry, asked of the sample account: no answer
-- claims what its rows do not prove.
\set SHOW_CONTEXT never
BEGIN;
SET LOCAL dbinsight.now = '2026-06-15 12:00:00+00';
CREATE TEMP TABLE answer AS
SELECT e.question, c.message_id, c.grounded
FROM (SELECT DISTINCT e.question FROM dbinsight.agent_tools t, unnest(t.examples) e(question) WHERE t.builtin) e, LATERAL dbinsight.chat(e.question) c;
SELECT count(*) >= 300 AS questions FROM answer;
-- Claims that nothing supports, and answers with one (none):
SELECT a.question, g.span, g.kind, g.reason FROM answer a, dbinsight.grounding(a.message_id) g WHERE NOT g.supported ORDER BY a.question COLLATE "C", g.span COLLATE "C";
SELECT question FROM answer WHERE NOT grounded ORDER BY question COLLATE "C";
-- Most of them claim much: figures, each with its evidence.
SELECT sum((m.grounding ->> 'claims')::int) > 10000 AS claims, count(*) FILTER (WHERE (m.grounding ->> 'claims')::int > 0) > 250 AS answers_that_claim
FROM answer a JOIN dbinsight.chat_messages m ON m.id = a.message_id;
-- What an account without rows is told is no claim either.
SET LOCAL dbinsight.now = '2027-06-15 12:00:00+00';
CREATE TEMP TABLE later AS
SELECT e.question, c.message_id, c.grounded
FROM (SELECT DISTINCT t.examples[1] AS question FROM dbinsight.agent_tools t WHERE t.builtin) e, LATERAL dbinsight.chat(e.question) c;
SELECT a.question, g.span, g.kind, g.reason FROM later a, dbinsight.grounding(a.message_id) g WHERE NOT g.supported ORDER BY a.question COLLATE "C", g.span COLLATE "C";
ROLLBACK;
