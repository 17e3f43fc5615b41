/*
 * Snapshots of the catalog: a week ago, yesterday, today.
 */
CREATE FUNCTION dbinsight._sample_catalog(days int, seed int, scale numeric) RETURNS void
	LANGUAGE sql BEGIN ATOMIC
	INSERT INTO dbinsight.dim_table (snapshot_date, table_catalog, table_schema, table_name, table_type, table_owner, comment, created, created_by, last_altered, last_altered_by,
		data_source_format, extra)
	SELECT s.day, t.catalog_name, t.schema_name, t.table_name, 'MANAGED', CASE WHEN t.layer <> 'scratch' THEN p.principal END,
		CASE WHEN t.layer <> 'scratch' AND t.n % 7 <> 3 THEN initcap(replace(t.table_name, '_', ' ')) || ', ' || t.layer || ' layer' END,
		w.today - interval '1 day' * (_sample_catalog.days + 10 + t.n % 200), p.principal,
		CASE WHEN t.n IN (7, 11) AND s.day = dbinsight.today() THEN w.today + interval '10 minutes' ELSE w.today - interval '1 day' * (20 + t.n % 60) END, p.principal, 'DELTA', '{"account_id": "sample"}'
	FROM dbinsight._sample_table(_sample_catalog.seed, _sample_catalog.scale) t
	CROSS JOIN (SELECT dbinsight.today() - a AS day FROM unnest('{0,1,7}'::int[]) a) s CROSS JOIN dbinsight._sample_plan() w
	JOIN dbinsight._sample_principal(_sample_catalog.seed, _sample_catalog.scale) p ON p.n = (ARRAY[4, 5, 6, 8, 9, 10, 11, 14])[1 + t.n % 8];

	-- Planted: main.silver.customers loses loyalty_tier today, main.silver.orders gains discount, main.silver.clickstream narrowed duration.
	INSERT INTO dbinsight.dim_column (snapshot_date, table_catalog, table_schema, table_name, column_name, ordinal_position, is_nullable, full_data_type, data_type, comment, extra)
	SELECT s.day, t.catalog_name, t.schema_name, t.table_name, c.name, c.i, CASE WHEN c.i = 1 THEN 'NO' ELSE 'YES' END,
		CASE WHEN t.n = 12 AND c.name = 'duration' AND s.day > dbinsight.today() - 7 THEN 'int' ELSE c.type END, upper(CASE WHEN t.n = 12 AND c.name = 'duration' AND s.day > dbinsight.today() - 7 THEN 'int' ELSE c.type END),
		CASE WHEN t.layer <> 'scratch' AND (t.n + c.i) % 2 = 0 THEN 'The ' || replace(c.name, '_', ' ') END, '{"account_id": "sample"}'
	FROM dbinsight._sample_table(_sample_catalog.seed, _sample_catalog.scale) t
	CROSS JOIN (SELECT dbinsight.today() - a AS day FROM unnest('{0,1,7}'::int[]) a) s
	CROSS JOIN (VALUES (1, 'id', 'bigint', 'all'), (2, 'day', 'date', 'all'), (3, 'amount', 'decimal(18,2)', 'all'), (4, 'total', 'decimal(18,2)', 'all'), (5, 'status', 'string', 'all'),
		(6, 'updated_at', 'timestamp', 'all'), (7, 'email', 'string', 'sensitive'), (8, 'ssn', 'string', 'sensitive'), (9, 'full_name', 'string', 'sensitive'),
		(7, 'loyalty_tier', 'string', '7'), (8, 'email', 'string', '7'), (7, 'discount', 'decimal(9,2)', '11'), (7, 'duration', 'bigint', '12')) c(i, name, type, tables)
	WHERE (c.tables = 'all' OR c.tables = 'sensitive' AND t.sensitive OR c.tables = t.n::text)
		AND NOT (c.name = 'loyalty_tier' AND s.day = dbinsight.today()) AND NOT (c.name = 'discount' AND s.day < dbinsight.today());

	INSERT INTO dbinsight.dim_grant (snapshot_date, object_type, object_full_name, grantee, privilege_type, is_grantable, inherited_from, grantor, extra)
	SELECT s.day, g.object_type, g.object_full_name, g.grantee, g.privilege, 'NO', g.inherited, g.grantor, '{"account_id": "sample"}'
	FROM (SELECT dbinsight.today() - a AS day FROM unnest('{0,1,7}'::int[]) a) s
	CROSS JOIN LATERAL (
		SELECT v.object_type, v.name AS object_full_name, v.grantee, v.privilege, 'NONE' AS inherited, 'svc-etl' AS grantor
		FROM (VALUES ('SCHEMA', 'main.bronze', 'data-engineers', 'ALL_PRIVILEGES'), ('SCHEMA', 'main.silver', 'data-engineers', 'ALL_PRIVILEGES'),
			('SCHEMA', 'main.gold', 'data-engineers', 'ALL_PRIVILEGES'), ('SCHEMA', 'analytics.marts', 'analysts', 'SELECT'),
			('CATALOG', 'main', 'analysts', 'USE_CATALOG')) v(object_type, name, grantee, privilege)
		UNION ALL
		SELECT 'TABLE', t.full_name, 'analysts', 'SELECT', CASE t.layer WHEN 'mart' THEN 'SCHEMA' ELSE 'NONE' END, 'svc-etl'
		FROM dbinsight._sample_table(_sample_catalog.seed, _sample_catalog.scale) t WHERE t.layer IN ('gold', 'mart') AND NOT t.sensitive
		UNION ALL
		SELECT 'TABLE', t.full_name, p.principal, 'SELECT', 'NONE', 'priya.nair@company.com'
		FROM dbinsight._sample_table(_sample_catalog.seed, _sample_catalog.scale) t
		JOIN dbinsight._sample_principal(_sample_catalog.seed, _sample_catalog.scale) p ON p.n = CASE WHEN t.sensitive THEN 6 ELSE (ARRAY[0, 5, 7, 10, 11, 12])[1 + t.n % 6] END
		WHERE t.layer <> 'scratch'
		UNION ALL
		SELECT 'TABLE', t.full_name, p.principal, 'SELECT', 'NONE', 'svc-etl'
		FROM dbinsight._sample_table(_sample_catalog.seed, _sample_catalog.scale) t JOIN dbinsight._sample_principal(_sample_catalog.seed, _sample_catalog.scale) p ON p.n IN (1, 8) WHERE t.sensitive
		UNION ALL
		-- Planted: everybody may read customer_pii, noah.fischer may do anything with every gold table, tom.becker has what he gave himself.
		SELECT 'TABLE', 'main.gold.customer_pii', 'account users', 'SELECT', 'NONE', 'liam.olsen@company.com'
		UNION ALL
		SELECT 'TABLE', 'main.gold.customer_pii', 'user@company.com', 'SELECT', 'NONE', 'svc-etl'
		UNION ALL
		SELECT 'TABLE', t.full_name, 'noah.fischer@company.com', 'ALL_PRIVILEGES', 'NONE', 'svc-etl'
		FROM dbinsight._sample_table(_sample_catalog.seed, _sample_catalog.scale) t WHERE t.layer = 'gold'
		UNION ALL
		SELECT 'TABLE', 'main.gold.customer_pii', 'tom.becker@company.com', v.privilege, 'NONE', 'tom.becker@company.com'
		FROM (VALUES ('SELECT'), ('MODIFY')) v(privilege) WHERE s.day > dbinsight.today() - 3
	) g
	ON CONFLICT DO NOTHING;

	INSERT INTO dbinsight.dim_tag (snapshot_date, level, object_full_name, column_name, tag_name, tag_value, extra)
	SELECT s.day, g.level, g.object_full_name, g.column_name, g.tag_name, g.tag_value, '{"account_id": "sample"}'
	FROM (SELECT dbinsight.today() - a AS day FROM unnest('{0,1,7}'::int[]) a) s
	CROSS JOIN LATERAL (
		SELECT 'table' AS level, t.full_name AS object_full_name, '' AS column_name, 'domain' AS tag_name, (ARRAY['sales', 'finance', 'operations', 'product'])[1 + t.n % 4] AS tag_value
		FROM dbinsight._sample_table(_sample_catalog.seed, _sample_catalog.scale) t WHERE t.layer <> 'scratch' AND t.n % 3 <> 1
		UNION ALL
		SELECT 'table', t.full_name, '', 'pii', 'true' FROM dbinsight._sample_table(_sample_catalog.seed, _sample_catalog.scale) t WHERE t.sensitive AND t.sensitive_rank % 2 = 0
		UNION ALL
		SELECT 'column', t.full_name, 'email', 'class.email_address', '' FROM dbinsight._sample_table(_sample_catalog.seed, _sample_catalog.scale) t WHERE t.sensitive
		UNION ALL
		SELECT 'schema', 'hr.core', '', 'confidential', 'true'
	) g;

	INSERT INTO dbinsight.fact_data_classification (catalog_id, table_id, latest_detected_time, first_detected_time, catalog_name, schema_name, table_name, column_name, data_type,
		class_tag, confidence, frequency, extra)
	SELECT 'c-' || t.catalog_name, dbinsight._random_uuid(_sample_catalog.seed, 580, t.n), w.today - interval '1 day' + interval '4 hours', w.today - interval '40 days', t.catalog_name, t.schema_name,
		t.table_name, c.name, 'string', c.tag, c.confidence, c.frequency, '{"account_id": "sample"}'
	FROM dbinsight._sample_table(_sample_catalog.seed, _sample_catalog.scale) t CROSS JOIN dbinsight._sample_plan() w
	CROSS JOIN (VALUES ('email', 'class.email_address', 'HIGH', 0.97), ('ssn', 'class.us_ssn', 'HIGH', 0.99), ('full_name', 'class.name', 'LOW', 0.71)) c(name, tag, confidence, frequency)
	WHERE t.sensitive;

	-- Planted: customer_pii and every third sensitive table are not masked.
	INSERT INTO dbinsight.dim_column_mask (snapshot_date, table_full_name, column_name, mask_name, using_columns, extra)
	SELECT s.day, t.full_name, c.name, 'main.security.mask_' || c.name, '', '{"account_id": "sample"}'
	FROM dbinsight._sample_table(_sample_catalog.seed, _sample_catalog.scale) t
	CROSS JOIN (SELECT dbinsight.today() - a AS day FROM unnest('{0,1,7}'::int[]) a) s CROSS JOIN (VALUES ('email'), ('ssn'), ('full_name')) c(name)
	WHERE t.sensitive AND t.sensitive_rank % 3 <> 0;

	INSERT INTO dbinsight.dim_row_filter (snapshot_date, table_full_name, filter_name, target_columns, extra)
	SELECT s.day, 'hr.core.employee_salary', 'main.security.own_department', 'status', '{"account_id": "sample"}'
	FROM (SELECT dbinsight.today() - a AS day FROM unnest('{0,1,7}'::int[]) a) s;
END;
COMMENT ON FUNCTION dbinsight._sample_catalog(int, int, numeric) IS 'Catalog snapshots of the sample account';
