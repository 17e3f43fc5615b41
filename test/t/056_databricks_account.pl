# Random queries about the sample account give the same rows on copies of its system tables and on foreign ones that Spark SQL answers.
#   PUSHDOWN_SEED (1), PUSHDOWN_QUERIES (40): the whole is PUSHDOWN_QUERIES=2000 make test TESTS=056_databricks_account
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../emulator", "$FindBin::Bin/../fuzz";
use Emulator;
use Pushdown;
use List::Util qw(min);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my ($spark, $why_not) = Emulator::spark();
plan skip_all => $why_not unless defined $spark;
my $seed = $ENV{PUSHDOWN_SEED} // 1;
my $queries = $ENV{PUSHDOWN_QUERIES} // 40;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "dbinsight.allow_private_addresses = on\ntimezone = 'UTC'\nfsync = off\njit = off\ndbinsight.now = '2026-06-15T12:00:00Z'\n");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION dbinsight');
$node->safe_psql('postgres', 'SELECT count(*) FROM dbinsight.load_sample(days => 2, scale => 0.02)');
my $files = PostgreSQL::Test::Utils::tempdir();
{
	local @ENV{qw(PGHOST PGPORT PGDATABASE)} = ($node->host, $node->port, 'postgres');
	`'$spark' '$FindBin::RealBin/../emulator/export.py' '$files'`;
	is($?, 0, 'the gold rows are exported');
}
my $emulator = Emulator->start(spark => undef, data => $files);
# The warehouse's session lives in another zone than ours; nothing may come of it.
$node->safe_psql('postgres', sprintf(q{
	CREATE SERVER lake FOREIGN DATA WRAPPER databricks OPTIONS (host '%s', warehouse_id '%s', catalog 'system');
	CREATE USER MAPPING FOR CURRENT_USER SERVER lake OPTIONS (token '%s');
	SELECT dbinsight._databricks_query('lake', 'SET TIME ZONE ''America/New_York''');
}, $emulator->url, $emulator->warehouse, $emulator->token));
$node->safe_psql('postgres', Pushdown::account_tables('lake'));
foreach my $pair ([ 'usage', 'fact_usage' ], [ 'audit', 'fact_audit_logs' ], [ 'history', 'fact_query_history' ], [ 'job_run_timeline', 'fact_job_run_timeline' ], [ 'node_timeline', 'fact_node_timeline' ])
{
	is($node->safe_psql('postgres', "SELECT count(*) FROM here.$pair->[0]"), $node->safe_psql('postgres', "SELECT count(*) FROM dbinsight.$pair->[1]"), "$pair->[0]: as many rows as the account has");
}
my $pushdown = Pushdown->new(seed => $seed, tables => Pushdown::account(sub { $node->safe_psql('postgres', $_[0]) }));
my @differences;
while (($pushdown->{compared} // 0) < $queries)
{
	my $piece = min(100, $queries - ($pushdown->{compared} // 0));
	push @differences, $pushdown->differences(sub { $node->safe_psql('postgres', $_[0], timeout => 3600) }, $piece);
	note("$pushdown->{compared} compared, " . @differences . ' differ');
}
is_deeply(\@differences, [], "$queries queries of seed $seed: the same rows");
my $whole = $pushdown->{shipped};
note("the warehouse did all of $whole of $queries");
cmp_ok($whole, '>', 0.5 * $queries, 'many of them are left to the warehouse whole');
$node->stop;
done_testing();
