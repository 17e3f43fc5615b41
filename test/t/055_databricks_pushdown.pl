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

# ANALYZE, at the end because of such small tables more is then done here: of a small table all rows, so that the statistics are those of the table here; of a large one a sample.
is($node->safe_psql('postgres', q{
	ANALYZE here.thing, here.part, there.thing, there.part;
	SELECT relnamespace::regnamespace, relname, reltuples FROM pg_class WHERE relname IN ('thing', 'part') AND relkind IN ('r', 'f') ORDER BY 1, 2;
	SELECT h.tablename, h.attname FROM pg_stats h LEFT JOIN pg_stats t ON t.schemaname = 'there' AND (t.tablename, t.attname) = (h.tablename, h.attname)
	WHERE h.schemaname = 'here' AND (h.null_frac, h.n_distinct) IS DISTINCT FROM (t.null_frac, t.n_distinct)}),
	"here|part|40\nhere|thing|150\nthere|part|40\nthere|thing|150", 'ANALYZE finds there what it finds here');
is($node->safe_psql('postgres', q{
	SELECT FROM dbinsight._databricks_query('lake', 'CREATE TABLE main.default.many USING parquet AS SELECT id, id % 10 AS k FROM range(50000)');
	IMPORT FOREIGN SCHEMA "default" LIMIT TO (many) FROM SERVER lake INTO there;
	ANALYZE there.many;
	SELECT reltuples FROM pg_class WHERE oid = 'there.many'::regclass;
	SELECT n_distinct FROM pg_stats WHERE tablename = 'many' AND attname = 'k'}), "50000\n10", 'ANALYZE of more rows than a sample takes');
my ($sampled) = grep { $_->{statement} =~ /many.*TABLESAMPLE/ } $emulator->statements;
is($sampled->{rows} <= 30000 && $sampled->{rows} > 25000, 1, "which takes $sampled->{rows} of them");
$node->stop;
done_testing();
