-- ask() and chat(): an agent and a tool of one's own, from registration to the
-- answer and its evidence.
\set ON_ERROR_ROLLBACK on
\set SHOW_CONTEXT never
BEGIN;
SET LOCAL dbinsight.now = '2025-03-10 12:00:00+00';
CREATE SCHEMA shop;
CREATE TABLE shop.orders (id int, customer text, amount_usd numeric, age_h float8, shipped boolean, ordered_at timestamptz);
-- 2000.129 + 120.5 + 7 = 2127.629
INSERT INTO shop.orders VALUES (1, 'ada', 120.5, 26, false, '2025-03-09 10:00+00'), (2, 'bob|[x](http://evil.example)', 2000.129, 3, true, '2025-03-10 09:00+00'),
	(3, 'eve', 7, 74, NULL, '2025-03-07 10:00+00');
SET LOCAL check_function_bodies = off;
CREATE FUNCTION shop.get_open_orders(days int DEFAULT 7, customer text DEFAULT NULL)
	RETURNS TABLE (customer text, amount_usd numeric, age_h float8, shipped boolean, ordered_at timestamptz)
	LANGUAGE sql STABLE AS $$
	/* orders is found without its schema: the tool's own schema is on the path */
	SELECT o.customer, o.amount_usd, o.age_h, o.shipped, o.ordered_at FROM orders o
	WHERE o.ordered_at >= dbinsight.now() - days * interval '1 day' AND (get_open_orders.customer IS NULL OR o.customer = get_open_orders.customer)
	ORDER BY o.amount_usd DESC $$;
COMMENT ON FUNCTION shop.get_open_orders(int, text) IS
'Which customer orders are open, the largest first?
@param days look-back in days, 1 to 90, default 7
@param customer name of a customer';
SELECT dbinsight.register_agent('orders', 'open customer orders of the shop', '', ARRAY['Which customer orders are open?']);
SELECT dbinsight.register_tool('shop.get_open_orders(int, text)', 'orders', ARRAY['Which customer orders are open?', 'show me open customer orders', 'largest open orders']);

-- Without a template: from the names and types of the columns.
SELECT dbinsight.ask('Which customer orders are open?');
-- The same question again: the same bytes.
SELECT count(DISTINCT content), count(*) FROM (SELECT dbinsight.ask('Which customer orders are open?') AS content FROM generate_series(1, 3)) x;

-- With one, and rules: headline, findings, advice, follow-up.
INSERT INTO dbinsight.answer_templates (tool, noun, subject, measure, columns) VALUES
	('shop.get_open_orders', 'open order/open orders', 'customer', 'amount_usd', ARRAY['customer', 'amount_usd=Worth', 'age_h=Age']);
INSERT INTO dbinsight.answer_rules (tool, part, position, condition, body) VALUES
	('shop.get_open_orders', 'headline', 10, 'rows > 100', 'Too many.'),
	('shop.get_open_orders', 'headline', 20, NULL, '**{rows|order is/orders are} open**, worth {sum(amount_usd)}; the largest {customer} with {amount_usd}[[, {rows(where shipped)} shipped]][[, {rows(where age_h > 1000)} very old]].'),
	('shop.get_open_orders', 'finding', 10, 'max(age_h) > 48', 'The oldest waits {max(age_h)}: {best(customer by age_h)}.'),
	('shop.get_open_orders', 'finding', 20, 'max(age_h) > 480', 'Never said.'),
	('shop.get_open_orders', 'action', 10, 'max(age_h) > 48', 'Ship the order of **{best(customer by age_h)}**.'),
	('shop.get_open_orders', 'follow_up', 10, NULL, 'Which customer orders of {customer} are open?');
SELECT conversation_id, message_id, content, agents, suggestions, grounded, scores - 'response_time' - 'confidence' - 'overall' - 'details' AS scores, model, prompt_tokens, completion_tokens, cost_usd,
	latency_ms > 0 AS timed, tool_calls #- '{0,elapsed_ms}' AS tool_calls
FROM dbinsight.chat('Which customer orders are open?') \gset
\echo :content
SELECT :'agents'::text[] AS agents, :'suggestions'::text[] AS suggestions, :'grounded'::boolean AS grounded, :'scores'::jsonb AS scores, :'model' AS model,
	:prompt_tokens + :completion_tokens + :cost_usd AS free, :'timed'::boolean AS timed;
SELECT :'tool_calls'::jsonb AS tool_calls;
SELECT * FROM dbinsight.evidence(:'message_id');
-- Every figure of the answer is there: none without a cell, a derivation, an argument.
SELECT count(*) FROM dbinsight.evidence(:'message_id') WHERE NOT grounded;

-- The conversation: both sides, in order; a second turn goes on in it.
SELECT dbinsight.ask('Which customer orders are open?', :'conversation_id') LIKE '**3 orders are open**%' AS again;
SELECT seq, role, left(content, 31) AS content, agents, grounded FROM dbinsight.chat_messages WHERE conversation_id = :'conversation_id' ORDER BY seq;
SELECT title FROM dbinsight.chat_conversations WHERE id = :'conversation_id';
SELECT dbinsight.export_conversation(:'conversation_id');
SELECT x ->> 'title' AS title, jsonb_array_length(x -> 'messages') AS messages, x #>> '{messages,0,content}' AS first, x #>> '{messages,1,model}' AS model,
	jsonb_array_length(x #> '{messages,1,evidence}') > 5 AS evidence
FROM (SELECT dbinsight.export_conversation(:'conversation_id', 'JSON')::jsonb AS x) e;

-- More rows than are read: said so.
SET LOCAL dbinsight.max_tool_rows = 2;
SELECT split_part(dbinsight.ask('Which customer orders are open?'), E'\n', 1);
SELECT split_part(dbinsight.ask('Which customer orders are open?'), '*Sources:*', 2);
RESET dbinsight.max_tool_rows;

-- Nothing found.
DELETE FROM shop.orders;
SELECT split_part(dbinsight.ask('Which customer orders are open?'), E'\n', 1);
ROLLBACK;

-- In a read-only transaction the answer comes, but is not kept.
BEGIN READ ONLY;
SELECT conversation_id IS NULL AND message_id IS NULL AS not_kept, content <> '' AS answered FROM dbinsight.chat('Which jobs failed in the last 24 hours?');
ROLLBACK;
