# A whole account through Spark's SQL: every gold table is as it was, once, twice, and after being killed twenty times.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../emulator";
use Emulator;
use IPC::Run qw(start finish timeout);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my ($spark, $why_not) = Emulator::spark();
plan skip_all => $why_not unless defined $spark;
my $KILLS = 20;
my $SEED = $ENV{INGEST_SEED} // 7;
srand $SEED;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "timezone = 'UTC'\nrestart_after_crash = on\nlog_statement = none\ndbinsight.allow_private_addresses = on\n"
	. "dbinsight.databricks_server = 'ws'\ndbinsight.now = '2026-06-15T12:00:00Z'");
$node->start;

sub sql { my ($database, $statements) = @_; return $node->safe_psql($database, $statements) }

# What the account holds, and the system tables it is read from.
sql('postgres', 'CREATE DATABASE pristine');
sql('pristine', 'CREATE EXTENSION dbinsight');
sql('postgres', 'CREATE DATABASE origin TEMPLATE pristine');
sql('origin', 'SELECT count(*) FROM dbinsight.load_sample(days => 2, scale => 0.1)');
my $files = PostgreSQL::Test::Utils::tempdir();
{
	local @ENV{qw(PGHOST PGPORT PGDATABASE)} = ($node->host, $node->port, 'origin');
	`'$spark' '$FindBin::RealBin/../emulator/export.py' '$files'`;
	is($?, 0, 'the gold rows are exported');
}
my $emulator = Emulator->start(spark => undef, data => $files);
sql('pristine', sprintf q{
	CREATE SERVER ws FOREIGN DATA WRAPPER databricks OPTIONS (host '%s', warehouse_id '%s');
	CREATE USER MAPPING FOR CURRENT_USER SERVER ws OPTIONS (token '%s');
	UPDATE dbinsight.sources SET first_load = '20 days', slice = '5 days' WHERE slice < '1 year'}, $emulator->url, $emulator->warehouse, $emulator->token);

# A digest of each gold table that a system table yields, as in 062: of snapshots only today's were exported, privileges are
# spelled by the loader, and extra has no place in a system table.  The emulator's information_schema knows its own tables too.
my %what = (
	dim_table => q{(SELECT * FROM dbinsight.dim_table WHERE table_catalog <> 'system' AND table_schema <> 'information_schema')},
	dim_column => q{(SELECT * FROM dbinsight.dim_column WHERE table_catalog <> 'system' AND table_schema <> 'information_schema')},
	dim_grant => q{(SELECT t.snapshot_date, t.object_type, t.object_full_name, t.grantee, replace(t.privilege_type, ' ', '_'), t.inherited_from, t.grantor
		FROM dbinsight.dim_grant t WHERE t.object_type = 'TABLE' OR t.object_full_name LIKE '%.%')},
	dim_tag => q{(SELECT * FROM dbinsight.dim_tag WHERE level <> 'schema')});
# The sample account has statements whose rows will be updated in a minute; what is of the future is not read.
my %newest = map { split /\|/ } split /\n/, sql('origin', 'SELECT DISTINCT gold_table, watermark_column FROM dbinsight.sources WHERE remote IS NOT NULL AND watermark_column IS NOT NULL');
my @tables = split /\n/, sql('origin', 'SELECT DISTINCT gold_table FROM dbinsight.sources WHERE remote IS NOT NULL ORDER BY 1');

sub contents
{
	my ($database, @more) = @_;
	return { map {
		my $rows = $what{$_} // "dbinsight.$_";
		my $today = /^dim_(table|column|grant|tag|column_mask|row_filter)$/ ? 'WHERE t.snapshot_date = dbinsight.today()'
			: $newest{$_} ? "WHERE t.$newest{$_} < dbinsight.now()" : '';
		$_ => sql($database, qq{SELECT count(*) || ' ' || coalesce(sum(jsonb_hash_extended(to_jsonb(t) - 'extra', 0)::numeric), 0) FROM $rows t $today})
	} @tables, @more };
}

my $origin = contents('origin');

sql('postgres', 'CREATE DATABASE quiet TEMPLATE pristine');
my $began = time;
sql('quiet', 'CALL dbinsight.ingest_due(true)');
my $took = time - $began;
is_deeply(contents('quiet'), $origin, 'ingested, every gold table is the same');
is(sql('quiet', q{SELECT count(*) FROM dbinsight.ingest_runs WHERE state <> 'succeeded'}), '0', 'every source succeeded');
is(sql('quiet', 'SELECT count(*) FROM dbinsight.rejected_rows'), '0', 'no row is set aside');
my @derived = qw(job_run job_task_run pipeline_update rollup_usage_daily rollup_node_hourly rollup_access_daily rollup_task_daily rollup_address_daily);
my $quiet = contents('quiet', @derived);
my $written = sql('quiet', 'SELECT sum(rows_written) FROM dbinsight.ingest_runs');
sql('quiet', 'CALL dbinsight.ingest_due(true)');
is_deeply(contents('quiet', @derived), $quiet, 'ingested again, nothing changes');
is(sql('quiet', q{SELECT sum(rows_written) FROM dbinsight.ingest_runs}), $written, '... and nothing is written');

# A server that is recovering refuses, or hangs up in the middle.
sub wait_for_server
{
	for (1 .. 600)
	{
		return if defined eval { $node->safe_psql('postgres', 'SELECT 1') };
		sleep 0.1;
	}
	die 'the server does not come back';
}

# ---- killed: by turns the backend, the whole server, and the worker of a job
sql('postgres', 'CREATE DATABASE killed TEMPLATE pristine');
sql('killed', q{UPDATE dbinsight.jobs SET enabled = false;
	INSERT INTO dbinsight.jobs (name, schedule, command) VALUES ('all', '@yearly', 'CALL dbinsight.ingest_due(true)')});
my @works = (
	[ 'backend', [ 'CALL dbinsight.ingest_due(true)' ], q{SELECT pid FROM pg_stat_activity WHERE datname = 'killed' AND backend_type = 'client backend'} ],
	[ 'server', [ 'CALL dbinsight.ingest_due(true)' ], q{SELECT pid FROM pg_stat_activity WHERE datname = 'killed' AND backend_type = 'client backend'} ],
	[ 'worker', [ q{SELECT dbinsight.run_job('all')}, 'SELECT * FROM dbinsight.run_due()' ],
		q{SELECT pid FROM pg_stat_activity WHERE datname = 'killed' AND query LIKE 'ingest %' AND backend_type NOT LIKE 'client%'} ]);
my %hit = map { $_->[0] => 0 } @works;
my ($hit, $late) = (0, 0);
for my $kill (1 .. $KILLS)
{
	my ($out, $err) = ('', '');
	my ($what, $commands, $at_work) = @{ $works[ $kill % @works ] };
	my $h = start [ 'psql', '-XAtq', '-d', $node->connstr('killed'), map { ('-c', $_) } @$commands ], '>', \$out, '2>', \$err, timeout(180);
	sleep(0.2 + rand(0.15 * $took));
	my ($pid) = split /\n/, sql('postgres', $at_work);
	$pid ? $hit{$what}++ : $late++;
	$hit += $pid ? 1 : 0;
	if ($what ne 'server')
	{
		kill 'KILL', $pid if $pid;
		finish $h;
		wait_for_server();
	}
	else
	{
		$node->stop('immediate');
		finish $h;
		$node->start;
	}
}
note("seed $SEED: $hit killed, $late had ended before; a quiet run took " . sprintf('%.1f s', $took));
cmp_ok($hit, '>=', $KILLS / 2, 'most were killed at work');
cmp_ok($hit{$_}, '>=', 2, "$_ among them") for sort keys %hit;
sql('killed', 'CALL dbinsight.ingest_due(true)');
is_deeply(contents('killed', @derived), $quiet, "killed $hit times, every table is that of a quiet run");
is(sql('killed', q{SELECT count(*) FROM dbinsight.ingest_runs WHERE state = 'running'}), '0', 'no lost run is shown as running');
is(sql('killed', q{SELECT count(*) FROM dbinsight.ingest_state s JOIN dbinsight.sources o USING (source) WHERE o.watermark_column IS NOT NULL AND s.read_until IS DISTINCT FROM dbinsight.now()}), '0',
	'every source is read up to now');

$emulator->stop;
done_testing();
