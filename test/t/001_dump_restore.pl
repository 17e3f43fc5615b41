# What a person puts into dbinsight survives pg_dump and restore, and the extension leaves nothing behind.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
# No preloading: nothing here may need it.
$node->append_conf('postgresql.conf', "timezone = 'UTC'");
$node->start;

my $now = "SET dbinsight.now = '2026-06-15 12:00:00+00';";

# sql(database, statements): the result of the last one
sub sql
{
	my ($database, $statements) = @_;
	return $node->safe_psql($database, "$now\n$statements");
}

# Every table of the schema with a digest of its rows, partitions as part of their parent.
sub contents
{
	my ($database) = @_;
	# A job counts its runs from when it came into this database.
	my $tables = sql($database, q{
		SELECT string_agg(format('SELECT %1$L, count(*), md5(string_agg(%3$s, chr(10) ORDER BY %3$s COLLATE "C")) FROM %2$s t',
			c.relname, c.oid::regclass, CASE c.relname WHEN 'job_definitions' THEN '(to_jsonb(t) - ''changed_at'')::text'
				WHEN 'scheduler' THEN '(to_jsonb(t) - ''{creator,creator_since}''::text[])::text' ELSE 't::text' END),
			E'\nUNION ALL\n' ORDER BY c.relname COLLATE "C")
		FROM pg_class c
		WHERE c.relnamespace = 'dbinsight'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition});
	return { map { my ($table, @rest) = split /\|/; ($table => join(' ', @rest)) } split(/\n/, sql($database, $tables)) };
}

sub rows
{
	my ($database, $table) = @_;
	return sql($database, "SELECT count(*) FROM $table");
}

$node->safe_psql('postgres', 'CREATE DATABASE origin');
sql('origin', q{
	CREATE EXTENSION dbinsight;

	SELECT dbinsight.load_rows('system.billing.list_prices', '[
		{"sku_name": "PREMIUM_JOBS_COMPUTE", "cloud": "AWS", "currency_code": "USD", "usage_unit": "DBU",
		 "price_start_time": "2025-01-01T00:00:00Z", "price_end_time": null, "pricing": {"default": "0.15"}}]');
	SELECT dbinsight.load_rows('system.billing.usage', '[
		{"record_id": "u-1", "account_id": "acc", "workspace_id": "1001", "sku_name": "PREMIUM_JOBS_COMPUTE", "cloud": "AWS",
		 "usage_start_time": "2026-05-03T10:00:00Z", "usage_end_time": "2026-05-03T11:00:00Z", "usage_date": "2026-05-03",
		 "usage_unit": "DBU", "usage_quantity": "12.5", "custom_tags": {"team": "data"},
		 "usage_metadata": {"job_id": "77", "cluster_id": "c-1"}, "billing_origin_product": "JOBS", "record_type": "ORIGINAL"},
		{"record_id": "u-2", "account_id": "acc", "workspace_id": "1001", "sku_name": "PREMIUM_JOBS_COMPUTE", "cloud": "AWS",
		 "usage_start_time": "2026-06-14T10:00:00Z", "usage_end_time": "2026-06-14T11:00:00Z", "usage_date": "2026-06-14",
		 "usage_unit": "DBU", "usage_quantity": "4", "billing_origin_product": "JOBS", "record_type": "ORIGINAL"}]');
	SELECT dbinsight.load_rows('system.access.audit', '[
		{"event_id": "e-1", "event_time": "2026-06-14T22:00:00Z", "event_date": "2026-06-14", "workspace_id": "1001",
		 "service_name": "accounts", "action_name": "login", "source_ip_address": "192.0.2.7",
		 "user_identity": {"email": "ann@example.com"}, "response": {"status_code": 200}, "version": "2.0"},
		{"event_id": "e-2", "event_time": "2026-04-02T08:00:00Z", "event_date": "2026-04-02", "workspace_id": "1001",
		 "service_name": "unityCatalog", "action_name": "getTable", "request_params": {"full_name_arg": "main.hr.people"},
		 "user_identity": {"email": "böb@example.com"}, "response": {"status_code": 403}, "version": "2.0"}]');
	-- One that cannot be stored: it is kept aside.
	SELECT dbinsight.load_rows('system.access.audit', '[{"event_id": "e-3", "event_time": "not a time", "action_name": "login"}]');

	INSERT INTO dbinsight.budgets VALUES ('ACCOUNT', 'acc', '2026-06-01', 5000);
	INSERT INTO dbinsight.sensitive_tables VALUES ('main.hr.%', 'pii', 'people');
	INSERT INTO dbinsight.allow_list (actor, reason, owner) VALUES ('scanner@example.com', 'known scanner', 'ann');
	INSERT INTO dbinsight.user_preferences (display_name) VALUES ('Ann');
	INSERT INTO dbinsight.prompts (name, version, instructions, active) VALUES ('agent', 2, 'Answer in one line.', true);
	INSERT INTO dbinsight.llm_prices VALUES ('gpt', 'small', 0.4, 1.6, 0.1, NULL);
	INSERT INTO dbinsight.llm_usage (server, model, status, prompt_tokens, completion_tokens, latency_ms) VALUES ('gpt', 'small', 'stop', 10, 2, 300);

	SELECT dbinsight.register_agent('parking', 'parking places and who stands on them', 'Answer in one line.',
		ARRAY['which parking places are free?']);
	CREATE FUNCTION public.get_free_places(floor_no int DEFAULT 1) RETURNS TABLE (place text, free boolean)
		LANGUAGE sql STABLE AS $$ SELECT 'A' || floor_no, true $$;
	COMMENT ON FUNCTION public.get_free_places(int) IS 'Which parking places are free?';
	SELECT dbinsight.register_tool('public.get_free_places(int)', 'parking', ARRAY['free places on floor 2']);

	SELECT dbinsight.ask('What did we spend in the last 7 days?');
});

is(rows('origin', 'dbinsight.fact_usage'), 2, 'usage rows are stored');
is(rows('origin', 'dbinsight.fact_audit_logs'), 2, 'audit rows are stored');
is(rows('origin', 'dbinsight.rejected_rows'), 1, 'the row that cannot be stored is kept aside');
is(rows('origin', 'dbinsight.chat_messages'), 2, 'question and answer are stored');

# Dump and restore
my $dump = $node->backup_dir . '/origin.dump';
mkdir $node->backup_dir;
$node->command_ok([ 'pg_dump', '-Fc', '-f', $dump, $node->connstr('origin') ], 'dump');
$node->safe_psql('postgres', 'CREATE DATABASE copy');
$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr('copy'), $dump ], 'restore');

my $before = contents('origin');
my $after = contents('copy');
is_deeply([ sort keys %$after ], [ sort keys %$before ], 'the same tables');
is($after->{$_}, $before->{$_}, "same rows in $_") for sort keys %$before;

# Partitions are made while rows arrive, so they are not the extension's: pg_dump carries them, with their indexes.
my $partitions = q{
	SELECT string_agg(concat_ws(' ', c.relname, pg_get_expr(c.relpartbound, c.oid), i.indexdef), E'\n' ORDER BY c.relname, i.indexdef)
	FROM pg_class c LEFT JOIN pg_indexes i ON i.schemaname = 'dbinsight' AND i.tablename = c.relname
	WHERE c.relnamespace = 'dbinsight'::regnamespace AND c.relispartition};
like(sql('origin', $partitions), qr/fact_audit_logs_p202604 FOR VALUES FROM .* CREATE UNIQUE INDEX/, 'partitions have indexes');
is(sql('copy', $partitions), sql('origin', $partitions), 'the same partitions with the same indexes');

is(sql('copy', q{SELECT string_agg(tool, ',') FROM dbinsight.tools('parking')}), 'get_free_places', 'the tool is registered');

# Life goes on in the copy: identity columns continue behind the restored rows.
sql('copy', q{SELECT dbinsight.load_rows('system.access.audit', '[{"event_id": "e-4", "event_time": "no time", "action_name": "login"}]')});
is(rows('copy', 'dbinsight.rejected_rows'), 2, 'identity columns go on');
my $sequences = sql('copy', q{
	SELECT string_agg(format('SELECT %L WHERE (SELECT max(%I) FROM %s) > coalesce(pg_sequence_last_value(%L), 0)',
		c.relname, a.attname, d.refobjid::regclass, c.oid::regclass), ' UNION ALL ')
	FROM pg_class c
	JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
	JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
	WHERE c.relkind = 'S' AND c.relnamespace = 'dbinsight'::regnamespace});
is(sql('copy', $sequences), '', 'no sequence is behind its column');
sql('copy', q{SELECT dbinsight.load_rows('system.access.audit', '[
	{"event_id": "e-5", "event_time": "2026-06-15T09:00:00Z", "event_date": "2026-06-15", "workspace_id": "1001",
	 "service_name": "accounts", "action_name": "login", "user_identity": {"email": "ann@example.com"}},
	{"event_id": "e-1", "event_time": "2026-06-14T22:00:00Z", "event_date": "2026-06-14", "workspace_id": "1001",
	 "service_name": "accounts", "action_name": "login", "source_ip_address": "192.0.2.7",
	 "user_identity": {"email": "ann@example.com"}, "response": {"status_code": 200}, "version": "2.0"}]')});
is(rows('copy', 'dbinsight.fact_audit_logs'), 3, 'a new row is loaded, a known one recognised');
is( sql('copy', q{SELECT dbinsight.ask('What did we spend in the last 7 days?')}),
	sql('origin', q{SELECT dbinsight.ask('What did we spend in the last 7 days?')}),
	'the same question has the same answer');

# Away and back
sql('copy', 'DROP EXTENSION dbinsight');
is(sql('copy', q{SELECT count(*) FROM pg_namespace WHERE nspname = 'dbinsight'}), 0, 'DROP EXTENSION leaves no schema');
is( sql('copy', q{SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\_toast%'}),
	0, 'and no relation');
sql('copy', 'CREATE EXTENSION dbinsight');
is(rows('copy', 'dbinsight.fact_usage'), 0, 'CREATE EXTENSION starts anew');
sql('copy', q{
	DROP EXTENSION dbinsight;
	BEGIN;
	CREATE EXTENSION dbinsight;
	DROP EXTENSION dbinsight;
	CREATE EXTENSION dbinsight;
	DROP EXTENSION dbinsight;
	COMMIT;});
is(sql('copy', q{SELECT count(*) FROM pg_namespace WHERE nspname = 'dbinsight'}), 0, 'created and dropped twice in one transaction');

$node->stop;
done_testing();
