/*
 * Billing: system.billing.usage priced with system.billing.list_prices.
 * Corrections (RETRACTION, RESTATEMENT) are rows of their own and stay: sums
 * are right only with all three record types.
 */
CREATE TABLE dbinsight.fact_usage (
	record_id text NOT NULL,
	account_id text,
	workspace_id text,
	sku_name text,
	cloud text,
	usage_start_time timestamptz,
	usage_end_time timestamptz,
	usage_date date NOT NULL,
	usage_unit text,
	usage_quantity numeric,
	usage_type text,
	record_type text,
	ingestion_date date,
	billing_origin_product text,
	custom_tags jsonb,
	cluster_id text,
	job_id text,
	job_run_id text,
	job_name text,
	notebook_id text,
	notebook_path text,
	warehouse_id text,
	instance_pool_id text,
	node_type text,
	pipeline_id text,
	endpoint_name text,
	endpoint_id text,
	app_id text,
	app_name text,
	database_instance_id text,
	budget_policy_id text,
	source_region text,
	destination_region text,
	run_as text,
	created_by text,
	owned_by text,
	is_serverless boolean,
	is_photon boolean,
	jobs_tier text,
	sql_tier text,
	dlt_tier text,
	serving_type text,
	performance_target text,
	list_price numeric,
	list_cost numeric,
	price_found boolean,
	is_tagged boolean GENERATED ALWAYS AS (coalesce(custom_tags NOT IN ('{}', 'null'), false)) STORED,
	owner text GENERATED ALWAYS AS (coalesce(run_as, owned_by, created_by)) STORED,
	owner_type text GENERATED ALWAYS AS (CASE WHEN coalesce(run_as, owned_by, created_by) IS NULL THEN 'UNKNOWN'
		WHEN strpos(coalesce(run_as, owned_by, created_by), '@') > 0 THEN 'USER' ELSE 'SERVICE_PRINCIPAL' END) STORED,
	resource_type text GENERATED ALWAYS AS (CASE WHEN job_id IS NOT NULL THEN 'JOB' WHEN pipeline_id IS NOT NULL THEN 'PIPELINE'
		WHEN warehouse_id IS NOT NULL THEN 'WAREHOUSE' WHEN endpoint_name IS NOT NULL THEN 'ENDPOINT'
		WHEN app_id IS NOT NULL THEN 'APP' WHEN database_instance_id IS NOT NULL THEN 'DATABASE'
		WHEN cluster_id IS NOT NULL THEN 'CLUSTER' WHEN notebook_id IS NOT NULL THEN 'NOTEBOOK' ELSE 'OTHER' END) STORED,
	resource_id text GENERATED ALWAYS AS (coalesce(job_id, pipeline_id, warehouse_id, endpoint_name, app_id,
		database_instance_id, cluster_id, notebook_id)) STORED,
	extra jsonb,
	PRIMARY KEY (record_id, usage_date)
) PARTITION BY RANGE (usage_date);
COMMENT ON TABLE dbinsight.fact_usage IS
'system.billing.usage, one row a record_id, priced at list; corrections are rows of their own, so sum over all record types';
COMMENT ON COLUMN dbinsight.fact_usage.list_cost IS 'US dollars: usage_quantity times the list price valid at usage_end_time; 0 when no price was found';
CREATE INDEX ON dbinsight.fact_usage (usage_date);
CREATE INDEX ON dbinsight.fact_usage (job_id, usage_date) WHERE job_id IS NOT NULL;
CREATE INDEX ON dbinsight.fact_usage (endpoint_name, usage_date) WHERE endpoint_name IS NOT NULL;
CREATE INDEX ON dbinsight.fact_usage (job_run_id) WHERE job_run_id IS NOT NULL;

CREATE TABLE dbinsight.fact_list_prices (
	account_id text,
	sku_name text NOT NULL,
	cloud text NOT NULL,
	usage_unit text NOT NULL,
	currency_code text NOT NULL,
	price_start_time timestamptz NOT NULL,
	price_end_time timestamptz,
	price_default numeric,
	price_effective numeric,
	price_promotional numeric,
	extra jsonb,
	PRIMARY KEY (sku_name, cloud, currency_code, usage_unit, price_start_time)
);
COMMENT ON TABLE dbinsight.fact_list_prices IS 'system.billing.list_prices, one row a SKU, cloud, currency, unit and price interval';

CREATE TABLE dbinsight.fact_account_prices (LIKE dbinsight.fact_list_prices INCLUDING INDEXES);
COMMENT ON TABLE dbinsight.fact_account_prices IS
'system.billing.account_prices (optional): negotiated prices, used when dbinsight.price_basis is account';

CREATE VIEW dbinsight.dim_sku AS
SELECT DISTINCT ON (sku_name, lower(cloud)) sku_name, cloud, usage_unit,
	coalesce(price_effective, price_default) AS latest_list_price, price_start_time AS price_as_of
FROM dbinsight.fact_list_prices
WHERE currency_code = 'USD'
ORDER BY sku_name, lower(cloud), price_start_time DESC, usage_unit;
COMMENT ON VIEW dbinsight.dim_sku IS 'Each SKU and cloud with its latest list price in US dollars';

CREATE VIEW dbinsight.price_interval AS
SELECT sku_name, lower(cloud) AS cloud, usage_unit, coalesce(price_effective, price_default) AS price,
	price_start_time AS valid_from, coalesce(price_end_time, 'infinity') AS valid_to
FROM dbinsight.fact_list_prices
WHERE currency_code = 'USD' AND dbinsight._setting('price_basis') <> 'account'
UNION ALL
SELECT sku_name, lower(cloud), usage_unit, coalesce(price_effective, price_default),
	price_start_time, coalesce(price_end_time, 'infinity')
FROM dbinsight.fact_account_prices
WHERE currency_code = 'USD' AND dbinsight._setting('price_basis') = 'account';
COMMENT ON VIEW dbinsight.price_interval IS
'Price of a SKU in US dollars over time, half-open intervals [valid_from, valid_to); cloud is lower case';

CREATE VIEW dbinsight.price_history AS
SELECT sku_name, cloud, usage_unit, array_agg(valid_from ORDER BY valid_from DESC) AS valid_from,
	array_agg(valid_to ORDER BY valid_from DESC) AS valid_to, array_agg(price ORDER BY valid_from DESC) AS price
FROM dbinsight.price_interval
GROUP BY sku_name, cloud, usage_unit;
COMMENT ON VIEW dbinsight.price_history IS
'The intervals of price_interval gathered per SKU, cloud and unit, the latest first: what _price_at looks a time up in';

CREATE FUNCTION dbinsight._price_at(valid_from timestamptz[], valid_to timestamptz[], price numeric[], at timestamptz) RETURNS numeric
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dbi_price_at';
COMMENT ON FUNCTION dbinsight._price_at(timestamptz[], timestamptz[], numeric[], timestamptz) IS
'The price of a row of price_history at a time: that of the interval which began last; NULL when none holds';
