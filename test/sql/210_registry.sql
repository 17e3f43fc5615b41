-- The registry: schemas from types, defaults and comments; a user's own agent
-- and tool; what is refused.
\set ON_ERROR_ROLLBACK on
\set SHOW_CONTEXT never
BEGIN;
SET LOCAL dbinsight.now = '2025-03-10 12:00:00+00';
CREATE SCHEMA shop;
CREATE TYPE shop.state AS ENUM ('open', 'shipped', 'late');

CREATE FUNCTION shop.get_open_orders(days int DEFAULT 7, customer text DEFAULT NULL, state shop.state DEFAULT 'open', smallest numeric DEFAULT 0.5,
	since timestamptz DEFAULT NULL, tags text[] DEFAULT '{}', rushed boolean DEFAULT false)
	RETURNS TABLE (customer_name text, cost numeric) LANGUAGE sql STABLE AS $$ SELECT 'ada', 12.5 WHERE false $$;
COMMENT ON FUNCTION shop.get_open_orders(int, text, shop.state, numeric, timestamptz, text[], boolean) IS
'Which orders are open?
not for: orders that were shipped
@param days look-back in days, 1 to 90, default 7
@param customer name of a customer
@param smallest least amount, 0.5–1000';

SELECT dbinsight.register_agent('orders', 'orders of the shop', '', ARRAY['Which orders are open?']);
SELECT dbinsight.register_tool('shop.get_open_orders(int, text, shop.state, numeric, timestamptz, text[], boolean)', 'orders', ARRAY['show me open orders']);
-- Twice is once.
SELECT dbinsight.register_tool('shop.get_open_orders(int, text, shop.state, numeric, timestamptz, text[], boolean)', 'orders', ARRAY['show me open orders']);
SELECT agent, tool, description, jsonb_pretty(parameters) FROM dbinsight.tools('orders');
SELECT count(*) FROM dbinsight.agent_tools WHERE agent = 'orders';

-- Every tool that ships has a schema that closes its arguments, and a description.
SELECT count(*) > 40 AS many, bool_and(parameters ->> 'type' = 'object') AS objects,
	bool_and(parameters -> 'additionalProperties' = 'false') AS closed, bool_and(description <> '') AS described
FROM dbinsight.tools();
-- What stands in a schema is what the function takes.
SELECT t.tool FROM dbinsight.tools() t JOIN dbinsight.agent_tools a USING (agent, tool) JOIN pg_proc p ON p.proname = a.tool AND dbinsight._signature(p.oid) = a.function
WHERE (SELECT count(*) FROM jsonb_object_keys(t.parameters -> 'properties')) <> p.pronargs
	OR jsonb_array_length(t.parameters -> 'required') <> p.pronargs - p.pronargdefaults;
-- Required is what has no default.
SELECT parameters -> 'required' AS required, parameters #>> '{properties,max_depth,default}' AS max_depth
FROM dbinsight.tools('governance') WHERE tool = 'get_table_lineage';

-- Refused, each with what to do.
CREATE FUNCTION shop.write_it() RETURNS int LANGUAGE sql VOLATILE AS 'SELECT 1';
CREATE FUNCTION shop.as_owner() RETURNS int LANGUAGE sql STABLE SECURITY DEFINER AS 'SELECT 1';
CREATE FUNCTION shop.nothing() RETURNS void LANGUAGE sql STABLE AS '';
CREATE FUNCTION shop.shapeless() RETURNS SETOF record LANGUAGE sql STABLE AS 'SELECT 1, 2';
CREATE FUNCTION shop.anything(x anyelement) RETURNS text LANGUAGE sql STABLE AS 'SELECT $1::text';
CREATE FUNCTION shop.nameless(int) RETURNS int LANGUAGE sql STABLE AS 'SELECT $1';
CREATE FUNCTION shop.many(VARIADIC x int[]) RETURNS int LANGUAGE sql STABLE AS 'SELECT 1';
CREATE PROCEDURE shop.proc() LANGUAGE sql AS '';
CREATE FUNCTION shop.get_failed_jobs() RETURNS int LANGUAGE sql STABLE AS 'SELECT 1';
SAVEPOINT s;
SELECT dbinsight.register_tool('shop.write_it()', 'orders'); ROLLBACK TO s;
SELECT dbinsight.register_tool('shop.as_owner()', 'orders'); ROLLBACK TO s;
SELECT dbinsight.register_tool('shop.nothing()', 'orders'); ROLLBACK TO s;
SELECT dbinsight.register_tool('shop.shapeless()', 'orders'); ROLLBACK TO s;
SELECT dbinsight.register_tool('shop.anything(anyelement)', 'orders'); ROLLBACK TO s;
SELECT dbinsight.register_tool('shop.nameless(int)', 'orders'); ROLLBACK TO s;
SELECT dbinsight.register_tool('shop.many(int[])', 'orders'); ROLLBACK TO s;
SELECT dbinsight.register_tool('shop.proc()', 'orders'); ROLLBACK TO s;
SELECT dbinsight.register_tool('pg_catalog.sum(int)', 'orders'); ROLLBACK TO s;
SELECT dbinsight.register_tool('shop.get_failed_jobs()', 'orders'); ROLLBACK TO s;
SELECT dbinsight.register_tool('shop.get_open_orders(int, text, shop.state, numeric, timestamptz, text[], boolean)', 'no_such_agent'); ROLLBACK TO s;
SELECT dbinsight.register_tool(NULL, 'orders'); ROLLBACK TO s;
SELECT dbinsight.register_agent('Bad Name', 'x'); ROLLBACK TO s;
SELECT dbinsight.register_agent('empty', '  '); ROLLBACK TO s;
SELECT dbinsight.register_agent('cost', 'mine'); ROLLBACK TO s;
SELECT * FROM dbinsight.tools('no_such_agent'); ROLLBACK TO s;

-- A tool without its function is no tool.
DROP FUNCTION shop.get_open_orders(int, text, shop.state, numeric, timestamptz, text[], boolean);
SELECT count(*) FROM dbinsight.tools('orders');
ROLLBACK TO s;
-- Nor is one the caller may not execute.
REVOKE EXECUTE ON FUNCTION shop.get_open_orders(int, text, shop.state, numeric, timestamptz, text[], boolean) FROM PUBLIC;
CREATE ROLE regress_registry IN ROLE dbinsight_reader;
SET LOCAL ROLE regress_registry;
SELECT count(*) FROM dbinsight.tools('orders');
RESET ROLE;
ROLLBACK TO s;

-- Templates: what they mention exists; a body that holds a figure, or cannot be read, is refused.
WITH columns AS (
	SELECT 'dbinsight.' || p.proname AS tool, p.proname || '.' || c AS qualified, c AS name
	FROM (SELECT DISTINCT tool, function FROM dbinsight.agent_tools WHERE builtin) t JOIN pg_proc p ON p.proname = t.tool AND dbinsight._signature(p.oid) = t.function,
		unnest(p.proargnames[p.pronargs + 1:]) c
), mentions AS (
	SELECT r.tool, unnest(dbinsight._template_columns(r.body, false) || dbinsight._template_columns(r.condition, true)) AS name
	FROM dbinsight.answer_rules r WHERE r.builtin
	UNION
	SELECT t.tool, unnest(dbinsight._template_columns(t.yes, true) || t.subject || t.measure || ARRAY(SELECT substring(c FROM '^[^|=]+') FROM unnest(t.columns) c))
	FROM dbinsight.answer_templates t WHERE t.builtin
)
SELECT m.tool, m.name FROM mentions m
WHERE m.name IS NOT NULL AND NOT EXISTS (SELECT FROM columns c WHERE (c.tool = m.tool AND c.name = m.name) OR c.qualified = m.name);
INSERT INTO dbinsight.answer_rules (tool, part, body) VALUES ('shop.x', 'headline', 'It costs 42 dollars'); ROLLBACK TO s;
INSERT INTO dbinsight.answer_rules (tool, part, body) VALUES ('shop.x', 'headline', 'It costs {cost'); ROLLBACK TO s;
INSERT INTO dbinsight.answer_rules (tool, part, body) VALUES ('shop.x', 'headline', 'It costs {sum(cost where}'); ROLLBACK TO s;
INSERT INTO dbinsight.answer_rules (tool, part, body) VALUES ('shop.x', 'headline', 'It costs {cost|euros}'); ROLLBACK TO s;
INSERT INTO dbinsight.answer_rules (tool, part, body) VALUES ('shop.x', 'headline', 'It costs [[ {cost} '); ROLLBACK TO s;
INSERT INTO dbinsight.answer_rules (tool, part, condition, body) VALUES ('shop.x', 'headline', 'cost >', 'x'); ROLLBACK TO s;
INSERT INTO dbinsight.answer_rules (tool, part, condition, body) VALUES ('shop.x', 'headline', 'median(cost) > 1', 'x'); ROLLBACK TO s;
INSERT INTO dbinsight.answer_rules (tool, part, condition, body)
VALUES ('shop.x', 'headline', 'rows(where status in (''A'', ''B'') and not done) > 2 or sum(cost) / rows >= 1.5', 'Cost {sum(cost)|usd|signed}[[, {rows|order/orders}]]; p95 {max(p95_s)}');
ROLLBACK;
