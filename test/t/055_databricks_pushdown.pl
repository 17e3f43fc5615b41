# Random queries give the same rows on local tables and on foreign ones that Spark SQL answers.
#   PUSHDOWN_SEED (1), PUSHDOWN_QUERIES (40): the whole is PUSHDOWN_QUERIES=2000 make test TESTS=055_databricks_pushdown
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

my $emulator = Emulator->start(spark => undef);
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "dbinsight.allow_private_addresses = on\ntimezone = 'UTC'\n");
$node->start;
my $pushdown = Pushdown->new(seed => $seed);
# The warehouse's session lives in another zone than ours; nothing may come of it.
$node->safe_psql('postgres', sprintf(q{
	CREATE EXTENSION dbinsight;
	CREATE SERVER lake FOREIGN DATA WRAPPER databricks OPTIONS (host '%s', warehouse_id '%s', catalog 'main');
	CREATE USER MAPPING FOR CURRENT_USER SERVER lake OPTIONS (token '%s');
	SELECT dbinsight._databricks_query('lake', 'SET TIME ZONE ''America/New_York''');
}, $emulator->url, $emulator->warehouse, $emulator->token));
my $here = $pushdown->here(150, 40);
utf8::encode($here);
$node->safe_psql('postgres', $here);
$node->safe_psql('postgres', $pushdown->there('lake'));
foreach my $table ('thing', 'part')
{
	is($node->safe_psql('postgres', "SELECT count(*) FROM (SELECT * FROM there.$table EXCEPT ALL SELECT * FROM here.$table) d"), 0, "$table: no row there that is not here");
	is($node->safe_psql('postgres', "SELECT count(*) FROM (SELECT * FROM here.$table EXCEPT ALL SELECT * FROM there.$table) d"), 0, "$table: no row here that is not there");
}

# Times keep their microseconds inside of structs, arrays and maps too.
is($node->safe_psql('postgres', q{
	SELECT FROM dbinsight._databricks_query('lake', $$CREATE TABLE main.default.nested USING parquet AS SELECT array(timestamp_micros(1736000000000001)) AS l,
		named_struct('at', timestamp_micros(1736000000123456), 'clock', TIMESTAMP_NTZ'2025-01-04 14:13:20.000007', 'none', CAST(NULL AS INT), 'm', map('k', array(timestamp_micros(-1)))) AS s,
		array(TIMESTAMP_NTZ'1969-12-31 23:59:59.999999') AS c$$);
	IMPORT FOREIGN SCHEMA "default" LIMIT TO (nested) FROM SERVER lake INTO there;
	SELECT s, l, c FROM there.nested}),
	'{"m": {"k": ["1969-12-31 23:59:59.999999Z"]}, "at": "2025-01-04 14:13:20.123456Z", "none": null, "clock": "2025-01-04 14:13:20.000007"}|{"2025-01-04 14:13:20.000001+00"}|{"1969-12-31 23:59:59.999999"}',
	'nested times are exact');

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
cmp_ok($whole, '>', 0.8 * $queries, 'most of them are left to the warehouse whole');
$node->stop;
done_testing();
