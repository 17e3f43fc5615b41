# The outbox: what is sent, in which order, how often, and what becomes of it when receivers fail or those who send are
# killed.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Receiver;
use Test::More;
use Time::HiRes qw(time sleep);

my $secret = 'whsec_' . 'c2VjcmV0IG9mIHRoZSByZWNlaXZlcg==';
my $receiver = Receiver->new(secret => $secret);
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "timezone = 'UTC'\ndbinsight.allow_private_addresses = on\ndbinsight.delivery_delay = '50ms'\ndbinsight.delivery_timeout = '2s'\n"
	. "restart_after_crash = on\nlog_min_messages = warning\nlog_statement = 'none'\nautovacuum = off");
$node->start;

sub sql { return $node->safe_psql('postgres', $_[0]) }

sub fails
{
	my ($sql) = @_;
	my ($code, $out, $err) = $node->psql('postgres', "\\set VERBOSITY verbose\n$sql");
	return $code == 0 ? "no error: $out" : $err =~ s/^.*?ERROR:\s+//sr;
}

sub channel { sql("CREATE SERVER $_[0] FOREIGN DATA WRAPPER dbinsight_channel OPTIONS (kind 'webhook', url '$_[1]')") }

sub event { return sql("SELECT dbinsight.send_event('$_[0]', 'test', '{\"n\": $_[1]}'" . ($_[2] // '') . ')') }

sub row { return sql("SELECT state, attempts, last_sqlstate FROM dbinsight.outbox WHERE id = '$_[0]'") }

sub deliver { return sql('CALL dbinsight.deliver_due()') }

# One who sends, and the process it is.
sub start_sender
{
	my ($out, $err) = ('', '');
	my $psql = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', 'SELECT pg_backend_pid()', '-c', 'CALL dbinsight.deliver_due()' ],
		'<', \undef, '>', \$out, '2>', \$err);
	$psql->pump until $out =~ /\n/;
	return ($psql, $out =~ /(\d+)/);
}

# Attempts are made until nothing is left, or ten seconds have passed.
sub deliver_all
{
	for (1 .. 100)
	{
		deliver();
		return 1 if sql("SELECT dbinsight._outbox_left()") == 0;
		sleep 0.1;
	}
	return 0;
}

sql(q{CREATE EXTENSION dbinsight; UPDATE dbinsight.jobs SET enabled = false});
channel($_, $receiver->url . "/$_") for qw(plain signed five limited reset gone hang line locked crash);
channel('dead', 'http://127.0.0.1:9/');
sql("CREATE USER MAPPING FOR CURRENT_USER SERVER signed OPTIONS (secret '$secret')");

# ---- what is sent

my $id = event('plain', 1);
sql(q{BEGIN; SELECT dbinsight.send_event('plain', 'test', '{"n": 2}'); ROLLBACK});
is(sql('SELECT * FROM dbinsight.deliver()'), '1|0|0', 'an event is delivered, one that was rolled back is none');
my @got = $receiver->requests('plain');
is(scalar(@got), 1, 'once');
is($got[0]{headers}{'webhook-id'}, $id, 'with its key');
my $body = decode_json($got[0]{body});
is_deeply([ @$body{qw(type data)} ], [ 'test', { n => 1 } ], 'as it was written');
ok(!defined $got[0]{headers}{'webhook-signature'}, 'without a secret unsigned');
is(sql("SELECT state, attempts, response, delivered_at IS NOT NULL, leased_until IS NULL FROM dbinsight.outbox WHERE id = '$id'"), 'sent|1|{"status": 200}|t|t', 'its row tells so');

event('signed', 3);
deliver();
ok(($receiver->requests('signed'))[0]{signed}, 'a signature is what Standard Webhooks wants');
sql("ALTER USER MAPPING FOR CURRENT_USER SERVER signed OPTIONS (SET secret 'whsec_bmV3IG9uZQ== $secret')");
event('signed', 4);
deliver();
ok(($receiver->requests('signed'))[1]{signed}, 'also while one secret takes the place of another');
is(event('plain', 5, ", 'key-5'"), event('plain', 6, ", 'key-5'"), 'a second event of the same key is the first');
deliver();
is(scalar($receiver->requests('plain')), 2, 'and sent once');

# ---- receivers that fail

$receiver->fault('500', 2, 'five');
$receiver->fault('429.2', 1, 'limited');
$receiver->fault('reset', 1, 'reset');
$receiver->fault('410', 9, 'gone');
$receiver->fault('hang', 9, 'hang');
my %row = map { $_ => event($_, 1) } qw(dead five reset gone hang);
event('plain', $_) for 7 .. 9;
sql(q{SET dbinsight.delivery_delay = '1min'; CALL dbinsight.deliver_due()});
is(scalar($receiver->requests('plain')), 5, 'what others do does not hold up those who answer');
like(row($row{gone}), qr/^given up\|1\|/, 'what is refused for good is given up');
unlike(sql("SELECT last_error FROM dbinsight.outbox WHERE id = '$row{gone}'"), qr/abcdefghij/, 'what looks like a secret is in no message');
is(row($row{hang}), 'failed|1|57014', 'silence ends at dbinsight.delivery_timeout');
is(row($row{dead}) =~ /^failed\|\d+\|08001$/ ? 'ok' : row($row{dead}), 'ok', 'nobody there');
my $shown = sql(q{SELECT item FROM dbinsight.status() WHERE topic = 'outbox' ORDER BY item});
like($shown, qr/dead.*failed.*given up/s, 'status() shows it');
sql(q{UPDATE dbinsight.outbox SET state = 'given up' WHERE destination IN ('dead', 'hang') AND state = 'failed';
	UPDATE dbinsight.outbox SET next_attempt_at = now() WHERE state = 'failed'; UPDATE dbinsight.outbox_destinations SET not_before = now()});
$row{limited} = event('limited', 1);
ok(deliver_all(), 'the others are tried again');
is(row($row{five}), 'sent|3|', 'until they answer');
is(row($row{reset}), 'sent|2|', 'also when the connection was lost in the midst of an answer');
is(row($row{limited}), 'sent|2|', 'a limit is no refusal');
my @limited = map { $_->{at} } ($receiver->requests('limited'));
ok(@limited == 2 && $limited[1] - $limited[0] >= 2, 'Retry-After is kept');
is(join(' ', map { my %k = map { $_->{headers}{'webhook-id'} => 1 } $receiver->requests($_); scalar keys %k } qw(five reset limited)), '1 1 1', 'each attempt carries the same key');
is(sql("SELECT dbinsight.retry_delivery('$row{gone}')"), 't', 'what was given up is taken up again');
deliver();
is(scalar($receiver->requests('gone')), 2, 'and tried');

# attempts and age have an end
sql(qq{UPDATE dbinsight.outbox_destinations SET not_before = now(), failures = 0; UPDATE dbinsight.outbox SET state = 'failed', attempts = 19, next_attempt_at = now() WHERE id = '$row{dead}'});
deliver();
is(row($row{dead}), 'given up|20|08001', 'after dbinsight.delivery_attempts it is given up');
sql(qq{UPDATE dbinsight.outbox_destinations SET not_before = now(); UPDATE dbinsight.outbox SET state = 'failed', next_attempt_at = now(), created_at = now() - interval '4 days' WHERE id = '$row{dead}'});
deliver();
like(sql("SELECT state, attempts, last_error FROM dbinsight.outbox WHERE id = '$row{dead}'"), qr/^given up\|20\|not delivered in 3 days/, 'and after dbinsight.delivery_age');

# ---- order

$receiver->fault('503', 1, 'line');
event('line', $_, ", ordering => 'one'") for 1 .. 5;
ok(deliver_all(), 'what has an order');
is(join(' ', map { decode_json($_->{body})->{data}{n} } $receiver->requests('line')), '1 1 2 3 4 5', 'arrives in it, whatever fails');

# ---- while the network is waited for

$receiver->fault('hang', 1, 'locked');
my $locked = event('locked', 1);
my ($sender, $pid) = start_sender();
ok($node->poll_query_until('postgres', "SELECT leased_until > now() FROM dbinsight.outbox WHERE id = '$locked'"), 'a delivery is under way');
is(sql("SELECT backend_xmin IS NULL AND backend_xid IS NULL FROM pg_stat_activity WHERE pid = $pid"), 't', 'no snapshot is held');
is(sql("SELECT count(*) FROM pg_locks WHERE pid = $pid AND locktype IN ('relation', 'tuple', 'transactionid')"), '0', 'and no lock');
is(sql('SELECT * FROM dbinsight.deliver()'), '0|0|1', 'nobody else takes it');
kill 'TERM', $pid;
$sender->finish;
like(row($locked), qr/^pending\|1\|/, 'when who sends it is gone it is still there');
sql("UPDATE dbinsight.outbox SET leased_until = now() - interval '1 second', next_attempt_at = now() WHERE id = '$locked' AND state <> 'sent'; UPDATE dbinsight.outbox_destinations SET not_before = now()");
ok(deliver_all(), 'when its lease is over somebody does');

# ---- killed at any moment

my $events = 60;
sql("SELECT dbinsight.send_event('crash', 'test', jsonb_build_object('n', n)) FROM generate_series(1, $events) n");
for my $round (1 .. 4)
{
	my ($psql, $pid) = start_sender();
	sleep 0.02 + rand 0.25;
	if ($round < 4) { kill 'KILL', $pid }
	else { $node->stop('immediate') }
	$psql->finish;
	$node->start if $round == 4;
	$node->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()');
	sql(q{UPDATE dbinsight.outbox SET leased_until = NULL, next_attempt_at = now() WHERE state <> 'sent'});
}
ok(deliver_all(), 'those who send are killed, and the server; then all is sent');
my %count;
$count{ decode_json($_->{body})->{data}{n} }{ $_->{headers}{'webhook-id'} }++ for $receiver->requests('crash');
is(scalar(keys %count), $events, 'nothing is lost');
is(scalar(grep { keys %$_ != 1 } values %count), 0, 'what came twice has the same key');
is(sql(q{SELECT count(*) FROM dbinsight.outbox WHERE destination = 'crash' AND state = 'sent'}), $events, 'each row says so');

# ---- by the job, with the secret of who wrote it

sql(q{CREATE ROLE ann LOGIN IN ROLE dbinsight_reader; CREATE ROLE bob LOGIN IN ROLE dbinsight_reader; GRANT USAGE ON FOREIGN SERVER signed TO ann});
sql("CREATE USER MAPPING FOR ann SERVER signed OPTIONS (secret 'whsec_YW5uJ3Mga2V5', username 'ann', password 'a password')");
sql(q{SET ROLE ann; SELECT dbinsight.send_event('signed', 'test', '{}')});
like(fails(q{SET ROLE bob; SELECT dbinsight.send_event('signed', 'test', '{}')}), qr/^42501: permission denied for foreign server signed/, 'only who may use the server');
is(sql(q{SET ROLE bob; SELECT count(*) FROM dbinsight.outbox}), '0', "nobody sees another's");
is(sql(q{SET ROLE ann; SELECT count(*) FROM dbinsight.outbox}), '1', 'everybody sees their own');
sql(q{UPDATE dbinsight.jobs SET enabled = true WHERE name = 'delivery'; SELECT dbinsight.run_job('delivery')});
is(sql('SELECT job, status FROM dbinsight.run_due()'), 'delivery|succeeded', 'the job delivers');
my $of_ann = ($receiver->requests('signed'))[-1];
is($of_ann->{headers}{authorization}, 'Basic YW5uOmEgcGFzc3dvcmQ=', "with its owner's secret");
ok(!$of_ann->{signed}, 'and signed with it');
sql(q{SET ROLE ann; SELECT dbinsight.send_event('signed', 'test', '{}')});
sql('RESET ROLE; DROP USER MAPPING FOR ann SERVER signed; REVOKE USAGE ON FOREIGN SERVER signed FROM ann');
deliver();
is(sql(q{SELECT state, last_sqlstate FROM dbinsight.outbox WHERE owner = 'ann' ORDER BY seq DESC LIMIT 1}), 'failed|42501', 'who may not use the server any more sends nothing');

# ---- secrets

my $everything = sql(q{SELECT * FROM dbinsight.outbox}) . PostgreSQL::Test::Utils::slurp_file($node->logfile) =~ s/^.*STATEMENT:.*$//mgr;
unlike($everything, qr/c2VjcmV0|a password/, 'no secret is in a row or in the log');
$receiver->stop;
$node->stop;
done_testing();
