# Every fault of the emulated workspace ends in the right rows or in a clear error; never in fewer rows.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);
use Warehouse;

my $w = Warehouse->new('main', options => "max_parallel_chunks '3'");
my $emulator = $w->emulator;
my $ROWS = 3000; # in six chunks
my $RIGHT = "$ROWS|" . $ROWS * ($ROWS - 1) / 2;
my $FAST = 'dbinsight.request_timeout = 1300'; # longer than the loop takes for a pause of our own

# try(name, large, expected, [fault, ...], settings...): expected is rows or a pattern. Which poll tells the end
# nobody knows, so what is edited there is edited in all of them.
sub try
{
	my ($name, $large, $expected, $faults, @settings) = @_;
	$emulator->reset;
	$emulator->settings(chunk_rows => 500, link_rows => 500);
	$emulator->script(match => 'range', columns => [{ name => 'id', type => 'BIGINT' }], range => $ROWS, states => ['PENDING']);
	$emulator->fault(%$_) for @$faults;
	my $start = time;
	my $got = $w->sums("SELECT id FROM range($ROWS)", $large, @settings);
	note(sprintf('%s: %.1f s: %s', $name, time - $start, $got =~ s/\n.*//sr));
	if (ref $expected) { like($got, $expected, $name) } else { is($got, $expected, $name) }
	return;
}

# ---- refused, and tried again

for my $on (qw(execute poll chunk storage))
{
	my $large = $on eq 'storage' || $on eq 'chunk';
	try("429 with Retry-After, $on", $large, $RIGHT, [{ fault => 'status', status => 429, retry_after => 1, on => $on }]);
	try("429 without, $on", $large, $RIGHT, [{ fault => 'status', status => 429, on => $on, times => 3 }]);
	try("503, $on", $large, $RIGHT, [{ fault => 'status', status => 503, on => $on, times => 2 }]);
}
try('429 with a date', 0, $RIGHT, [{ fault => 'status', status => 429, retry_after => 'date', seconds => 1, on => 'execute' }]);
my $start = time;
try('429 that outlasts the deadline', 0, qr/^53400: .*HINT: /s,
	[{ fault => 'status', status => 429, retry_after => 3600, on => 'execute', times => undef }]);
cmp_ok(time - $start, '<', 3, 'is told at once');
for my $status (500, 502, 504)
{
	try("$status, poll", 0, $RIGHT, [{ fault => 'status', status => $status, on => 'poll', times => 2 }]);
	try("$status, storage", 1, $RIGHT, [{ fault => 'status', status => $status, on => 'storage', times => 2 }]);
	try("$status, execute", 0, qr/^38000: /, [{ fault => 'lost', status => $status, on => 'execute' }]);
	is(scalar($emulator->requests(operation => 'execute')), 1, 'which may have been carried out, is not repeated');
}
try('a limit told as 400', 0, $RIGHT, [{ fault => 'status', status => 400, error_code => 'REQUEST_LIMIT_EXCEEDED', on => 'execute' }]);
try('a cluster that is not ready', 0, $RIGHT,
	[{ fault => 'status', status => 400, error_code => 'INVALID_STATE', message => 'ClusterNotReadyException: soon', on => 'poll' }]);

# ---- errors in every shape

for my $shape (qw(standard numeric api12 oauth summary scim text html openai empty))
{
	try("401 $shape", 0, qr/^28000: server "ws": .*HINT:/s, [{ fault => 'status', status => 401, shape => $shape, message => 'no such luck', on => 'execute' }]);
	try("403 $shape", 0, qr/^42501: server "ws": /, [{ fault => 'status', status => 403, shape => $shape, message => 'no such luck', on => 'poll' }]);
	try("404 $shape", 0, qr/^42704: /, [{ fault => 'status', status => 404, shape => $shape, on => 'poll' }]);
}
try('a token that is not known', 0, qr/^28000: /, [{ fault => 'status', status => 403, shape => 'numeric', message => 'Invalid access token.', on => 'execute' }]);
try('the words of an error', 0, qr/no such luck/, [{ fault => 'status', status => 400, shape => $_, message => 'no such luck', on => 'execute' }])
	for qw(standard api12 oauth scim text html openai);

# ---- connections

try('reset before an answer, poll', 0, $RIGHT, [{ fault => 'reset_early', on => 'poll', times => 2 }]);
try('reset before an answer, execute', 0, qr/^08006: .*not repeated/s, [{ fault => 'reset_early', on => 'execute' }]);
try('reset in mid-body, poll', 0, $RIGHT, [{ fault => 'reset', on => 'poll' }]);
try('cut in mid-body, chunk', 0, $RIGHT, [{ fault => 'cut', on => 'chunk', times => 2 }]);
for my $fault (qw(reset cut))
{
	try("$fault in mid-body, storage", 1, $RIGHT, [{ fault => $fault, on => 'storage', skip => $_, times => 2 }]) for 0, 3;
	try("$fault always, storage", 1, qr/^08006: /, [{ fault => $fault, on => 'storage', times => undef, bytes => 0 }]);
}
try('hang, execute', 0, qr/^57014: .*dbinsight\.request_timeout/, [{ fault => 'hang', on => 'execute' }], $FAST);
try('hang, storage', 1, qr/^57014: .*dbinsight\.request_timeout/, [{ fault => 'hang', on => 'storage' }], $FAST);
try('stall, storage', 1, qr/^57014: .*dbinsight\.request_timeout/, [{ fault => 'stall', on => 'storage' }], $FAST);
try('drip, poll', 0, qr/^57014: .*dbinsight\.request_timeout/, [{ fault => 'drip', on => 'poll' }], $FAST);
try('drip, storage', 1, qr/^57014: .*dbinsight\.request_timeout/, [{ fault => 'drip', on => 'storage' }], $FAST);
try('latency', 1, $RIGHT, [{ fault => 'latency', seconds => 0.2, on => 'any', times => undef }]);
try('gzip', 1, $RIGHT, [{ fault => 'gzip', on => 'any', times => undef }]);
try("gzip that is none, $_", $_ eq 'storage', qr/^08(P01|000): /, [{ fault => 'header', headers => { 'Content-Encoding' => 'gzip' }, on => $_, times => undef }]) for qw(execute poll storage);

# ---- links

try('a link that has expired', 1, $RIGHT, [{ fault => 'status', status => 403, shape => 'text', on => 'storage', skip => 2, times => 2 }]);
try('404 of a storage', 1, $RIGHT, [{ fault => 'status', status => 404, shape => 'empty', on => 'storage' }]);
try('links that always have expired', 1, qr/^38000: .*storage/, [{ fault => 'status', status => 403, shape => 'text', on => 'storage', times => undef }]);
# A link of 4 s that is used after 5 has expired for the storage too; one that is never good is asked for five times.
$emulator->reset;
$emulator->settings(chunk_rows => 500, link_rows => 500, link_seconds => 4);
$emulator->script(match => 'range', columns => [{ name => 'id', type => 'BIGINT' }], range => $ROWS);
$emulator->fault(fault => 'latency', seconds => 5, on => 'storage', skip => 1, times => 2);
is($w->sums("SELECT id FROM range($ROWS)", 1), $RIGHT, 'links that expire on the way');
cmp_ok(scalar(grep { $_->{status} == 403 } $emulator->requests(operation => 'storage')), '>', 0, '... are refused by the storage');
$emulator->settings(link_seconds => -60);
like($w->sums("SELECT id FROM range($ROWS)", 1), qr/^38000: .*storage/, 'links that have expired when they come');
try('a link with little time left', 1, $RIGHT, [{ fault => 'edit', on => 'poll', times => undef, set => { 'result.external_links.0.expiration' => '2020-01-01T00:00:00Z' } }]);
try('a clock that is wrong', 1, $RIGHT, [{ fault => 'edit', on => 'poll', times => undef, set => { 'result.external_links.0.expiration' => '2020-01-01T00:00:00Z' } },
	{ fault => 'edit', on => 'chunk', times => undef, set => { 'external_links.0.expiration' => '2020-01-01T00:00:00Z' } }]);
is(scalar($emulator->requests(operation => 'chunk')), 6, '... and each link is asked for once');
try('a link that is missing', 1, qr/^08P01: .*link/, [{ fault => 'edit', on => 'chunk', set => { external_links => [] }, times => undef }]);
try('a link to a file', 1, qr/^42501: .*only https/s, [{ fault => 'edit', on => 'poll', times => undef, set => { 'result.external_links.0.external_link' => 'file:///etc/passwd' } }]);
try('a link to a metadata service', 1, qr/^42501: .*169\.254\.169\.254/s,
	[{ fault => 'edit', on => 'poll', times => undef, set => { 'result.external_links.0.external_link' => 'http://169.254.169.254/latest?secret=abc123' } }]);

# ---- redirects

try("redirect, $_", $_ eq 'storage', qr/^(42501|38000): /, [{ fault => 'redirect', on => $_ }]) for qw(execute poll storage);
is(scalar(grep { $_->{path} =~ /elsewhere/ } $emulator->requests), 0, 'nobody is sent elsewhere');
try('a private link', 0, qr/^42501: .*private link only/s,
	[{ fault => 'redirect', status => 302, location => '/login.html?error=private-link-validation-error:1', on => 'execute' }]);

# ---- what is not an answer

try("malformed, $_", $_ eq 'storage', qr/^08P01: /, [{ fault => 'malformed', on => $_, times => undef }]) for qw(execute poll storage);
try('malformed once, storage', 1, $RIGHT, [{ fault => 'malformed', on => 'storage', skip => 1 }]);
try('malformed, chunk', 0, qr/^08P01: /, [{ fault => 'malformed', on => 'chunk' }]);
try('another body', 0, qr/^08P01: /, [{ fault => 'malformed', on => 'poll', body => $_ }]) for '', '[]', '"x"', '{}', 'null', '<html>';
try('rows that are none', 1, qr/^08P01: /, [{ fault => 'malformed', on => 'storage', body => $_ }])
	for '{}', '[5]', '[[["a"]]]', '[["1"],]', '[["1" "2"]]', '[["1","2"]]', '[[]]', '[["\\x"]]', '[[nil]]', "[[\"a\nb\"]]", '[["1"]] x';
try('a character that cannot be kept', 1, qr/^22P05: .*HINT/s, [{ fault => 'malformed', on => 'storage', body => $_ }])
	for '[["a\\u0000b"]]', '[["\\ud800"]]', '[["\\ud800x"]]', '[["\\udc00"]]';
try('endless', 0, qr/^54000: .*larger than/, [{ fault => 'endless', on => 'poll' }]);

# ---- states

try('FAILED without an error', 0, qr/^38000: .*without a reason/, [{ fault => 'edit', on => 'poll', times => undef, set => { status => { state => 'FAILED', error => {} } }, remove => [ 'manifest', 'result' ] }]);
try('FAILED with nothing', 0, qr/^38000: .*without a reason/, [{ fault => 'edit', on => 'poll', times => undef, set => { status => { state => 'FAILED' } }, remove => [ 'manifest', 'result' ] }]);
try('CLOSED', 0, qr/^55000: .*gone/, [{ fault => 'edit', on => 'poll', times => undef, set => { 'status.state' => 'CLOSED' } }]);
try('CANCELED', 0, qr/^57014: .*on the warehouse/, [{ fault => 'edit', on => 'poll', times => undef, set => { 'status.state' => 'CANCELED' } }]);
try('an unknown state', 0, $RIGHT, [{ fault => 'edit', on => 'poll', set => { 'status.state' => 'NAPPING' }, times => 3 }]);
try('an unknown state for ever', 0, qr/^57014: .*timeout/, [{ fault => 'edit', on => 'poll', set => { 'status.state' => 'NAPPING' }, times => undef }], 'statement_timeout = 800');
try('another statement', 0, qr/^08P01: /, [{ fault => 'edit', on => 'poll', times => undef, set => { statement_id => '01ef-other' } }]);
try('an id that is a path', 0, qr/^08P01: /, [{ fault => 'edit', on => 'execute', set => { statement_id => '../../secrets/get' } }]);

# ---- counts

for my $large (0, 1)
{
	my $how = $large ? 'links' : 'inline';
	my $cell = $large ? 'external_links.0' : 'data_array';
	try("more chunks announced, $how", $large, qr/^(08P01|42704|38000|22023): /, [{ fault => 'edit', on => 'poll', times => undef, set => { 'manifest.total_chunk_count' => 9 } }]);
	try("fewer chunks announced, $how", $large, qr/^08P01: /, [{ fault => 'edit', on => 'poll', times => undef, set => { 'manifest.total_chunk_count' => 5 } }]);
	try("no chunks announced, $how", $large, qr/^08P01: /, [{ fault => 'edit', on => 'poll', times => undef, set => { 'manifest.total_chunk_count' => 0 } }]);
	try("more rows announced, $how", $large, qr/^08P01: .*3000 rows of 3001/, [{ fault => 'edit', on => 'poll', times => undef, set => { 'manifest.total_row_count' => 3001 } }]);
	try("counts in quotes, $how", $large, $RIGHT, [{ fault => 'edit', on => 'poll', times => undef, set => { 'manifest.total_row_count' => '3000', 'manifest.total_chunk_count' => '6' } }]);
	try("no counts, $how", $large, $RIGHT, [{ fault => 'edit', on => 'poll', times => undef, remove => [ 'manifest.total_row_count', 'manifest.total_chunk_count', 'manifest.chunks' ] }]);
	try("truncated, $how", $large, qr/^54000: .*cut the result short/, [{ fault => 'edit', on => 'poll', times => undef, set => { 'manifest.truncated' => JSON::PP::true() } }]);
	try("columns that are not there, $how", $large, qr/^08P01: /, [{ fault => 'edit', on => 'poll', times => undef, remove => ['manifest.schema.columns'] }]);
	try("no manifest, $how", $large, qr/^08P01: /, [{ fault => 'edit', on => 'poll', times => undef, remove => ['manifest'] }]);
	try("no result, $how", $large, $RIGHT, [{ fault => 'edit', on => 'poll', times => undef, remove => ['result'] }]);
	try("a chunk of another number, $how", $large, qr/^08P01: /, [{ fault => 'edit', on => 'chunk', set => { ($large ? 'external_links.0.chunk_index' : 'chunk_index') => 5 } }]);
}
try('a row is missing, links', 1, qr/^08P01: .*499 rows of 500/, [{ fault => 'edit', on => 'storage', skip => 3, remove => ['0'] }]);
try('a row is missing, inline', 0, qr/^08P01: .*499 rows of 500/, [{ fault => 'edit', on => 'chunk', remove => ['data_array.0'] }]);
try('the array of a chunk is gone', 0, qr/^08P01: /, [{ fault => 'edit', on => 'chunk', remove => ['data_array'] }]);

# ---- tokens

sub oauth
{
	my ($name, $expected, @fault) = @_;
	$emulator->reset;
	$emulator->fault(@fault);
	like($w->sql("SELECT dbinsight._databricks_query('wso', 'SELECT 5')", $FAST), $expected, $name);
	return;
}
oauth('a principal that is refused', qr/^28000: .*invalid_client.*HINT/s, fault => 'status', status => 401, shape => 'oauth', error_code => 'invalid_client', on => 'token');
oauth('in other words', qr/^28000: /, fault => 'status', status => 400, shape => 'summary', on => 'token');
oauth('a token server that is down', qr/^\{5\}/, fault => 'status', status => 503, on => 'token');
oauth('that resets', qr/^\{5\}/, fault => 'reset_early', on => 'token');
oauth('that hangs', qr/^57014: .*request_timeout/, fault => 'hang', on => 'token');
oauth('that answers something else', qr/^08P01: /, fault => 'malformed', body => '{"a":1}', on => 'token');
oauth('that sends us elsewhere', qr/^42501: /, fault => 'redirect', on => 'token');


# One session; the tokens change while it rests.
sub change { my ($what) = @_; return sprintf("\\! curl -sSf -o /dev/null '%s/_control/credentials' -d '%s'\n", $emulator->control_url, $what) }
$emulator->reset;
my $ask = "SELECT dbinsight._databricks_query('%s', 'SELECT 5');\n";
is($w->sql(sprintf($ask, 'wso') . change('{"revoke": true}') . sprintf($ask, 'wso')), "{5}\n{5}", "a principal's token that was revoked is renewed");
like($w->sql(sprintf($ask, 'ws') . change('{"token": "dapi-another"}') . sprintf($ask, 'ws')), qr/^28000: .*HINT: /s, 'a personal token that was replaced is told');
is($w->sql("ALTER USER MAPPING FOR CURRENT_USER SERVER ws OPTIONS (SET token 'dapi-another');\n" . sprintf($ask, 'ws')), '{5}', '... and the new one serves');

is($w->sql('SELECT 1'), 1, 'the server is alive');
done_testing();
