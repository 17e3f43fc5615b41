# A sample account on the warehouse, with Spark behind: the gold names give the same rows there as here, the tools the same answers, the refreshes the same rollups.
#   FOREIGN_ALL=1: every source that can be foreign, and every tool (some half an hour), over FOREIGN_DAYS (2); otherwise those of billing, jobs, queries, and audit.
#   How many rows each tool gave, and whether they were equal, is noted in the log of the test.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../emulator";
use Emulator;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my ($spark, $why_not) = Emulator::spark();
plan skip_all => $why_not unless defined $spark;
my $all = $ENV{FOREIGN_ALL};
my $days = $ENV{FOREIGN_DAYS} // 2;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "timezone = 'UTC'\nfsync = off\njit = off\nlog_statement = none\ndbinsight.allow_private_addresses = on\n"
	. "dbinsight.databricks_server = 'ws'\ndbinsight.now = '2026-06-15T12:00:00Z'");
$node->start;

sub sql { my ($statements, $database) = @_; return $node->safe_psql($database // 'postgres', $statements, timeout => 3600) }

sql('CREATE EXTENSION dbinsight');
sql('CREATE DATABASE rollups TEMPLATE postgres');
sql("SELECT count(*) FROM dbinsight.load_sample(days => $days, scale => 0.05)");
my $files = PostgreSQL::Test::Utils::tempdir();
{
	local @ENV{qw(PGHOST PGPORT PGDATABASE)} = ($node->host, $node->port, 'postgres');
	`'$spark' '$FindBin::RealBin/../emulator/export.py' '$files'`;
	is($?, 0, 'the gold rows are exported');
}
my $emulator = Emulator->start(spark => undef, data => $files);
sql(sprintf(q{
	CREATE SERVER ws FOREIGN DATA WRAPPER databricks OPTIONS (host '%s', warehouse_id '%s');
	CREATE USER MAPPING FOR CURRENT_USER SERVER ws OPTIONS (token '%s')}, $emulator->url, $emulator->warehouse, $emulator->token), $_)
	foreach 'postgres', 'rollups';

# What the tools say while all is here. Members of structs that are null are there on a warehouse, and not in the sample.
sql(q{
	CREATE TABLE public.answers (place text, tool text, "row" jsonb);
	CREATE PROCEDURE public.ask(place text, tools text) LANGUAGE plpgsql AS $$
	DECLARE t record; BEGIN
		FOR t IN SELECT p.proname, CASE p.proname WHEN 'get_table_lineage' THEN quote_literal((SELECT min(c.table_full_name) FROM dbinsight.current_table c)) ELSE '' END AS arguments
			FROM pg_proc p WHERE p.pronamespace = 'dbinsight'::regnamespace AND p.proname LIKE 'get\_%' AND p.proname ~ tools LOOP
			EXECUTE format('INSERT INTO public.answers SELECT %L, %L, jsonb_strip_nulls(to_jsonb(t)) FROM dbinsight.%I(%s) t', place, t.proname, t.proname, t.arguments);
		END LOOP;
	END $$});
# get_ingestion_status() tells where a source is, and so another thing.
my $tools = $all ? '^get_(?!ingestion_status)' : '^get_(budget|cost|daily_cost|top_cost|access_grants|external_ips|failure_streaks|high_spill|concurrent|denied)';
sql("CALL public.ask('local', '$tools')");

my @sources = $all
	? split(/\n/, sql(q{SELECT s.source FROM dbinsight.sources s WHERE s.remote IS NOT NULL AND NOT EXISTS (SELECT FROM jsonb_each(s.mapping) m WHERE m.value ->> 'as' = 'today') ORDER BY 1}))
	: qw(system.access.audit system.billing.usage system.lakeflow.job_run_timeline system.lakeflow.jobs system.query.history);
sql("SELECT dbinsight.use_foreign('$_')") foreach @sources;
foreach my $gold (split /\n/, sql(q{SELECT gold_table FROM dbinsight.sources WHERE mode = 'foreign' ORDER BY 1}))
{
	is(sql(qq{CREATE TEMP TABLE there AS SELECT jsonb_strip_nulls(to_jsonb(t) - 'extra') AS "row" FROM dbinsight.$gold t;
		CREATE TEMP TABLE here AS SELECT jsonb_strip_nulls(to_jsonb(t) - 'extra') AS "row" FROM dbinsight_local.$gold t;
		SELECT count(*) FROM (SELECT "row" FROM there EXCEPT ALL SELECT "row" FROM here) d UNION ALL SELECT count(*) FROM (SELECT "row" FROM here EXCEPT ALL SELECT "row" FROM there) d}),
		"0\n0", "$gold: the same rows there as here");
}
sql("CALL public.ask('foreign', '$tools')");
is(sql(q{SELECT a.tool, count(*) FROM (
	(SELECT tool, "row" FROM public.answers WHERE place = 'foreign' EXCEPT ALL SELECT tool, "row" FROM public.answers WHERE place = 'local') UNION ALL
	(SELECT tool, "row" FROM public.answers WHERE place = 'local' EXCEPT ALL SELECT tool, "row" FROM public.answers WHERE place = 'foreign')) a GROUP BY 1 ORDER BY 1}),
	'', 'the tools give the same rows');
# A tool without rows is none that has been compared: of the whole list, with the rows of each place.
note(sql(qq{SELECT format('%s -> %s, %s rows', tool, CASE WHEN here.rows IS NOT DISTINCT FROM there.rows THEN 'equal' ELSE 'DIFFERS' END, coalesce(cardinality(there.rows), 0))
	FROM (SELECT p.proname AS tool FROM pg_proc p WHERE p.pronamespace = 'dbinsight'::regnamespace AND p.proname LIKE 'get\\_%' AND p.proname ~ '$tools') t
	LEFT JOIN (SELECT tool, array_agg("row" ORDER BY "row") AS rows FROM public.answers WHERE place = 'local' GROUP BY 1) here USING (tool)
	LEFT JOIN (SELECT tool, array_agg("row" ORDER BY "row") AS rows FROM public.answers WHERE place = 'foreign' GROUP BY 1) there USING (tool) ORDER BY tool}));

sql(q{CREATE FOREIGN TABLE public.ends (t timestamptz, d date, n timestamp) SERVER ws OPTIONS (query 'SELECT CAST(NULL AS TIMESTAMP) AS t, CAST(NULL AS DATE) AS d, CAST(NULL AS TIMESTAMP_NTZ) AS n')});
is(sql(q{SELECT coalesce(max(t), '-infinity'), coalesce(max(t), 'infinity'), coalesce(max(d), '-infinity'), coalesce(max(d), 'infinity'),
	coalesce(max(n), '-infinity'), coalesce(max(n), 'infinity') FROM public.ends}),
	join('|', ('-infinity', 'infinity') x 3), 'infinite times come back from the warehouse');

# ---- only what is derived: as it follows from rows that are loaded
sql(q{UPDATE dbinsight.sources SET first_load = '} . ($days + 8) . q{ days', slice = '5 days' WHERE slice < '1 year';
	SELECT dbinsight.use_rollup('system.billing.usage'), dbinsight.use_rollup('system.lakeflow.job_run_timeline')}, 'rollups');
sql(q{SELECT * FROM dbinsight.ingest('system.billing.usage'); SELECT * FROM dbinsight.ingest('system.lakeflow.job_run_timeline')}, 'rollups');
is(sql('SELECT count(*) FROM dbinsight.fact_usage', 'rollups'), '0', 'a rollup shows no rows');
foreach my $relation (qw(rollup_usage_daily rollup_sku_daily job_run rollup_job_daily))
{
	my $digest = qq{SELECT count(*), sum(jsonb_hash_extended(jsonb_strip_nulls(to_jsonb(t)), 0)) FROM dbinsight.$relation t};
	is(sql($digest, 'rollups'), sql($digest), "$relation is the same");
}
is(sql(q{SELECT source, slices_done = slices, state, bytes > 0, requests >= slices FROM dbinsight.ingest_runs ORDER BY 1}, 'rollups'),
	"system.billing.usage|t|succeeded|t|t\nsystem.lakeflow.job_run_timeline|t|succeeded|t|t", 'in slices, and the books are kept');
is(sql(q{SELECT count(*) FROM dbinsight.ingest_state WHERE read_until = dbinsight.now()}, 'rollups'), '2', 'read up to now');

$emulator->stop;
done_testing();
