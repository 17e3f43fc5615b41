-- Words of other languages, and names with brackets. Monday 15 June 2026, noon:
-- yesterday is the 14th, last week the 8th to the 14th, three days ago the 12th.
\set SHOW_CONTEXT never
BEGIN;
SET LOCAL dbinsight.now = '2026-06-15 12:00:00+00';
INSERT INTO dbinsight.fact_list_prices (account_id, sku_name, cloud, currency_code, usage_unit, price_start_time) VALUES
	('a', 'PREMIUM_JOBS_COMPUTE', 'AWS', 'USD', 'DBU', '2025-01-01'), ('a', 'PREMIUM_JOBS_COMPUTE_(PHOTON)', 'AWS', 'USD', 'DBU', '2025-01-01');
CREATE FUNCTION pg_temp.normalised(question text) RETURNS text LANGUAGE sql AS $$ SELECT substring(dbinsight.explain_ask(question) FROM '(?n)^normalised: (.*)$') $$;

CREATE TEMP TABLE asked (n int, question text);
INSERT INTO asked VALUES
	(1, 'was haben wir gestern ausgegeben?'), (2, 'kosten pro tag letzte woche'), (3, 'Kosten vor 3 Tagen'), (4, 'Kosten vor drei Tagen'),
	(5, 'cuánto gastamos ayer'), (6, '¿cuánto gastamos la semana pasada?'), (7, 'gasto de hace 3 días'), (8, 'WIEVIEL HABEN WIR GESTERN AUSGEGEBEN');
SELECT a.n, p.agent, p.tool, p.arguments FROM asked a, dbinsight.plan(a.question) p ORDER BY a.n;

-- Words that are English too stay English among English words; numbers and names stay what they are.
SELECT pg_temp.normalised(q) FROM (VALUES (1, 'what was the cost, and who had to die for it'), (2, 'was kostet das'), (3, 'which jobs broke gestern'),
	(4, 'show the job "gestern"'), (5, 'lineage of woche.tage.kosten')) v(n, q) ORDER BY n;

-- A word that is taught, with its language; a phrase with a number.
SAVEPOINT taught;
INSERT INTO dbinsight.foreign_words (language, form, meaning) VALUES ('fr', 'hier', 'yesterday'), ('fr', 'combien', 'how much'), ('fr', 'dépensé*', 'spent'), ('fr', 'il y a # jours', '# days ago');
SELECT p.tool, p.arguments FROM dbinsight.plan('combien dépensé hier') p;
SELECT pg_temp.normalised('combien dépensé il y a 4 jours');
ROLLBACK TO taught;
INSERT INTO dbinsight.foreign_words (language, form) VALUES ('xx', ' ');
ROLLBACK TO taught;

-- A SKU whose name ends in brackets is one name.
SELECT p.tool, p.arguments FROM dbinsight.plan('trend of PREMIUM_JOBS_COMPUTE_(PHOTON) over the last 14 days') p;
SELECT p.tool, p.arguments FROM dbinsight.plan('trend of PREMIUM_JOBS_COMPUTE (photon excluded) over the last 14 days') p;

-- A bare mtd in a list is asked for; at its end, behind a comma, it is the period.
SELECT q, p.tool, p.arguments FROM (VALUES ('incidents, mtd, uptime'), ('mtd, incidents and uptime'), ('incidents and mtd'), ('incidents, mtd')) v(q), dbinsight.plan(q) WITH ORDINALITY p(agent, tool, arguments, confidence, n)
ORDER BY q COLLATE "C", p.n;
ROLLBACK;
