-- What ask_stream() shows, joined, is what chat() answers: for an example of
-- each tool on the sample account. Prints the questions for which it is not.
BEGIN;
SET LOCAL dbinsight.now = '2026-06-15 12:00:00+00';
CREATE TEMP TABLE compared AS
SELECT q.question, c.content AS chat, s.content AS stream, s.first, s.last
FROM (SELECT DISTINCT ON (t.tool) t.examples[1] FROM dbinsight.agent_tools t WHERE t.builtin ORDER BY t.tool, t.position) q(question),
	LATERAL dbinsight.chat(q.question) c,
	LATERAL (SELECT string_agg(e.content, '' ORDER BY e.seq) FILTER (WHERE e.event = 'delta'),
		(array_agg(e.event ORDER BY e.seq))[1], (array_agg(e.event ORDER BY e.seq DESC))[1] FROM dbinsight.ask_stream(q.question) e) s(content, first, last);
SELECT count(*) > 50 AS many, bool_and(first = 'start' AND last = 'finish') AS whole FROM compared;
SELECT question FROM compared WHERE stream IS DISTINCT FROM chat ORDER BY question COLLATE "C";
ROLLBACK;
