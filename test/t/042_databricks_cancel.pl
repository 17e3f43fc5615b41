# Cancel, timeouts and deadlines end every wait at once, here and on the warehouse; failures leave nothing behind;
# a secret is seen nowhere.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use IPC::Run qw(start finish);
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);
use Warehouse;

my $SOON = 0.5; # seconds; what is measured is noted, and is a few milliseconds on a quiet machine
my $w = Warehouse->new('main');
my ($node, $emulator) = ($w->node, $w->emulator);
my $QUERY = q{SELECT count(*) FROM (SELECT dbinsight._databricks_query('%s', 'SELECT held', %s)) AS q};

# Waits that a statement may be in, and what makes it be.
my %waits = (
	'a statement that runs' => { script => { match => 'held', columns => [{ name => 'a', type => 'INT' }], hold => \1 }, remote => 1 },
	'an answer' => { fault => { fault => 'hang', on => 'poll', times => undef }, script => { match => 'held', columns => [{ name => 'a', type => 'INT' }], hold => \1 }, remote => 1 },
	'a first answer that comes late' => { fault => { fault => 'latency', seconds => 0.8, on => 'execute', times => undef },
		script => { match => 'held', columns => [{ name => 'a', type => 'INT' }], hold => \1 }, remote => 1 },
	'the first answer' => { fault => { fault => 'hang', on => 'execute' } },
	'a token' => { fault => { fault => 'hang', on => 'token' }, server => 'wso' },
	'a file' => { fault => { fault => 'hang', on => 'storage', times => undef }, large => 'true',
		script => { match => 'held', columns => [{ name => 'a', type => 'INT' }], range => 1000 } },
	'the middle of a file' => { fault => { fault => 'stall', on => 'storage', times => undef }, large => 'true',
		script => { match => 'held', columns => [{ name => 'a', type => 'INT' }], range => 1000 } },
	'another try' => { fault => { fault => 'status', status => 429, retry_after => 60, on => 'execute', times => undef } },
	'rows without end' => { script => { match => 'held', columns => [{ name => 'a', type => 'INT' }], range => 100000000 }, large => 'true' },
);

my $before = 0; # statements that the emulator remembers of what was before
sub prepare
{
	my ($wait) = @_;
	$emulator->reset;
	$before = $emulator->statements;
	$emulator->script(%{ $wait->{script} }) if $wait->{script};
	$emulator->fault(%{ $wait->{fault} }) if $wait->{fault};
	return sprintf($QUERY, $wait->{server} // 'ws', $wait->{large} // 'false');
}

# The statements that match, when none of them is on its way any more, or after ten seconds as they are: psql may be
# gone before the backend that cancels is.
sub ended
{
	my ($text, $cancelled) = @_;
	my @statements;
	for (1 .. 100)
	{
		@statements = $emulator->statements;
		@statements = grep { $_->{statement} =~ /$text/ } @statements[ $before .. $#statements ];
		last if @statements >= $cancelled && !grep { $_->{state} =~ /PENDING|RUNNING/ } @statements;
		sleep 0.1;
	}
	return @statements;
}

# Nothing runs on where nobody waits. Some waits are before there is a statement, some when it has its result.
sub check_remote
{
	my ($wait, $name) = @_;
	my $cancelled = $wait->{remote} // 0;
	my @statements = ended('held', $cancelled);
	is(scalar(grep { $_->{state} eq 'CANCELED' } @statements), $cancelled, "$name: cancelled on the warehouse") if $cancelled;
	is(scalar(grep { $_->{state} =~ /PENDING|RUNNING/ } @statements), 0, "$name: nothing runs there");
	return;
}

for my $name (sort keys %waits)
{
	my $wait = $waits{$name};

	# the timeout of the session
	my $query = prepare($wait);
	my $answer = $w->sql(qq{SET statement_timeout = 300; SET client_min_messages = error;
		SELECT clock_timestamp() AS t \\gset
		\\set ON_ERROR_STOP off
		$query;
		\\echo :SQLSTATE
		RESET statement_timeout;
		SELECT round(1000 * extract(epoch FROM clock_timestamp() - :'t'));});
	my ($state, $ms) = split /\n/, $answer;
	is($state, '57014', "$name: statement_timeout");
	cmp_ok($ms, '<', 300 + 1000 * $SOON, "$name: in time");
	note(sprintf('%s: statement_timeout of 300 ms after %d ms', $name, $ms));
	check_remote($wait, $name);

	# a deadline of the statement's own
	$query = prepare($wait);
	$query =~ s/, (true|false)\)\) AS q/, $1, timeout_ms => 300)) AS q/;
	# A Retry-After beyond the deadline is not waited for.
	like($w->sql($query), $name eq 'another try' ? qr/^53400: / : qr/^57014: .*the timeout of this statement \(300 ms\)/, "$name: the statement's timeout");
	check_remote($wait, $name);

	# a cancel from another session
	$query = prepare($wait);
	my ($out, $err) = ('', '');
	my $client = start [ 'psql', '-XqAt', '-v', 'VERBOSITY=verbose', '-d', $node->connstr('postgres'), '-c', $query ], '<', \undef, '>', \$out, '2>', \$err;
	$node->poll_query_until('postgres', q{SELECT EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE '%held%' AND pid <> pg_backend_pid() AND state = 'active')});
	sleep 0.3;
	my $seen = $node->safe_psql('postgres', q{
		SELECT clock_timestamp() AS t \gset
		SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE '%held%' AND pid <> pg_backend_pid() AND state = 'active' \gset
		DO $$ BEGIN WHILE EXISTS (SELECT FROM pg_stat_get_activity(NULL) WHERE query LIKE '%_databricks_query%held%' AND pid <> pg_backend_pid() AND state = 'active')
			LOOP PERFORM pg_sleep(0.002), pg_stat_clear_snapshot(); END LOOP; END $$;
		SELECT round(1000 * extract(epoch FROM clock_timestamp() - :'t'))});
	finish $client;
	like($err, qr/57014: canceling statement due to user request/, "$name: cancel");
	cmp_ok($seen, '<', 1000 * $SOON, "$name: at once");
	note("$name: cancelled after $seen ms");
	check_remote($wait, $name);
}

# A session that has ended its wait, and waits for its client since: the statement does not wait for what it does next.
# Whether the id comes late, the cancel is put off, or it has to find a way.
for my $late (
	[ 'the id', { fault => 'latency', seconds => 0.6, on => 'execute' } ],
	[ 'the rest of the first answer', { fault => 'drip', seconds => 0.2, bytes => 100, on => 'execute' } ],
	[ 'leave to cancel', { fault => 'status', status => 429, retry_after => 1, on => 'cancel' } ],
	)
{
	my ($what, $fault) = @$late;
	$emulator->reset;
	$before = $emulator->statements;
	$emulator->script(match => 'held', columns => [{ name => 'a', type => 'INT' }], hold => \1);
	$emulator->fault(%$fault);
	my $session = $node->background_psql('postgres', on_error_stop => 0);
	my $took = $session->query(q{SET statement_timeout = 200; SELECT clock_timestamp() AS t \gset
		} . sprintf($QUERY, 'ws', 'false') . q{;
		RESET statement_timeout; SELECT round(1000 * extract(epoch FROM clock_timestamp() - :'t'));});
	cmp_ok($took =~ s/\D//gr, '<', 200 + 1000 * $SOON, "$what comes late: not waited for");
	check_remote({ remote => 1 }, "a session that rests, and $what comes late");
	is($session->query('SELECT 5'), '5', "$what comes late: and the session goes on");
	$session->quit;
}

# ---- who closes early ends the statement there

$emulator->reset;
$emulator->script(match => 'slow', columns => [{ name => 'a', type => 'INT' }], hold => \1);
$w->sql(q{BEGIN; SAVEPOINT a; SET LOCAL statement_timeout = 200; SELECT dbinsight._databricks_query('ws', 'SELECT slow'); }
	. q{ROLLBACK TO a; SELECT dbinsight._databricks_query('ws', 'SELECT 5'); COMMIT});
is((ended('slow', 1))[0]{state}, 'CANCELED', 'a subtransaction that is rolled back');
$emulator->reset;
is($w->sql(q{SELECT count(*) FROM (SELECT dbinsight._databricks_query('ws', 'SELECT id FROM range(1000000)', true) LIMIT 10) AS q; SELECT dbinsight._databricks_query('ws', 'SELECT 5')}),
	"10\n{5}", 'a LIMIT, and a statement after it');

# ---- a server that is gone keeps nobody

$emulator->reset;
$emulator->script(match => 'held', columns => [{ name => 'a', type => 'INT' }], hold => \1);
$emulator->fault(fault => 'hang', on => 'cancel', times => undef);
my $took = $w->sql(qq{SET statement_timeout = 200; SELECT clock_timestamp() AS t \\gset
	\\set ON_ERROR_STOP off
	} . sprintf($QUERY, 'ws', 'false') . qq{;
	RESET statement_timeout; SELECT round(1000 * extract(epoch FROM clock_timestamp() - :'t'))}) =~ s/.*\n//sr;
cmp_ok($took, '<', 1500, "a cancel that hangs is not waited for ($took ms)");

# ---- a thousand failures of each kind leave nothing

my %failures = (
	'a refusal' => [ 1000, { fault => 'status', status => 403, on => 'execute', times => undef } ],
	'a reset' => [ 1000, { fault => 'reset_early', on => 'execute', times => undef } ],
	'no JSON' => [ 1000, { fault => 'malformed', on => 'execute', times => undef } ],
	'a timeout' => [ 100, { fault => 'hang', on => 'execute', times => undef } ],
	'a refused address' => [ 1000, undef ],
	'a failed file' => [ 1000, { fault => 'status', status => 400, on => 'storage', times => undef } ],
);
for my $name (sort keys %failures)
{
	my ($n, $fault) = @{ $failures{$name} };
	$emulator->reset;
	$emulator->fault(%$fault) if $fault;
	my $server = $name eq 'a refused address' ? 'wsx' : 'ws';
	my $large = $name eq 'a failed file' ? 'true' : 'false';
	my $loop = sub {
		my ($times) = @_;
		return qq{DO \$\$ BEGIN FOR i IN 1..$times LOOP BEGIN
			PERFORM dbinsight._databricks_query('$server', 'SELECT 5', $large, timeout_ms => }
			. ($name eq 'a timeout' ? 20 : 0) . q{); RAISE 'no failure'; EXCEPTION
			WHEN raise_exception THEN RAISE; WHEN OTHERS THEN NULL; WHEN query_canceled THEN NULL; END; END LOOP; END $$;};
	};
	my $state = q{SELECT (SELECT count(*) FROM pg_ls_dir('/proc/self/fd')) AS fds, (SELECT count(*) FROM pg_backend_memory_contexts WHERE name LIKE 'dbinsight%') AS contexts,
		(SELECT sum(total_bytes) FROM pg_backend_memory_contexts WHERE name LIKE 'dbinsight%' OR name = 'TopMemoryContext') AS bytes \gset };
	my $left = $w->sql(qq{
		CREATE SERVER IF NOT EXISTS wsx FOREIGN DATA WRAPPER databricks OPTIONS (host 'https://169.254.169.254', warehouse_id 'x');
		CREATE USER MAPPING IF NOT EXISTS FOR CURRENT_USER SERVER wsx OPTIONS (token 'dapi0123456789abcdef');
		SET client_min_messages = error;
		} . $loop->(20) . $state . q{\set fds0 :fds
		\set contexts0 :contexts
		\set bytes0 :bytes
		} . $loop->($n) . $state . q{
		SELECT :fds - :fds0 <= 8 AS fds, :contexts <= :contexts0 + 1 AS contexts, :bytes - :bytes0 < 200000 AS bytes, :fds, :contexts, :bytes - :bytes0});
	like($left, qr/^t\|t\|t\|/, "$name, $n times: descriptors, contexts, bytes ($left)");
}

# ---- a cursor whose reader sleeps longer than the patience for the server

$emulator->reset;
$emulator->settings(link_rows => 20000);
is($w->sql(q{SET dbinsight.request_timeout = 3000; BEGIN;
	DECLARE c CURSOR FOR SELECT x[1]::bigint AS i FROM (SELECT dbinsight._databricks_query('ws', 'SELECT id FROM range(100000)', true) AS x) AS q;
	MOVE 30000 IN c; SELECT pg_sleep(5); MOVE 69999 IN c; FETCH c; FETCH c; COMMIT}) =~ s/^\n//r, '99999', 'a cursor that rests');

# ---- memory

$emulator->reset;
$emulator->settings(link_rows => 300000);
my $rows = 600000;
$emulator->script(match => 'wide', columns => [{ name => 'i', type => 'BIGINT' }, { name => 't', type => 'STRING' }], range => $rows, pad => 300, chunk_rows => 300000);
my $memory = $w->sql(q{SELECT count(*), sum(x[1]::bigint) FROM (SELECT dbinsight._databricks_query('ws', 'SELECT wide', true) AS x) AS q;
	SELECT (regexp_match(pg_read_file('/proc/self/status'), 'VmHWM:\s+(\d+)'))[1]});
my ($counted, $peak) = split /\n/, $memory;
is($counted, "$rows|" . $rows * ($rows - 1) / 2, 'two chunks of 90 MB');
cmp_ok($peak, '<', 100 * 1024, "in less than 100 MB ($peak kB)");

# ---- secrets

$emulator->reset;
$emulator->fault(fault => 'status', status => 403, message => "token dapi0123456789abcdef or dose/+%:s3cret is not welcome", on => 'execute', times => 2);
for my $server (qw(ws wso))
{
	my $said = $w->sql("SELECT dbinsight._databricks_query('$server', 'SELECT 5')");
	unlike($said, qr/dapi0123|s3cret/, "$server: no secret in the error of a server that repeats it");
	$emulator->fault(fault => 'status', status => 403, message => "token dapi0123456789abcdef or dose/+%:s3cret is not welcome", on => 'execute', times => 2);
}
$emulator->reset;
$emulator->fault(fault => 'reset', on => 'storage', bytes => 0, times => undef);
unlike($w->rows('SELECT id FROM range(10)', 1), qr/Signature=|X-Amz/, 'no signature of a link in an error');
$node->stop;
my $log = slurp_file($node->logfile);
unlike($log, qr/Bearer |Signature=[0-9a-f]/, 'nor in the log');
# The setup of this test itself says the secrets in CREATE USER MAPPING, and is not logged.
unlike($log, qr/dapi0123|s3cret/, 'no token in the log');
ok(!(grep { $_->{path} =~ /dapi|s3cret|eyJ/ } $emulator->requests), 'and none in a URL');

done_testing();
