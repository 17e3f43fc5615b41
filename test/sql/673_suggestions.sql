-- What an answer offers to ask next can be asked: in its conversation it is answered, and as it is when it is asked alone.
\set SHOW_CONTEXT never
BEGIN;
SET LOCAL dbinsight.now = '2026-06-15 12:00:00+00';
CREATE TEMP TABLE answer AS
SELECT e.question, c.conversation_id, c.message_id
FROM (SELECT DISTINCT e.question FROM dbinsight.agent_tools t, unnest(t.examples[1:3]) e(question) WHERE t.builtin) e, LATERAL dbinsight.chat(e.question) c;
CREATE TEMP TABLE offered AS
SELECT DISTINCT ON (s.question COLLATE "C") s.question, a.question AS after, a.conversation_id
FROM answer a JOIN dbinsight.chat_messages m ON m.id = a.message_id, unnest(m.suggestions) s(question)
ORDER BY s.question COLLATE "C", a.question COLLATE "C";
SELECT count(*) > 25 AS suggestions FROM offered;
CREATE TEMP TABLE told AS
SELECT o.*, said.kind, plan.calls, alone.calls AS calls_alone
FROM offered o, LATERAL (SELECT dbinsight.explain_ask(o.question, o.conversation_id) AS after, dbinsight.explain_ask(o.question) AS alone) x,
	LATERAL (SELECT substring(x.after FROM '(?n)^kind: (\w+)') AS kind) said,
	LATERAL (SELECT array_agg(m.c[1]) AS calls FROM regexp_matches(x.after, '(?n)^  (\w+\.\w+ \{.*\})', 'g') m(c)) plan,
	LATERAL (SELECT array_agg(m.c[1]) AS calls FROM regexp_matches(x.alone, '(?n)^  (\w+\.\w+ \{.*\})', 'g') m(c)) alone;
-- Not answered, or otherwise than alone (none):
SELECT after, question, kind, calls, calls_alone FROM told WHERE kind <> 'answer' OR calls IS DISTINCT FROM calls_alone ORDER BY question COLLATE "C";
-- Asked: nothing is claimed that is not so (none).
CREATE TEMP TABLE asked AS SELECT o.question, c.grounded FROM offered o, LATERAL dbinsight.chat(o.question, o.conversation_id) c;
SELECT * FROM asked WHERE NOT grounded ORDER BY question COLLATE "C";
ROLLBACK;
