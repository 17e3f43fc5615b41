-- Forecast and budgets worked out by hand. The clock stands on Monday 2025-03-10, noon.
\set VERBOSITY terse
\set ON_ERROR_ROLLBACK on
BEGIN;
SET LOCAL dbinsight.now = '2025-03-10 12:00:00+00';
INSERT INTO dbinsight.dim_workspace (workspace_id, workspace_name) VALUES ('1001', 'prod'), ('1002', 'dev');
SELECT dbinsight._ensure_partitions('fact_usage', '2025-01-01+00', '2025-03-31+00') > 0 AS made;
-- prod: 7 dollars a day; on Mondays 1000 (6 January), then 80, 70, ... 10 (3 March). DBU are twice the dollars.
INSERT INTO dbinsight.fact_usage (record_id, workspace_id, sku_name, usage_date, usage_unit, usage_quantity, list_cost, price_found)
SELECT 'p' || d, '1001', 'S', d::date, 'DBU', 2 * c, c, true
FROM generate_series('2025-01-06'::timestamp, '2025-03-09', '1 day') d,
	LATERAL (SELECT CASE WHEN d = '2025-01-06' THEN 1000 WHEN extract(isodow FROM d) = 1 THEN 10 + 10 * (('2025-03-03'::date - d::date) / 7) ELSE 7 END) v(c);
-- dev: 5 dollars on Saturday the 8th and Sunday the 9th. Today 3 dollars so far in prod.
INSERT INTO dbinsight.fact_usage (record_id, workspace_id, sku_name, usage_date, usage_unit, usage_quantity, list_cost, price_found, custom_tags) VALUES
	('d8', '1002', 'S', '2025-03-08', 'DBU', 10, 5, true, '{"team": "data", "env": "x"}'),
	('d9', '1002', 'S', '2025-03-09', 'DBU', 10, 5, true, '{"team": "data"}'),
	('t', '1001', 'S', '2025-03-10', 'DBU', 6, 3, true, NULL);
SELECT dbinsight._refresh_derived('fact_usage', '2025-01-01+00', '2025-03-10+00');

/*
 * Account. Monday: mean of 10, 20, 30, 40 = 25; the last eight are 10 to 80, deviation sqrt(4200 / 7) = 24.4949,
 * x 1.2816 = 31.3927: cut at 0, up to 56.3927. Tuesday to Friday 7. Saturday and Sunday: (7 + 7 + 7 + 12) / 4 = 8.25;
 * deviation sqrt((7 x 0.625^2 + 4.375^2) / 7) = 1.7678, x 1.2816 = 2.2656. 3 dollars are billed today.
 */
SELECT forecast_date, expected_cost, lower_80, upper_80, expected_dbu, actual_cost, method FROM dbinsight.get_cost_forecast(8);
SELECT count(*), max(forecast_date) FROM dbinsight.get_cost_forecast();
-- prod alone has nothing else on Saturdays. dev has one Saturday and one Sunday: no deviation, and no guess for other days.
SELECT forecast_date, expected_cost, lower_80, upper_80 FROM dbinsight.get_cost_forecast(6, 'PROD');
SELECT forecast_date, expected_cost, lower_80, upper_80 FROM dbinsight.get_cost_forecast(7, '1002');
SELECT count(*) FROM dbinsight.get_cost_forecast(7, 'nowhere');
SELECT * FROM dbinsight.get_cost_forecast(0);
-- Two workspaces by a pattern are summed.
SELECT forecast_date, expected_cost FROM dbinsight.get_cost_forecast(1, '100%');

-- Billing that is late is not zero: without the weekend Saturday is the mean of four Saturdays of 7.
SAVEPOINT late;
DELETE FROM dbinsight.fact_usage WHERE usage_date >= '2025-03-08';
SELECT dbinsight._refresh_derived('fact_usage', '2025-03-08+00', '2025-03-10+00');
SELECT forecast_date, expected_cost, actual_cost FROM dbinsight.get_cost_forecast(6);
ROLLBACK TO late;

-- A model scored in the last 8 days speaks for the days it covers; its latest word counts; an old one does not.
INSERT INTO dbinsight.predictions (model_name, version, scored_at, entity_type, entity_id, target_time, horizon_days, value, lower_80, upper_80) VALUES
	('dbu_usage_forecaster', 2, '2025-03-05 01:00+00', 'series', 'account|cost', '2025-03-11 00:00+00', 6, 50, 40, 60),
	('dbu_usage_forecaster', 3, '2025-03-10 01:00+00', 'series', 'account|cost', '2025-03-11 00:00+00', 1, 99, 90, 110),
	('dbu_usage_forecaster', 3, '2025-03-10 01:00+00', 'series', 'account|dbu', '2025-03-11 00:00+00', 1, 200, 180, 220),
	('dbu_usage_forecaster', 1, '2025-03-01 01:00+00', 'series', 'account|cost', '2025-03-12 00:00+00', 11, 77, 70, 80),
	('dbu_usage_forecaster', 3, '2025-03-10 01:00+00', 'series', 'ws:1001|cost', '2025-03-12 00:00+00', 2, 66, 60, 70);
SELECT * FROM dbinsight.get_cost_forecast(3);
SELECT forecast_date, expected_cost, method, model_version FROM dbinsight.get_cost_forecast(3, 'prod');

/*
 * Budgets of March, 9 of 31 days complete. prod 8 x 7 + 10 = 66, dev 10, account 76.
 * account: 76 / 9 x 31 = 261.7778, 130.89 % of 200; 200 lasts 200 x 9 / 76 = 23.7 days: the 24th.
 * prod: 66 of 60 is over; 7, 14, 24, 31, 38, 45, 52, 59, 66: reached on the 9th.
 * dev: 10 / 9 x 31 = 34.4444, 101.31 % of 34; 34 x 9 / 10 = 30.6 days: the 31st.
 * team=data: the same 34.4444, of 100. cost_center=77 spends nothing.
 */
INSERT INTO dbinsight.budgets (scope_type, scope_id, month, amount_usd) VALUES ('ACCOUNT', '*', '2025-03-01', 200), ('WORKSPACE', '1001', '2025-03-01', 60),
	('WORKSPACE', '1002', '2025-03-01', 34), ('TAG', 'team=data', '2025-03-01', 100), ('TAG', 'cost_center=77', '2025-03-01', 50),
	('ACCOUNT', '*', '2025-02-01', 308), ('ACCOUNT', '*', '2025-04-01', 1000);
INSERT INTO dbinsight.predictions (model_name, version, scored_at, entity_type, entity_id, target_time, score) VALUES
	('budget_alerter', 1, '2025-03-09 01:00+00', 'budget', 'ACCOUNT:*', '2025-03-31 00:00+00', 0.7),
	('budget_alerter', 1, '2025-03-10 01:00+00', 'budget', 'ACCOUNT:*', '2025-03-31 00:00+00', 0.83),
	('budget_alerter', 1, '2025-03-10 01:00+00', 'budget', 'ACCOUNT:*', '2025-04-30 00:00+00', 0.1);
SELECT * FROM dbinsight.get_budget_status();
-- February is over: 140 on Mondays + 24 x 7 = 308, reached on its last day. Any day names the month.
SELECT * FROM dbinsight.get_budget_status('2025-02-15');
-- April has not begun.
SELECT * FROM dbinsight.get_budget_status('2025-04-01');
SELECT scope_id, status FROM dbinsight.get_budget_status(scope_type => 'tag');
SELECT * FROM dbinsight.get_budget_status(NULL, 'CITY');
ROLLBACK;
