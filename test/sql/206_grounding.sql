-- The referee: every figure of a text against the rows of its turn; scores and
-- feedback. The rows are made by hand, so that what is true can be read here.
\set ON_ERROR_ROLLBACK on
\set SHOW_CONTEXT never
BEGIN;
SET LOCAL dbinsight.now = '2025-03-10 12:00:00+00';
CREATE SCHEMA shop;
CREATE FUNCTION shop.get_sales(days int DEFAULT 7)
	RETURNS TABLE (shop_name text, region text, cost_usd numeric, expected_usd numeric, delta_usd numeric, share_pct numeric, orders bigint, wait_s float8, is_new boolean, last_sale timestamptz)
	LANGUAGE sql STABLE AS $$ VALUES
	('corner_shop', 'NORTH', 1200.40, 1000.40, 200.00, 60.02, 31::bigint, 95::float8, false, timestamptz '2025-03-09 10:15+00'),
	('harbour_shop', 'SOUTH', 500.00, 650.00, -150.00, 25.00, 12, 40, true, '2025-03-08 09:00+00'),
	('mill_shop', 'SOUTH', 299.60, 299.60, 0.00, 14.98, 7, 310, false, '2025-03-07 08:30+00') $$;
COMMENT ON FUNCTION shop.get_sales(int) IS 'Which shops of the village cost most?
@param days look-back in days, 1 to 90, default 7';
SELECT dbinsight.register_agent('shops', 'shops of the village', '', ARRAY['Which village shops cost most?']);
SELECT dbinsight.register_tool('shop.get_sales(int)', 'shops', ARRAY['Which village shops cost most?', 'show the village shops']);
INSERT INTO dbinsight.answer_templates (tool, noun, subject, measure) VALUES ('shop.get_sales', 'shop/shops', 'shop_name', 'cost_usd');
SELECT message_id AS answer, conversation_id AS talk, grounded FROM dbinsight.chat('Which village shops cost most?', NULL, 'shops') \gset
SELECT :'grounded'::boolean AS grounded;
SELECT split_part(content, E'\n---\n', 1) FROM dbinsight.chat_messages WHERE id = :'answer';
-- What is kept of the call.
SELECT tool, given, row_count, truncated, noun, jsonb_array_length(rows) AS kept, columns -> 2 AS third, rows -> 1 -> 2 AS cell FROM dbinsight.chat_results WHERE message_id = :'answer';
SELECT count(*), count(*) FILTER (WHERE supported) AS supported FROM dbinsight.grounding(:'answer');
SELECT span, kind, reason, tool, row_number, column_name FROM dbinsight.grounding(:'answer') WHERE kind = 'number' LIMIT 4;

-- What holds and what does not. Each line is true or false by the rows above:
-- sum 2000.00, mean 666.67, south 799.60 = 40.0 % of all, 50 orders.
CREATE TEMP TABLE said (n int GENERATED ALWAYS AS IDENTITY, text text, holds boolean);
INSERT INTO said (text, holds) VALUES
	('**corner_shop** cost $1,200.40.', true),
	('**corner_shop** cost $1,200.', true),
	('**corner_shop** cost $1.2k.', true),
	('**corner_shop** cost $1,201.', false),
	('**corner_shop** cost $1,300.', false),
	('**corner_shop** cost €1,200.', false),
	('**corner_shop** cost 1,200%.', false),
	('**corner_shop** cost $500.00.', false),                 -- another row's
	('All shops cost $2,000 together, $666.67 a shop in the mean.', true),
	('All shops cost $2,100 together.', false),
	('SOUTH cost $799.60, 40% of all.', true),
	('SOUTH cost $799.60, 41% of all.', false),
	('**corner_shop** made 60% of it.', true),
	('**corner_shop** made 16% of it.', false),
	('**corner_shop** is up $200 on what was expected.', true),
	('**corner_shop** is down $200 on what was expected.', false),
	('**harbour_shop** fell by $150.', true),
	('**harbour_shop** rose by $150.', false),
	('**harbour_shop**: -$150 against the expected $650.', true),
	('**harbour_shop**: +$150 against the expected $650.', false),
	('**corner_shop** is 20% above what was expected.', true), -- 200 / 1000.40 = 19.99 %
	('3 shops were seen.', true),
	('4 shops were seen.', false),
	('2 shops in SOUTH.', true),
	('3 shops in SOUTH.', false),
	('1 new shop.', true),
	('2 regions.', true),
	('3 regions.', false),
	('50 orders in all.', true),
	('51 orders in all.', false),
	('**mill_shop** has 7 orders.', true),
	('**mill_shop** has 12 orders.', false),
	('The largest cost is $1,200 (corner_shop).', true),
	('The smallest cost is $1,200 (corner_shop).', false),
	('The longest wait is 5 min 10 s (mill_shop).', true),
	('The shortest wait is 5 min 10 s (mill_shop).', false),
	('The longest wait is 5 min 11 s (mill_shop).', false),
	('The longest wait is 5 h 10 min (mill_shop).', false),
	('The highest cost has **corner_shop**.', true),
	('The lowest cost has **corner_shop**.', false),
	('The latest sale was at 2025-03-09 10:15 UTC.', true),
	('The oldest sale was at 2025-03-09 10:15 UTC.', false),
	('The latest sale was at 2025-03-09 10:16 UTC.', false),
	('The last sale of **mill_shop** was on 2025-03-07.', true),
	('The last sale of **mill_shop** was on 2025-03-09.', false),
	('Sales of the last 7 days.', true),
	('Sales of the last 8 days.', false),
	('**cellar_shop** is closed.', true),                      -- no such shop: see below
	('Ask mary@shop.example.', false),
	(E'1. corner_shop\n2. harbour_shop\n3. mill_shop', true),   -- ordinals of a list claim nothing
	(E'| Shop | Cost | Orders |\n| --- | ---: | ---: |\n| corner_shop | $1,200 | 31 |\n| mill_shop | $299.60 | 7 |', true),
	(E'| Shop | Cost | Orders |\n| --- | ---: | ---: |\n| corner_shop | $1,200 | 13 |\n| mill_shop | $299.60 | 7 |', false),
	(E'| Shop | Cost | Orders |\n| --- | ---: | ---: |\n| corner_shop | $299.60 | 31 |\n| mill_shop | $1,200 | 7 |', false),
	(E'| Shop | Change |\n| --- | ---: |\n| corner_shop | +$200.00 |\n| harbour_shop | -$150.00 |', true),
	(E'| Shop | Change |\n| --- | ---: |\n| corner_shop | +$200.00 |\n| harbour_shop | +$150.00 |', false),
	(E'| Shop | Wait |\n| --- | ---: |\n| corner_shop | 1 min 35 s |\n| mill_shop | 5 min 10 s |', true),
	(E'| Shop | Wait |\n| --- | ---: |\n| corner_shop | 1 h 35 min |\n| mill_shop | 5 min 10 s |', false);
UPDATE said SET holds = false WHERE text LIKE '%cellar_shop%';
-- Judged otherwise than the rows say (none):
SELECT s.text, s.holds, g -> 'spans' AS spans FROM said s, LATERAL dbinsight._check_text(:'answer', s.text) g
WHERE ((g ->> 'supported')::int = (g ->> 'claims')::int) <> s.holds ORDER BY s.n;
-- Why not:
SELECT x ->> 0 AS span, x ->> 3 AS reason FROM jsonb_array_elements(dbinsight._check_text(:'answer', '**corner_shop** is down $200 on what was expected, with 32 orders.') -> 'spans') x WHERE NOT (x ->> 2)::boolean;
SELECT dbinsight._check_text(:'answer', '') AS nothing, dbinsight._check_text(:'answer', 'All is well.') AS no_claim;

-- JSON that no call made is refused.
SELECT dbinsight._ground('q', '[1]', 'x 5');
\set VERBOSITY sqlstate
SELECT dbinsight._ground('q', '7', 'x 5');
SELECT dbinsight._ground('q', '{}', 'x 5');
SELECT dbinsight._ground('q', '[{}]', 'x 5');
SELECT dbinsight._ground('q', '[{"agent": "a", "tool": "t", "arguments": {}, "row_count": 1, "columns": [["c", "usd"]], "rows": [7, []]}]', 'x 5') -> 'claims' AS claims;
\set VERBOSITY default
SELECT dbinsight._ground('q', '[]', repeat('| 5 ', 3000)) -> 'supported' AS supported;

-- Rows that plain words name: their figures are theirs, wherever in the clause they stand.
CREATE TEMP TABLE meals AS SELECT $$[{"agent": "zoo", "tool": "get_meals", "arguments": {}, "row_count": 3, "noun": "animal/animals",
	"columns": [["animal", "text"], ["diet", "text"], ["meals", "count"], ["cost_usd", "usd"]],
	"rows": [["giraffe", "leaves", 5, 40.25], ["zebra", "grass", 6, 12.50], ["penguin", "fish", 7, 3.00]]}]$$::jsonb AS results;
CREATE TEMP TABLE told (n int GENERATED ALWAYS AS IDENTITY, text text, holds boolean);
INSERT INTO told (text, holds) VALUES
	('The **giraffe** ate for $40.25.', true),
	('The **zebra** ate for $40.25.', false),                  -- the giraffe's
	('The zebra ate for $40.25.', false),
	('The zebra ate for $12.50.', true),
	('Zebras ate for $12.50.', true),
	('$40.25 is what the zebra ate for.', false),
	('The zebra, at last, ate for $40.25.', false),
	('The zebra ate for $3.00.', false),                       -- the smallest
	('The zebra ate for $55.75.', false),                      -- the sum
	('The zebra ate 6 meals.', true),
	('The zebra ate 5 meals.', false),
	('The zebra and the giraffe ate for $12.50 and $40.25.', true),
	('The zebra and the giraffe ate for $12.50 and $3.00.', false),
	('The giraffe ate for $40.25, the zebra for $12.50: $55.75 for 3 animals.', true),
	('The giraffe ate for $12.50, the zebra for $40.25.', false),
	('The zebra ate for $12.50 of a total of $55.75.', true),
	('Giraffe, zebra and penguin ate for $55.75.', true),
	('The zebra is next. It ate for $12.50.', true),
	('The zebra is next. It ate for $40.25.', false),
	('The zebra is next. All animals ate for $55.75.', true),
	('What eats grass ate for $40.25.', false),
	('What eats grass ate for $12.50.', true);
SELECT t.text, t.holds, g -> 'spans' AS spans FROM told t, meals, LATERAL dbinsight._ground('Which meals?', results::text, t.text) g
WHERE ((g ->> 'supported')::int = (g ->> 'claims')::int) <> t.holds ORDER BY t.n;

-- Of several names in a clause a figure is of its own; a list of names may have one figure, their sum. Values
-- may be denied, and be two of one column; the rest of a list is what is not told; a text is told as a whole.
CREATE TEMP TABLE work AS SELECT $$[{"agent": "zoo", "tool": "get_work", "arguments": {}, "row_count": 4, "noun": "job/jobs",
	"columns": [["job_name", "text"], ["state", "text"], ["cost_usd", "usd"], ["runs", "count"], ["failed", "count"], ["user_email", "text"], ["user_type", "text"], ["message", "text"], ["tag", "text"]],
	"rows": [["load_a", "IDLE", 5.25, 11, 0, "ann@zoo.example", "HUMAN", "9 lions seen by 2 guards", "team=cats"], ["load_b", "BUSY", 7.75, 12, 3, "bob@zoo.example", "HUMAN", null, "team=dogs"],
	["load_c", "UNDERUSED", 1.50, 13, 1, "svc", "ROBOT", null, "(none)"], ["load_d", "BUSY", 2.50, 24, 4, "ann@zoo.example", "HUMAN", null, "team=cows"]]}]$$ AS results;
SELECT t.text, t.holds, g -> 'spans' AS spans FROM (VALUES
	(1, '**load_a** cost $5.25 and **load_b** cost $7.75.', true),
	(2, '**load_a** cost $7.75 and **load_b** cost $5.25.', false),
	(3, 'load_a ($5.25) and load_b ($7.75).', true),
	(4, 'load_a ($7.75) and load_b ($5.25).', false),
	(5, '$5.25 for load_a and $7.75 for load_b.', true),
	(6, '$7.75 for load_a and $5.25 for load_b.', false),
	(7, 'load_a and load_b cost $5.25 and $7.75.', true),
	(8, 'load_a and load_b cost $7.75 and $5.25.', false),
	(9, 'load_a cost $5.25 against load_b.', true),
	(10, 'load_a cost $7.75 against load_b.', false),
	(11, 'load_a has 11 runs and load_b has 12 runs.', true),
	(12, 'load_a has 12 runs and load_b has 11 runs.', false),
	(13, 'load_a and load_b cost $13.00.', true),             -- 5.25 + 7.75
	(14, 'load_a, load_b and load_c cost $14.50 together.', true),
	(15, 'load_a, load_b and load_c cost $17.00 together.', false), -- all four
	(16, 'load_a, load_b and load_c cost $13.00.', false),
	(17, 'With load_b at $7.75 and load_a at $5.25, load_c is the cheapest with $1.50.', true),
	(18, 'Idle or underused jobs cost $6.75.', true),         -- 5.25 + 1.50
	(19, 'Idle or underused jobs cost $10.25.', false),       -- 7.75 + 2.50
	(20, '2 of 4 jobs are not busy.', true),
	(21, '3 of 4 jobs are not busy.', false),
	(22, 'Jobs that are not busy cost $6.75.', true),
	(23, '1 job without a failed run.', true),
	(24, '2 jobs without a failed run.', false),
	(25, '2 human users and 1 robot.', true),
	(27, 'load_a: 9 lions seen by 2 guards.', true),
	(28, 'load_a: 9 lions seen by 3 guards.', false),
	(29, '9 lions.', false),                                  -- not the whole of it
	(30, 'Of ann@zoo.example, bob@zoo.example and 1 more.', true),
	(31, 'Of ann@zoo.example, bob@zoo.example and 2 more.', false),
	(32, 'After that, of ann@zoo.example and 2 more.', true), -- the comma before parts no names
	(33, 'The jobs of team=cats cost $5.25.', true),
	(34, 'The jobs of team=cats cost $7.75.', false),
	(35, 'Of 60 runs 86.7% have not failed.', true), -- 52
	(36, 'Of 60 runs 85.7% have not failed.', false)) t(n, text, holds),
	work, LATERAL dbinsight._ground('Which work?', results, t.text) g
WHERE ((g ->> 'supported')::int = (g ->> 'claims')::int) <> t.holds ORDER BY t.n;

-- A rate is not the column that has the same word: the mean of 30 and 50 is 40, the day before cost 30.
SELECT t.text, g ->> 'supported' AS supported FROM (VALUES (1, 'In all $80, $40 a day.'), (2, 'In all $80, $31 a day.'), (3, 'The prior day: $30.')) t(n, text),
	LATERAL dbinsight._ground('Costs?', $$[{"agent": "cost", "tool": "get_days", "arguments": {}, "row_count": 2, "columns": [["usage_date", "date"], ["total_cost", "usd"], ["prior_day_cost", "usd"]],
	"rows": [["2026-06-01", 30, 20], ["2026-06-02", 50, 30]]}]$$, t.text) g ORDER BY t.n;

-- What cannot be added up is no sum: workspaces that days share (3 + 5), percentages, the longest of several waits.
SELECT t.text, g ->> 'supported' AS supported FROM (VALUES (1, 'Orders: 20 in all.'), (2, 'Active workspaces: 8 in all.'), (3, 'Errors of 120% in all.'), (4, 'The waits were 150 s in all.'), (5, 'Shares of 80% in all.')) t(n, text),
	LATERAL dbinsight._ground('Orders?', $$[{"agent": "shops", "tool": "get_days", "arguments": {}, "row_count": 2, "columns": [["usage_date", "date"], ["orders", "count"], ["workspace_count", "count"], ["error_rate_pct", "pct"],
	["longest_wait_s", "seconds"], ["share_pct", "pct"]], "rows": [["2026-06-01", 9, 3, 70, 90, 30], ["2026-06-02", 11, 5, 50, 60, 50]]}]$$, t.text) g ORDER BY t.n;

-- A sentence without an end is judged in pieces, none of which is left out: 400 figures, of which each third holds.
SELECT g -> 'claims' AS claims, g -> 'supported' AS supported
FROM meals, LATERAL dbinsight._ground('Which meals?', results::text, (SELECT string_agg(format('the %s ate for $12.50', (ARRAY['zebra', 'giraffe', 'penguin'])[1 + i % 3]), ', ' ORDER BY i) FROM generate_series(1, 399) i)) g;

-- Every digit of the answer in turn, each sign and unit: the referee objects.
CREATE TEMP TABLE mutant AS
SELECT overlay(m.content PLACING ((substr(m.content, p, 1)::int + d) % 10)::text FROM p FOR 1) AS text, substr(m.content, p - 12, 24) AS around
FROM dbinsight.chat_messages m, generate_series(1, length(m.content)) p, (VALUES (1), (5)) v(d) WHERE m.id = :'answer' AND substr(m.content, p, 1) ~ '[0-9]';
INSERT INTO mutant SELECT overlay(m.content PLACING translate(substr(m.content, p, 1), '+-', '-+') FROM p FOR 1), substr(m.content, p - 12, 24)
FROM dbinsight.chat_messages m, generate_series(1, length(m.content)) p WHERE m.id = :'answer' AND substr(m.content, p, 2) ~ '[+-][0-9$]' AND substr(m.content, p - 1, 1) !~ '[0-9a-z]';
INSERT INTO mutant SELECT overlay(m.content PLACING CASE substr(m.content, p, 1) WHEN '$' THEN '€' ELSE ' GiB' END FROM p FOR 1), substr(m.content, p - 12, 24)
FROM dbinsight.chat_messages m, generate_series(1, length(m.content)) p WHERE m.id = :'answer' AND (substr(m.content, p, 1) = '$' OR substr(m.content, p - 1, 2) ~ '[0-9]%');
SELECT count(*) AS mutants, count(*) FILTER (WHERE (g ->> 'supported')::int < (g ->> 'claims')::int) AS objected FROM mutant, LATERAL dbinsight._check_text(:'answer', text) g;
SELECT around FROM mutant, LATERAL dbinsight._check_text(:'answer', text) g WHERE (g ->> 'supported')::int = (g ->> 'claims')::int ORDER BY around COLLATE "C";

-- Scores: the same from what is stored as at the time.
SELECT m.scores = dbinsight.score(m.id) AS same, m.scores - 'details' - 'response_time' - 'overall' - 'confidence' AS scores, (m.scores ->> 'confidence')::numeric BETWEEN 0 AND 1 AS confidence FROM dbinsight.chat_messages m WHERE m.id = :'answer';
-- overall is the weighted geometric mean of the others
SELECT abs((m.scores ->> 'overall')::float8 - (SELECT exp(sum(w.weight * ln((m.scores ->> w.name)::float8)) / sum(w.weight)) FROM dbinsight.score_weights w WHERE w.part = 'overall' AND m.scores ? w.name)) < 0.001 AS overall
FROM dbinsight.chat_messages m WHERE m.id = :'answer';
-- Unsupported claims and contradictions, worked by hand: 4 numbers of which 3 hold, 2 names of which 1 holds: (3 + 0.5) / (4 + 1) = 0.7;
-- one contradiction in six claims: 0.7 x 5/6 = 0.5833.
SELECT s ->> 'groundedness' AS groundedness, s ->> 'accuracy' AS accuracy, s ->> 'completeness' AS completeness, s ->> 'response_time' AS response_time
FROM dbinsight._scores('Two lines.', '[{"agent": "a", "tool": "t", "role": "answer", "ok": true, "rows": 1, "arguments": {}}]',
	'{"claims": 6, "supported": 4, "contradictions": 1, "spans": [["1","number",true],["2","number",true],["3","number",true],["4","number",false],["a","name",true],["b","name",false]]}', '{"agents": ["a"]}', 2000) s;
-- A failed call counts a half, an agent that was not asked none: (1 + 0.5 + 0) / 3.
SELECT dbinsight._scores('x', '[{"agent": "a", "role": "answer", "ok": true, "rows": 0}, {"agent": "b", "role": "answer", "ok": false}]', NULL, '{"agents": ["a", "b", "c"]}', 1) ->> 'completeness' AS completeness;
-- Without calls there is nothing to be right about.
SELECT scores ? 'groundedness' AS groundedness, scores ? 'clarity' AS clarity FROM dbinsight.chat('hello');

-- Feedback.
SELECT dbinsight.give_feedback(:'answer', 2);
SELECT dbinsight.give_feedback(:'answer', 1, NULL, 'nobody');
SELECT dbinsight.give_feedback(:'answer', 1, NULL, 'shops', 'get_failed_jobs');
SELECT dbinsight.give_feedback('00000000-0000-0000-0000-000000000000', 1);
SELECT dbinsight.give_feedback(:'answer', -1, 'not what I asked', 'cost', 'get_top_cost_drivers');
SELECT rating, comment, expected_agent, expected_tool, question, verified_at FROM dbinsight.feedback;
SELECT count(*) AS before_verifying FROM dbinsight.intent_examples WHERE example = 'Which village shops cost most?';
SELECT dbinsight.verify_feedback('00000000-0000-0000-0000-000000000000');
SELECT dbinsight.verify_feedback(:'answer', false) AS refused;
SELECT dbinsight.verify_feedback(:'answer') AS taught;
SELECT agent, tool, example, builtin FROM dbinsight.intent_examples WHERE example = 'Which village shops cost most?';
SELECT accepted, verified_by, verified_at FROM dbinsight.feedback;
-- Said anew, it waits again.
SELECT dbinsight.give_feedback(:'answer', 1);
SELECT rating, expected_agent, verified_at FROM dbinsight.feedback;
SELECT agent, answers, groundedness, rated, feedback_share, last_at FROM dbinsight.agent_scores WHERE agent = 'shops';
-- One rated answer with confidence p: Brier (p - 1)^2, calibration error |p - 1|.
SELECT s -> 'feedback' AS feedback, s -> 'answers' AS answers, (s #>> '{calibration,brier}')::numeric = round((1 - p) ^ 2, 4) AS brier, (s #>> '{calibration,expected_calibration_error}')::numeric = round(1 - p, 4) AS error
FROM dbinsight.system_score() s, (SELECT (scores ->> 'confidence')::numeric AS p FROM dbinsight.chat_messages WHERE id = :'answer') m;

-- Another person sees nothing of it; a reader cannot verify.
CREATE ROLE regress_gil LOGIN IN ROLE dbinsight_reader;
SET LOCAL ROLE regress_gil;
SELECT (SELECT count(*) FROM dbinsight.chat_results) AS results, (SELECT count(*) FROM dbinsight.feedback) AS feedback;
SELECT dbinsight._check_text(NULL, 'x');
\set VERBOSITY sqlstate
SELECT * FROM dbinsight.grounding(:'answer');
SELECT dbinsight.score(:'answer');
SELECT dbinsight._check_text(:'answer', 'x');
SELECT dbinsight.give_feedback(:'answer', 1);
SELECT dbinsight.verify_feedback(:'answer');
\set VERBOSITY default
SELECT answers FROM dbinsight.agent_scores WHERE agent = 'shops';
SELECT message_id AS own FROM dbinsight.chat('Which jobs failed in the last 24 hours?') \gset
SELECT dbinsight.give_feedback(:'own', 1, 'fine');
SELECT count(*) FROM dbinsight.feedback;
SELECT count(*) FROM dbinsight.chat_results;
RESET ROLE;
ROLLBACK;
