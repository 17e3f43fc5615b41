# ask_stream(): rows reach clients while the answer is made; stop() from another session; cancel.
use strict;
use warnings;
use IO::Socket::UNIX;
use IPC::Run qw(start pump finish timeout);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $SLEEP = 3; # seconds the tool takes
my $SOON = $SLEEP / 2; # what comes before the tool ends comes within this

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
# No preloading: nothing here may need it.
$node->start;
$node->safe_psql('postgres', qq{
	CREATE EXTENSION dbinsight;
	CREATE SCHEMA zoo;
	CREATE FUNCTION zoo.get_zebra_sleep() RETURNS TABLE (zebra text, slept boolean)
		LANGUAGE sql STABLE AS 'SELECT ''Zora'', pg_sleep($SLEEP) IS NOT NULL';
	COMMENT ON FUNCTION zoo.get_zebra_sleep() IS 'How did the zebras sleep?';
	SELECT dbinsight.register_agent('zebra', 'zebras and their sleep', '', ARRAY['How did the zebras sleep?']);
	SELECT dbinsight.register_tool('zoo.get_zebra_sleep()', 'zebra', ARRAY['How did the zebras sleep?']);
	CREATE ROLE ann LOGIN IN ROLE dbinsight_reader;
	GRANT USAGE ON SCHEMA zoo TO dbinsight_reader;});
my $ask = q{SELECT (dbinsight.ask_stream('How did the zebras sleep?', NULL, 'zebra')).*};
# Each backend reads the vocabulary at its first question; a short one is asked before the clock runs.
my $warm = q{SELECT dbinsight.plan('How did the zebras sleep?')};

# events(times, rows): what was where in time
sub check_times
{
	my ($who, @rows) = @_;
	my %at;
	$at{ $_->[1] } //= $_->[0] for @rows;
	is(join(' ', map { $_->[1] } @rows), 'start route tool_call tool_result delta delta usage finish', "$who: the events in order");
	cmp_ok($at{start} // 1e9, '<', $SOON, "$who: the first row comes before the tool has run");
	cmp_ok($at{tool_call} // 1e9, '<', $SOON, "$who: the call is announced before it is made");
	cmp_ok($at{tool_result} // 0, '>=', $SLEEP * 0.9, "$who: its result comes when it was made");
	note(sprintf('%s: first row after %.1f ms', $who, 1000 * ($at{start} // 0)));
}

# ---- the protocol itself: a client that does nothing but read

package Client
{
	sub connect
	{
		my ($class, $node, $user) = @_;
		my $socket = IO::Socket::UNIX->new(Peer => $node->host . '/.s.PGSQL.' . $node->port) or die "no connection: $!";
		my $self = bless { socket => $socket, user => $user }, $class;
		my $start = pack('N', 196608) . join('', map { "$_\0" } 'user', $user, 'database', 'postgres') . "\0";
		$socket->syswrite(pack('N', length($start) + 4) . $start);
		$self->until('Z');
		return $self;
	}

	sub read_bytes
	{
		my ($self, $n) = @_;
		my $buffer = '';
		while (length($buffer) < $n)
		{
			$self->{socket}->sysread($buffer, $n - length($buffer), length($buffer)) or die 'connection lost';
		}
		return $buffer;
	}

	sub message
	{
		my ($self) = @_;
		my ($type, $length) = unpack('a N', $self->read_bytes(5));
		return ($type, $length > 4 ? $self->read_bytes($length - 4) : '');
	}

	sub until
	{
		my ($self, $wanted) = @_;
		while (1)
		{
			my ($type, $body) = $self->message;
			die "login failed: $body" if $type eq 'E' && $wanted eq 'Z' && !$self->{ready};
			$self->{ready} = 1 if $type eq 'Z';
			return $body if $type eq $wanted;
		}
	}

	sub send
	{
		my ($self, $sql) = @_;
		$self->{socket}->syswrite('Q' . pack('N', length($sql) + 5) . "$sql\0");
	}

	sub query
	{
		my ($self, $sql) = @_;
		$self->send($sql);
		$self->until('Z');
	}

	# The next row as a list; none at the end; dies with the SQLSTATE at an error.
	sub row
	{
		my ($self) = @_;
		while (1)
		{
			my ($type, $body) = $self->message;
			if ($type eq 'E')
			{
				my ($state) = $body =~ /C([0-9A-Z]{5})/;
				$self->until('Z');
				die "$state\n";
			}
			return if $type eq 'Z';
			next if $type ne 'D';
			my ($n, @values) = (unpack('n', $body));
			my $at = 2;
			for (1 .. $n)
			{
				my $length = unpack('l>', substr($body, $at, 4));
				push @values, $length < 0 ? undef : substr($body, $at + 4, $length);
				$at += 4 + ($length < 0 ? 0 : $length);
			}
			return @values;
		}
	}
}

my $client = Client->connect($node, 'ann');
$client->query($warm);
my $began = time;
my @rows;
$client->send($ask);
while (my @row = $client->row)
{
	push @rows, [ time - $began, $row[1], @row ];
}
check_times('protocol', @rows);

# ---- psql, row by row

my ($in, $out) = ("\\set FETCH_COUNT 1\n$warm;\n\\echo ready\n", '');
my $psql = start([ 'psql', '-XAtq', '-F', '|', '-d', $node->connstr('postgres') ], \$in, \$out, timeout(60));
pump $psql until $out =~ /^ready\n/m;
$out = '';
$began = time;
$in = "$ask;\n";
@rows = ();
my $seen = 0;
while (!grep { $_->[1] eq 'finish' } @rows)
{
	pump $psql;
	# each event starts a line with its number; psql ends the line with the next one
	my @now = ($out =~ /^(\d+)\|([a-z_]+)\|/mg);
	while (@now > 2 * $seen)
	{
		push @rows, [ time - $began, $now[ 2 * $seen + 1 ] ];
		$seen++;
	}
}
$in = "\\q\n";
finish $psql;
check_times('psql', @rows);

# ---- drivers, where they are installed

sub driver
{
	my ($who, @command) = @_;
	my ($out, $err) = ('', '');
	IPC::Run::run([@command], '>', \$out, '2>', \$err, timeout(60)) or diag($err);
	check_times($who, map { [ split / / ] } split /\n/, $out);
}

SKIP:
{
	skip 'python3-psycopg is not installed', 4 if system('python3 -c "import psycopg" 2>/dev/null') != 0;
	driver('psycopg', 'python3', '-c', q{
import sys, time, psycopg
with psycopg.connect(sys.argv[1]) as connection:
    connection.execute(sys.argv[2])
    began = time.time()
    for row in connection.cursor().stream(sys.argv[3]):
        print("%.4f %s" % (time.time() - began, row[1]))
}, $node->connstr('postgres'), $warm, $ask);
}

SKIP:
{
	local $ENV{NODE_PATH} = join ':', grep { defined && length } $ENV{NODE_PATH}, '/usr/share/nodejs', '/usr/lib/nodejs';
	skip 'node-postgres is not installed', 4 if system('node -e "require(\'pg\')" 2>/dev/null') != 0;
	driver('node-postgres', 'node', '-e', q{
const { Client, Query } = require('pg');
(async () => {
  const [host, port, warm, ask] = process.argv.slice(1);
  const client = new Client({ host, port, user: 'ann', database: 'postgres' });
  await client.connect();
  await client.query(warm);
  const began = Date.now();
  const query = client.query(new Query(ask));
  query.on('row', row => console.log((Date.now() - began) / 1000 + ' ' + row.event));
  query.on('end', () => client.end());
  query.on('error', error => { console.error(error); process.exit(1); });
})();
}, $node->host, $node->port, $warm, $ask);
}

# ---- stop() from another session, in the middle of a tool

$client->send($ask);
my ($conversation, @events);
while (my @row = $client->row)
{
	push @events, $row[1];
	($conversation) = $row[5] =~ /"conversation": "([^"]+)"/ if $row[1] eq 'start';
	next if $row[1] ne 'tool_call';
	is($node->safe_psql('postgres', "SELECT dbinsight.stop('$conversation')"), 'f', 'who is not the person stops nothing');
	$began = time;
	is($node->safe_psql('postgres', "SELECT dbinsight.stop('$conversation')", extra_params => [ '-U', 'ann' ]), 't', 'the person stops it');
}
cmp_ok(time - $began, '<', $SOON, 'a stopped answer ends while its tool sleeps');
is(join(' ', @events), 'start route tool_call tool_result delta usage finish', 'its events');
is($node->safe_psql('postgres', "SELECT status, content LIKE '%Stopped on request%without `get_zebra_sleep`%' FROM dbinsight.chat_messages WHERE conversation_id = '$conversation' AND role = 'assistant'"),
	'stopped|t', 'what there was is kept');
is($node->safe_psql('postgres', "SELECT dbinsight.stop('$conversation')", extra_params => [ '-U', 'ann' ]), 'f', 'nothing runs any more');
$client->send('SELECT 1');
is(($client->row)[0], '1', 'and the session goes on');
$client->row;

# ---- a cancel rolls the question back

my $before = $node->safe_psql('postgres', 'SELECT count(*) FROM dbinsight.chat_messages');
$client->send("$ask");
my $error = '';
eval {
	while (my @row = $client->row)
	{
		next if $row[1] ne 'tool_call';
		$began = time;
		$node->safe_psql('postgres', q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE usename = 'ann' AND state = 'active'});
	}
};
$error = $@;
is($error, "57014\n", 'a cancel is an error of the whole');
cmp_ok(time - $began, '<', $SOON, 'at once');
is($node->safe_psql('postgres', 'SELECT count(*) FROM dbinsight.chat_messages'), $before, 'and nothing is stored');

# ---- the client goes away in the middle

my $gone = Client->connect($node, 'ann');
$gone->query($warm);
$gone->send($ask);
while (my @row = $gone->row) { last if $row[1] eq 'tool_call' }
close $gone->{socket};
ok($node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE usename = 'ann'}), 'a lost client leaves nothing running');
is($node->safe_psql('postgres', q{SELECT string_agg(concat_ws(' ', a.pid, a.usename, a.state, a.query), ',') FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid) WHERE locktype = 'advisory'}), '', 'nor a lock');

$node->stop;
done_testing();
