# Statements on an emulated warehouse: right rows in every disposition, right errors, tokens.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Utils;
use Test::More;
use Warehouse;

my $w = Warehouse->new('main');
my $emulator = $w->emulator;

# The sum of 0 .. n-1
sub sum { my ($n) = @_; return "$n|" . $n * ($n - 1) / 2 }

# ---- rows

is($w->rows('SELECT 5 AS name'), '{5}', 'one row');
is($w->rows('SELECT 5 AS name', 1), '{5}', 'one row behind a link');
for my $large (0, 1)
{
	my $how = $large ? 'links' : 'inline';
	$emulator->settings(chunk_rows => 700, link_rows => 700);
	is($w->sums('SELECT id FROM range(10000)', $large), sum(10000), "$how: 15 chunks");
	$emulator->settings(chunk_rows => 5000, link_rows => 5000);
	is($w->sums('SELECT id FROM range(10000)', $large), sum(10000), "$how: chunks that end where the rows end");
	$emulator->script(match => 'empty', columns => [{ name => 'a', type => 'INT' }], rows => []);
	is($w->rows('SELECT empty', $large), '', "$how: no rows");
	$emulator->script(match => 'ddl', columns => []);
	is($w->rows('CREATE ddl', $large), '', "$how: no columns");
	$emulator->script(match => 'hard', columns => [ map { { name => $_, type => 'STRING' } } 1 .. 4 ],
		rows => [[ '', undef, 'null', '[1,"a"]' ], [ "a\"b\\c/d\te\nf\r\b\f\x01", "\x{e4}\x{20ac}\x{1f600}", '{}', "'" ]]);
	is($w->sql("SELECT x = ARRAY['', NULL, 'null', '[1,\"a\"]'] OR x = ARRAY[E'a\"b\\\\c/d\\te\\nf\\r\\b\\f\\x01', 'ä€😀', '{}', ''''] "
		. "FROM (SELECT dbinsight._databricks_query('ws', 'SELECT hard', " . ($large ? 'true' : 'false') . ') AS x) AS q'),
		"t\nt", "$how: NULL, empty, escapes, letters beyond ASCII");
	$emulator->script(match => 'states', columns => [{ name => 'a', type => 'INT' }], rows => [['7']],
		states => [qw(PENDING PENDING WARMING_UP RUNNING)]);
	is($w->rows('SELECT states', $large), '{7}', "$how: states known and unknown are waited for");
	$emulator->reset;
}
is($w->sql(q{SELECT count(*) FROM dbinsight._databricks_query('ws', 'SELECT id FROM range(1000)', row_limit => 10)}), 10, 'a row limit cuts without an error');
my ($request) = reverse $emulator->requests(operation => 'execute');
like($request->{body}, qr/"wait_timeout": ?"0s"/, 'the warehouse answers with the id at once');
like($request->{headers}{Authorization} // $request->{headers}{authorization}, qr/^Bearer dapi/, 'with the token of the mapping');

# ---- presigned links

$emulator->reset;
$emulator->settings(link_rows => 1000, link_headers => { 'x-amz-server-side-encryption-customer-algorithm' => 'AES256' });
$emulator->fault(fault => 'latency', seconds => 0.3, on => 'storage', times => undef);
is($w->sums('SELECT id FROM range(8000)', 1), sum(8000), 'links with headers of their own');
my @storage = $emulator->requests(operation => 'storage');
is(scalar(@storage), 8, 'each link is fetched once');
ok(!(grep { exists $_->{headers}{Authorization} || exists $_->{headers}{authorization} } @storage), 'without our token');
my ($most) = sort { $b <=> $a } map { $_->{in_flight} } @storage;
cmp_ok($most, '>=', 3, 'several on their way together');
cmp_ok($most, '<=', 8, 'and no more than the settings allow');

# ---- connections are used again

$emulator->reset;
$w->sql(join(';', ("SELECT dbinsight._databricks_query('ws', 'SELECT 5')") x 10));
my %ports = map { $_->{connection} => 1 } $emulator->requests(operation => 'execute');
is(scalar(keys %ports), 1, 'ten statements, one connection');

# ---- tokens of a service principal

$emulator->reset;
my $ask = "SELECT dbinsight._databricks_query('wso', 'SELECT 5')";
is($w->sql("$ask; $ask; $ask"), "{5}\n{5}\n{5}", 'a service principal');
is(scalar($emulator->requests(operation => 'token')), 1, 'asks for one token');
$emulator->reset;
$emulator->settings(token_seconds => 41);
$w->sql("$ask; SELECT pg_sleep(1.2); $ask");
cmp_ok(scalar($emulator->requests(operation => 'token')), '>=', 2, 'is asked for again 40 s before its end');
$emulator->reset;
for my $status (401, 403)
{
	$emulator->fault(fault => 'status', status => $status, shape => 'numeric', on => 'execute', skip => 1);
	is($w->sql("$ask; $ask"), "{5}\n{5}", "a token that is refused with $status is renewed");
	is(scalar(grep { $_->{status} == 200 } $emulator->requests(operation => 'execute')), 2, 'and the statement is run once');
	$emulator->reset;
}
$emulator->fault(fault => 'status', status => 401, shape => 'numeric', on => 'execute', times => undef);
like($w->sql($ask), qr/^28000: .*Invalid access token|^28000/, 'renewed once, not for ever');
is(scalar($emulator->requests(operation => 'token')), 2, 'two tokens');
$emulator->reset;
is($w->sql("$ask; ALTER USER MAPPING FOR CURRENT_USER SERVER wso OPTIONS (SET client_secret 'wrong-secret'); $ask") =~ /^28000: .*refused/ ? 'refused' : '',
	'refused', 'a changed mapping ends the cached token');
$w->sql("ALTER USER MAPPING FOR CURRENT_USER SERVER wso OPTIONS (SET client_secret '" . $emulator->client_secret . "')");
is($w->sql($ask), '{5}', 'and a right one is right again');

# ---- what failed, and as what

my @errors = (
	['[TABLE_OR_VIEW_NOT_FOUND] The table `t` cannot be found.', undef, '42P01'],
	['[UNRESOLVED_COLUMN.WITH_SUGGESTION] No column a.', undef, '42703'],
	["\n[PARSE_SYNTAX_ERROR] Syntax error at or near 'x'. SQLSTATE: 42601", undef, '42601'],
	['[DIVIDE_BY_ZERO] Division by zero.', '22012', '22012'],
	['[INSUFFICIENT_PERMISSIONS] Insufficient privileges', undef, '42501'],
	['something odd', undef, '38000'],
	['the server is shutting down', '57P01', '38000'],
	['broken', 'XX000', '38000'],
	['no state', 'abc', '38000'],
);
for my $error (@errors)
{
	my ($message, $state, $expected) = @$error;
	$emulator->reset;
	$emulator->script(match => 'fails', error => { message => $message, error_code => 'BAD_REQUEST', (defined $state ? (sql_state => $state) : ()) });
	like($w->rows('SELECT fails'), qr/^\Q$expected\E: server "ws": /, "$expected: " . ($message =~ s/\n//r));
}
$emulator->reset;
like($w->sql(q{ALTER SERVER ws OPTIONS (SET warehouse_id 'no-such'); SELECT dbinsight._databricks_query('ws', 'SELECT 5')}), qr/^42704: .*HINT: .*warehouse_id/s, 'a warehouse that does not exist');
$w->sql(q{ALTER SERVER ws OPTIONS (SET warehouse_id 'abcdef0123456789')});

$emulator->script(match => 'held', columns => [{ name => 'a', type => 'INT' }], hold => \1);
like($w->sql(q{ALTER SERVER ws OPTIONS (ADD timeout '1s'); SELECT dbinsight._databricks_query('ws', 'SELECT held')}), qr/^57014: .*option timeout \(1000 ms\)/, 'the timeout of the server');

# ---- who may

$w->sql('CREATE ROLE ann LOGIN IN ROLE dbinsight_reader; CREATE ROLE bob LOGIN IN ROLE dbinsight_admin');
like($w->sql(q{SET ROLE ann; SELECT dbinsight._databricks_query('ws', 'SELECT 5')}), qr/^42501: permission denied for function/, 'a reader runs no statements');
like($w->sql(q{SET ROLE bob; SELECT dbinsight._databricks_query('ws', 'SELECT 5')}), qr/^42501: permission denied for foreign server/, 'an admin needs USAGE');
$w->sql('GRANT USAGE ON FOREIGN SERVER ws TO bob');
like($w->sql(q{SET ROLE bob; SELECT dbinsight._databricks_query('ws', 'SELECT 5')}), qr/^42704: user "bob" has no user mapping for server "ws".*CREATE USER MAPPING/s, 'and a mapping');

done_testing();
