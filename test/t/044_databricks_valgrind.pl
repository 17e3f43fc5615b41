# A backend under valgrind's memcheck lives through every kind of failure of the switchboard VALGRIND times and VALGRIND / 10
# times: no access that is wrong, and no more memory in use at the end of the long life than of the short one.
#   VALGRIND=200 make test TESTS=044_databricks_valgrind; VALGRIND_SUPP is a file of suppressions (src/tools/valgrind.supp of PostgreSQL)
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;
use Warehouse;

my $times = $ENV{VALGRIND};
plan skip_all => 'VALGRIND is not set' unless $times;
plan skip_all => 'no valgrind' if system('valgrind --version >/dev/null 2>&1') != 0;

my $SMALL = 128 * 1024; # bytes; a leak of some ten bytes a failure is more
my $w = Warehouse->new('main');
my ($node, $emulator) = ($w->node, $w->emulator);

# Name, milliseconds it may take (0: it ends by itself), whether it is about links, the fault; on `execute` unless it says so.
my @kinds = (
	[ 'a refused token', 0, 0, status => 401, shape => 'numeric' ], [ 'a refusal', 0, 0, status => 403, on => 'poll' ], [ 'not found', 0, 0, status => 404, on => 'poll' ],
	[ 'too many', 0, 0, status => 429, retry_after => 3600 ], [ 'too many, tried again', 200, 0, status => 429 ], [ 'not now', 200, 0, status => 503 ],
	[ 'an answer that is lost', 0, 0, fault => 'lost', status => 500 ], [ 'HTML', 0, 0, status => 400, shape => 'html' ],
	[ 'a redirect', 0, 0, fault => 'redirect' ], [ 'no JSON', 0, 0, fault => 'malformed' ], [ 'another body', 0, 0, fault => 'malformed', body => '[]', on => 'poll' ],
	[ 'FAILED without a reason', 0, 0, fault => 'edit', on => 'poll', set => { status => { state => 'FAILED' } }, remove => [ 'manifest', 'result' ] ],
	[ 'CLOSED', 0, 0, fault => 'edit', on => 'poll', set => { 'status.state' => 'CLOSED' } ], [ 'CANCELED', 0, 0, fault => 'edit', on => 'poll', set => { 'status.state' => 'CANCELED' } ],
	[ 'fewer chunks', 0, 0, fault => 'edit', on => 'poll', set => { 'manifest.total_chunk_count' => 1 } ], [ 'more chunks', 0, 0, fault => 'edit', on => 'poll', set => { 'manifest.total_chunk_count' => 9 } ],
	[ 'more rows', 0, 1, fault => 'edit', on => 'poll', set => { 'manifest.total_row_count' => 1001 } ], [ 'truncated', 0, 1, fault => 'edit', on => 'poll', set => { 'manifest.truncated' => JSON::PP::true } ],
	[ 'no columns', 0, 0, fault => 'edit', on => 'poll', remove => ['manifest.schema.columns'] ], [ 'a missing row', 0, 0, fault => 'edit', on => 'chunk', remove => ['data_array.0'] ],
	[ 'a reset', 0, 0, fault => 'reset_early' ], [ 'cut short', 250, 0, fault => 'cut', on => 'poll' ], [ 'a reset file', 400, 1, fault => 'reset', on => 'storage', bytes => 0 ],
	[ 'no answer', 100, 0, fault => 'hang' ], [ 'a file that stops', 300, 1, fault => 'stall', on => 'storage' ], [ 'drips', 250, 0, fault => 'drip', on => 'poll' ],
	[ 'a failed file', 0, 1, status => 400, on => 'storage' ], [ 'an expired link', 500, 1, status => 403, shape => 'text', on => 'storage' ],
	[ 'a link to a private address', 0, 1, fault => 'edit', on => 'poll', set => { 'result.external_links.0.external_link' => 'http://169.254.169.254/latest' } ],
	[ 'rows that are none', 0, 1, fault => 'malformed', on => 'storage', body => '[["1","2"]]' ], [ 'half a pair', 0, 1, fault => 'malformed', on => 'storage', body => '[["\\ud800"]]' ],
	[ 'gzip of what is none', 0, 0, fault => 'header', on => 'poll', headers => { 'Content-Encoding' => 'gzip' } ]);

# One session does it all: psql itself tells the emulator what is next.
sub control
{
	my ($method, $call, $body) = @_;
	my $file = PostgreSQL::Test::Utils::tempdir() . '/body.json';
	append_to_file($file, encode_json($body // {}));
	return sprintf("\\! curl -sS -o /dev/null -X %s '%s/_control/%s' --data-binary '\@%s'\n", $method, $emulator->control_url, $call, $file);
}

sub life
{
	my ($n) = @_;
	my $script = "SELECT pg_backend_pid();\nSET client_min_messages = error;\n";
	foreach my $kind (@kinds)
	{
		my ($name, $ms, $large, %fault) = @$kind;
		$script .= control('POST', 'reset') . control('POST', 'settings', { chunk_rows => 500, link_rows => 500 })
			. control('POST', 'scripts', { match => 'range', columns => [ { name => 'id', type => 'BIGINT' } ], range => 1000, states => ['PENDING'] })
			. control('POST', 'faults', { fault => 'status', on => 'execute', times => undef, %fault })
			. sprintf(q{DO $$ DECLARE failed int := 0; BEGIN FOR i IN 1..%d LOOP BEGIN
				PERFORM count(*) FROM (SELECT dbinsight._databricks_query('ws', 'SELECT id FROM range(1000)', %s, timeout_ms => %d)) q;
				EXCEPTION WHEN query_canceled OR OTHERS THEN failed := failed + 1; END; END LOOP;
				IF failed < %d THEN RAISE '%s: %% did not fail', %d - failed; END IF; END $$;} . "\n",
				$n, $large ? 'true' : 'false', $ms, $n, $name, $n);
	}
	my ($status, $out, $err) = $node->psql('postgres', $script, timeout => 7200);
	is($status, 0, "$n failures of each of " . @kinds . ' kinds') or diag($err);
	my ($pid) = $out =~ /^(\d+)/;
	my $said = '';
	for (1 .. 600) # its summary comes when it has ended
	{
		$said = slurp_file($node->basedir . "/valgrind.$pid");
		last if $said =~ /ERROR SUMMARY/;
		sleep 1;
	}
	my ($errors) = $said =~ /ERROR SUMMARY: (\d+) errors/;
	is($errors, 0, '... no access that is wrong') or diag($said);
	my ($bytes, $blocks) = $said =~ /in use at exit: ([\d,]+) bytes in ([\d,]+) blocks/;
	note("$n times: $bytes bytes in $blocks blocks at the end");
	return map { s/,//gr } $bytes, $blocks;
}

my $wrapper = $node->basedir . '/postgres';
my $suppressions = $ENV{VALGRIND_SUPP} ? "--suppressions=$ENV{VALGRIND_SUPP}" : '';
chomp(my $bin = `pg_config --bindir`);
append_to_file($wrapper, "#!/bin/sh\nexec valgrind --trace-children=yes --track-origins=no --leak-check=no $suppressions --log-file=${\$node->basedir}/valgrind.%p $bin/postgres \"\$@\"\n");
chmod 0755, $wrapper;
$node->append_conf('postgresql.conf', "autovacuum = off\n");
$node->stop;
system_or_bail('pg_ctl', '-s', '-w', '-t', '600', '-p', $wrapper, '-D', $node->data_dir, '-l', $node->logfile, 'start');
$node->safe_psql('postgres', 'SELECT 1'); # writes the relation cache's file, with padding that was never set
my ($few) = life($times > 10 ? int($times / 10) : 1);
my ($many) = life($times);
cmp_ok($many - $few, '<', $SMALL, '... and nothing grows');
system_or_bail('pg_ctl', '-s', '-w', '-t', '600', '-m', 'fast', '-D', $node->data_dir, 'stop');
$node->_update_pid(0);
done_testing();
