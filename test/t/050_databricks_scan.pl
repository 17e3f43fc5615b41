# Foreign scans over HTTP against the emulator's scripted engine: values, errors, waiting together, giving up.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../emulator";
use Emulator;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

plan skip_all => 'no python3' unless defined Emulator::python();
my $emulator = Emulator->start;
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "dbinsight.allow_private_addresses = on\ntimezone = 'UTC'\ndatestyle = 'ISO'\n");
$node->start;
$node->safe_psql('postgres', sprintf(q{
	CREATE EXTENSION dbinsight;
	CREATE SERVER lake FOREIGN DATA WRAPPER databricks OPTIONS (host '%s', warehouse_id '%s', catalog 'main');
	CREATE USER MAPPING FOR CURRENT_USER SERVER lake OPTIONS (token '%s');
	CREATE FOREIGN TABLE kinds (b boolean, i int, n numeric(38,18), f float8, t text, raw bytea, d date, ts timestamptz, wall timestamp,
		words text[], doc jsonb, ym interval, ds interval) SERVER lake OPTIONS (schema_name 's');
	CREATE FOREIGN TABLE slow (i int) SERVER lake OPTIONS (schema_name 's');
	CREATE FOREIGN TABLE slow2 (i int) SERVER lake OPTIONS (schema_name 's');
	CREATE FOREIGN TABLE quick (i int) SERVER lake OPTIONS (schema_name 's');
	CREATE FOREIGN TABLE many (i int, t text) SERVER lake OPTIONS (schema_name 's');
}, $emulator->url, $emulator->warehouse, $emulator->token));

sub rows { my ($query) = @_; return $node->safe_psql('postgres', $query) }

# fails(query, pattern, name): the error's text with its SQLSTATE and context
sub fails
{
	my ($query, $pattern, $name) = @_;
	my ($status, $out, $err) = $node->psql('postgres', $query, on_error_stop => 1, extra_params => [ '-v', 'VERBOSITY=verbose' ]);
	like($err, $pattern, $name);
	unlike($err, qr/\Q@{[$emulator->token]}\E/, "$name: without the token");
	return;
}

# ---- values

my @kinds = (
	map { { name => $_->[0], type => $_->[1] } } [ b => 'BOOLEAN' ], [ i => 'INT' ], [ n => 'DECIMAL(38,18)' ], [ f => 'DOUBLE' ], [ t => 'STRING' ], [ raw => 'STRING' ],
	[ d => 'DATE' ], [ ts => 'BIGINT' ], [ wall => 'STRING' ], [ words => 'STRING' ], [ doc => 'STRING' ], [ ym => 'STRING' ], [ ds => 'STRING' ]);
$emulator->script(match => '`kinds`', columns => \@kinds, rows => [
	[ 'true', '-2147483648', '0E-18', 'NaN', "a\"\\\n", '00FF', '-0044-03-15', '-1', '2025-03-30 02:30:00.000001', '["a",null,"b\"c"]', '{"a":[1,null]}', "INTERVAL '-1-2' YEAR TO MONTH", "INTERVAL '-3 04:05:06.789' DAY TO SECOND" ],
	[ 'false', '2147483647', '12345678901234567890.123456789012345678', '-Infinity', '', '', '+12025-01-01', '253402300800000000', '0001-01-01 00:00:00', '[]', 'null', "INTERVAL '3' MONTH", "INTERVAL '90' MINUTE" ],
	[ (undef) x 13 ] ]);
is(rows('SELECT * FROM kinds'), join("\n",
	't|-2147483648|0.000000000000000000|NaN|a"\\' . "\n" . '|\x00ff|0045-03-15 BC|1969-12-31 23:59:59.999999+00|2025-03-30 02:30:00.000001|{a,NULL,"b\"c"}|{"a": [1, null]}|-1 years -2 mons|-3 days -04:05:06.789',
	'f|2147483647|12345678901234567890.123456789012345678|-Infinity||\x|12025-01-01|10000-01-01 00:00:00+00|0001-01-01 00:00:00|{}|null|3 mons|01:30:00',
	'|' x 12), 'each type, at its edges, and NULL');

my @bad = (
	[ 'i', 'INT', 'seven', qr/22P02.*invalid input syntax for type integer.*column "i" of foreign table "kinds" \(INT on the warehouse\), row 2/s ],
	[ 'i', 'BIGINT', '2147483648', qr/22003.*column "i" of foreign table "kinds" \(BIGINT on the warehouse\), row 2/s ],
	[ 'd', 'DATE', '2025-02-30', qr/22P02.*type date.*row 2/s ], [ 'd', 'DATE', '+9999999-01-01', qr/22008.*type date.*row 2/s ],
	[ 'ts', 'DECIMAL(20,0)', '9223372036854775808', qr/22P02.*timestamp with time zone.*row 2/s ], [ 'ts', 'STRING', '2025-01-01', qr/22P02.*row 2/s ],
	[ 'wall', 'STRING', 'noon', qr/22P02.*type timestamp.*row 2/s ], [ 'raw', 'STRING', 'xyz', qr/22023.*row 2/s ],
	[ 'words', 'STRING', '{"a":1}', qr/22P02.*type array.*row 2/s ], [ 'ds', 'STRING', 'a while', qr/22P02.*type interval.*row 2/s ], [ 'doc', 'STRING', '{', qr/22P02.*row 2/s ]);
foreach my $bad (@bad)
{
	my ($column, $type, $text, $pattern) = @$bad;
	$emulator->script(match => '`kinds`', columns => [ { name => $column, type => $type } ], rows => [ [undef], [$text] ]);
	fails("SELECT $column FROM kinds", $pattern, "$column: $text");
}
$emulator->script(match => '`kinds`', columns => [ { name => 'i', type => 'INT' }, { name => 'x', type => 'INT' } ], rows => [ [ 1, 2 ] ]);
fails('SELECT i FROM kinds', qr/HV021.*returned 2 columns where 1/s, 'a column too many');
$emulator->script(match => '`kinds`', columns => [ { name => 's', type => 'DECIMAL(38,0)' }, { name => 'n', type => 'BIGINT' } ], rows => [ [ 7, 2 ] ]);
is(rows('SELECT avg(i) FROM kinds'), '3.5000000000000000', 'an average is a sum and a count');
$emulator->script(match => '`kinds`', columns => [ { name => 's', type => 'DECIMAL(38,0)' }, { name => 'n', type => 'BIGINT' } ], rows => [ [ 7, undef ] ]);
fails('SELECT avg(i) FROM kinds', qr/08P01.*a sum without its count/s, 'a sum whose count is missing');
$emulator->script(match => '`kinds`', error => { message => '[UNRESOLVED_COLUMN.WITH_SUGGESTION] A column `i` cannot be resolved. SQLSTATE: 42703', sql_state => '42703', error_code => 'BAD_REQUEST' });
fails('SELECT i FROM kinds', qr/42703.*`i`/s, 'a column that has gone is named');

# ---- statements that run at once, and those given up

$emulator->script(match => '`slow`', columns => [ { name => 'i', type => 'INT' } ], rows => [ [1] ], seconds => 1.5);
$emulator->script(match => '`slow2`', columns => [ { name => 'i', type => 'INT' } ], rows => [ [2] ], seconds => 1.5);
rows('SELECT 1'); # the server's caches are warm
my $start = time;
is(rows('SELECT count(*), sum(i) FROM (SELECT i FROM slow UNION ALL SELECT i FROM slow2 UNION ALL SELECT i FROM slow) s'), '3|4', 'rows of three statements');
my $together = time - $start;
note(sprintf('three statements of 1.5 s under one Append: %.1f s', $together));
cmp_ok($together, '<', 4, 'they ran at once');

sub last_statement { my ($text) = @_; return (grep { $_->{statement} =~ /$text/ } $emulator->statements)[-1] }
$emulator->script(match => '`slow`', columns => [ { name => 'i', type => 'INT' } ], rows => [ [1] ], hold => JSON::PP::true());
fails(q{SET statement_timeout = '700ms'; SELECT * FROM slow}, qr/57014/, 'statement_timeout');
is(last_statement('`slow`')->{state}, 'CANCELED', 'and the warehouse has stopped');
# A loaded machine may take longer to name the statement than an error is kept for it: the next statement's waiting sees to it.
$emulator->script(match => '`quick`', columns => [ { name => 'i', type => 'INT' } ], rows => [ [5] ], seconds => 0.5);
is(rows(q{SET statement_timeout = '5s'; DO $$ BEGIN
		SET LOCAL statement_timeout = '5s';
		PERFORM 1 / i FROM (SELECT 0 AS i UNION ALL SELECT i FROM slow) s;
	EXCEPTION WHEN division_by_zero THEN NULL; END $$; SELECT i FROM quick}), '5', 'a subtransaction is given up while a statement runs');
is(last_statement('`slow`')->{state}, 'CANCELED', 'and its statement with it');

$emulator->script(match => '`many`', columns => [ { name => 'i', type => 'INT' }, { name => 't', type => 'STRING', value => 'row {i}' } ], range => 250000, chunk_rows => 20000);
is(rows('SELECT count(*), min(i + 0), max(i + 0) FROM (SELECT i, t FROM many OFFSET 0) m WHERE t LIKE \'%w%\' AND random() >= 0'), '250000|0|249999', 'a result of many chunks');
is(rows("BEGIN; DECLARE c CURSOR FOR SELECT * FROM many; FETCH 2 FROM c; CLOSE c; SELECT 'closed'; COMMIT"), "0|row 0\n1|row 1\nclosed", 'a cursor closed early');

# ---- again, with other parameters

$emulator->script(match => '`many`.*:p1', columns => [ { name => 'i', type => 'INT' } ], rows => [ [7] ]);
my $before = grep { $_->{statement} =~ /:p1/ } $emulator->statements;
is(rows('SELECT v.x, m.i FROM (VALUES (1), (2), (3)) v(x) LEFT JOIN LATERAL (SELECT i FROM many WHERE i = v.x LIMIT 1) m ON true'), "1|7\n2|7\n3|7", 'LATERAL');
my @bound = map { $_->{request}{parameters}[0]{value} } grep { $_->{statement} =~ /:p1/ } $emulator->statements;
is_deeply([ sort @bound[ $before .. $#bound ] ], [ 1, 2, 3 ], 'one statement for each, its value bound');
is(rows("SET plan_cache_mode = force_generic_plan; PREPARE q (text) AS SELECT i FROM many WHERE t = \$1 LIMIT 1; EXECUTE q (E'it''s \\\\');"), '7', 'a generic plan');
is((map { $_->{request}{parameters}[0]{value} } grep { $_->{statement} =~ /:p1/ } $emulator->statements)[-1], "it's \\", 'whose value is bound as it is');

like(rows('EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT i FROM many WHERE i = (SELECT 7)'), qr/Statements: 1\n.*Rows Fetched: 1\n.*Bytes Fetched: \d+\n.*Chunks: 1\n.*Requests: [1-9]/, 'EXPLAIN ANALYZE counts');
fails(q{SET plan_cache_mode = force_generic_plan; PREPARE z AS SELECT ts FROM kinds WHERE ts::date = date '2025-01-01'; EXPLAIN EXECUTE z; SET TimeZone = 'Asia/Tokyo'; EXECUTE z},
	qr/55000.*TimeZone was UTC.*DISCARD PLANS/s, 'a kept plan whose days were those of UTC');

# ---- secrets

fails('DROP USER MAPPING FOR CURRENT_USER SERVER lake; SELECT i FROM many', qr/user mapping/, 'without a mapping');
unlike(slurp_file($node->logfile), qr/\Q@{[$emulator->token]}\E/, 'the token is not in the log') if rows(q{SHOW log_statement}) eq 'none';
unlike(slurp_file($node->logfile), qr/terminated by signal|TRAP:|PANIC/, 'the server was there all the time');
$node->stop;
done_testing();
