# submit(): background workers that answer as who asked; stop, no free worker, a worker that dies.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
# No preloading: nothing here may need it.
$node->append_conf('postgresql.conf', "timezone = 'UTC'\nrestart_after_crash = on\nlog_min_messages = warning");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION dbinsight;
	CREATE SCHEMA zoo;
	CREATE TABLE zoo.places (owner text, place text);
	INSERT INTO zoo.places VALUES ('ann', 'north gate'), ('bob', 'south gate');
	ALTER TABLE zoo.places ENABLE ROW LEVEL SECURITY;
	CREATE POLICY own ON zoo.places USING (owner = current_user);
	CREATE FUNCTION zoo.get_zebra_keepers() RETURNS TABLE (login text, role text, person text, zone text, clock timestamptz, places text)
		LANGUAGE sql STABLE AS $$ SELECT session_user, current_user, dbinsight.person(), current_setting('TimeZone'), dbinsight.now(),
			(SELECT string_agg(place, ',') FROM zoo.places) $$;
	COMMENT ON FUNCTION zoo.get_zebra_keepers() IS 'Who keeps the zebras?';
	CREATE FUNCTION zoo.get_zebra_sleep() RETURNS TABLE (slept boolean) LANGUAGE sql STABLE AS 'SELECT pg_sleep(60) IS NOT NULL';
	COMMENT ON FUNCTION zoo.get_zebra_sleep() IS 'How did the zebras sleep?';
	SELECT dbinsight.register_agent('zebra', 'zebras, their keepers and their sleep', '', ARRAY['How did the zebras sleep?']);
	SELECT dbinsight.register_tool('zoo.get_zebra_sleep()', 'zebra', ARRAY['How did the zebras sleep?']);
	SELECT dbinsight.register_tool('zoo.get_zebra_keepers()', 'zebra', ARRAY['Who keeps the zebras?']);
	GRANT USAGE ON SCHEMA zoo TO dbinsight_reader;
	GRANT SELECT ON zoo.places TO dbinsight_reader;
	CREATE ROLE ann LOGIN IN ROLE dbinsight_reader;
	CREATE ROLE bob LOGIN IN ROLE dbinsight_reader;
	CREATE ROLE team IN ROLE dbinsight_reader;
	GRANT team TO ann;
	CREATE ROLE web LOGIN IN ROLE dbinsight_reader, dbinsight_proxy;});

# as(user, statements): the result of the last one
sub as
{
	my ($user, $statements) = @_;
	my $out = $node->safe_psql('postgres', "SET dbinsight.tool_timeout = '5min'; $statements", extra_params => [ '-U', $user ]);
	return (split /\n/, $out)[-1] // '';
}

sub submit
{
	my ($user, $question, $before) = @_;
	return as($user, ($before // '') . "; SELECT dbinsight.submit('$question', NULL, 'zebra')");
}

sub state
{
	my ($id) = @_;
	return $node->safe_psql('postgres', "SELECT state FROM dbinsight.submitted WHERE id = '$id'");
}

sub reaches
{
	my ($id, $state) = @_;
	return $node->poll_query_until('postgres', "SELECT state = '$state' FROM dbinsight.submitted WHERE id = '$id'");
}

# Waits for the tool itself, so that the worker is in the middle of the answer.
sub sleeps
{
	my ($id) = @_;
	return $node->poll_query_until('postgres',
		"SELECT count(*) = 1 FROM dbinsight.submitted s JOIN pg_stat_activity a USING (pid) WHERE s.id = '$id' AND a.wait_event = 'PgSleep'");
}

sub answer
{
	my ($id) = @_;
	return $node->safe_psql('postgres', "SELECT content FROM dbinsight.chat_messages WHERE id = '$id'");
}

# ---- as the caller: role, row-level security, settings

my $keepers = 'Who keeps the zebras?';
my $id = submit('ann', $keepers, q{SET TimeZone = 'Asia/Tokyo'; SET dbinsight.now = '2025-03-10 12:00:00+00'});
ok(reaches($id, 'done'), 'a submitted question is answered');
my $content = answer($id);
like($content, qr/ann/, 'as the caller');
like($content, qr/north gate/, 'who sees her own rows');
unlike($content, qr/south gate/, 'and no others');
like($content, qr/Asia\/Tokyo/, 'in her time zone');
like($content, qr/2025-03-10 12:00/, 'at her present');
is(as('ann', "SELECT m.content = (SELECT content FROM dbinsight.chat('$keepers', NULL, 'zebra')) FROM dbinsight.chat_messages m WHERE m.id = '"
		. submit('ann', $keepers, "SET dbinsight.now = '2025-03-10 12:00:00+00'") . "'"), '', 'the id is there before the answer');
is($node->safe_psql('postgres', "SELECT attempts, pid, sqlstate, started_at >= queued_at, finished_at >= started_at FROM dbinsight.submitted WHERE id = '$id'"),
	'1|||t|t', 'its row says how it went');
is(as('bob', 'SELECT count(*) FROM dbinsight.submitted'), '0', 'to nobody else');

$id = submit('ann', $keepers, 'SET ROLE team');
ok(reaches($id, 'done'), 'a role that was set');
is($node->safe_psql('postgres', "SELECT login || ' ' || role || ' ' || user_id FROM dbinsight.submitted WHERE id = '$id'"), 'ann team team', 'is taken over');
like(answer($id), qr/team/, 'and is who answers');
$id = submit('web', $keepers, q{SET dbinsight.user_id = 'carla@company.com'});
ok(reaches($id, 'done'), 'a shared login');
like(answer($id), qr/carla\@company\.com/, 'acts for the person it names');

# ---- those who listen

my $heard = $node->safe_psql('postgres',
	"LISTEN dbinsight_chat; SELECT dbinsight.submit('$keepers', NULL, 'zebra') AS id \\gset\n"
	. "SELECT pg_sleep(0.1) FROM generate_series(1, 30) WHERE NOT EXISTS (SELECT FROM dbinsight.submitted WHERE id = :'id' AND state = 'done');\n"
	. "SELECT 'id ' || :'id';");
my ($told) = $heard =~ /^id (.*)$/m;
like($heard, qr/notification "dbinsight_chat" with payload "\{"conversation": "[0-9a-f-]{36}", "message": "$told", "status": "done"\}"/, 'NOTIFY names conversation and message');

# ---- stop, cancel

my $sleep = 'How did the zebras sleep?';
$id = submit('ann', $sleep);
ok(sleeps($id), 'a worker is at work');
my $conversation = $node->safe_psql('postgres', "SELECT conversation FROM dbinsight.submitted WHERE id = '$id'");
my $second = as('ann', "SELECT dbinsight.submit('$keepers', '$conversation', 'zebra')");
is(as('bob', "SELECT dbinsight.stop('$conversation')"), 'f', 'another person stops nothing');
is(state($second), 'queued', 'the questions of a conversation are answered one after the other');
is(as('ann', "SELECT dbinsight.stop('$conversation')"), 't', 'the person stops them');
ok(reaches($id, 'stopped'), 'the one that runs');
like(answer($id), qr/Stopped on request/, 'keeps what it has');
is(state($second), 'stopped', 'the one that waits is not answered');

$id = submit('ann', $sleep);
ok(sleeps($id), 'another one');
$node->safe_psql('postgres', "SELECT pg_cancel_backend(pid) FROM dbinsight.submitted WHERE id = '$id'");
ok(reaches($id, 'failed'), 'is cancelled');
is($node->safe_psql('postgres', "SELECT sqlstate, message FROM dbinsight.submitted WHERE id = '$id'"),
	'57014|canceling statement due to user request', 'and says why it failed');
is(answer($id), '', 'without an answer');

# A role that may not be taken any more
my ($rc, $out, $err) = $node->psql('postgres', "SET ROLE team; SELECT dbinsight.submit('$keepers', NULL, 'zebra')", extra_params => [ '-U', 'bob' ]);
isnt($rc, 0, 'a role that is not ours');
$node->safe_psql('postgres', "CREATE FUNCTION zoo.definer() RETURNS uuid LANGUAGE sql SECURITY DEFINER AS \$\$ SELECT dbinsight.submit('$keepers') \$\$");
($rc, $out, $err) = $node->psql('postgres', 'SELECT zoo.definer()', extra_params => [ '-U', 'ann' ]);
like($err, qr/a worker cannot answer as role/, 'a SECURITY DEFINER function does not lend its owner to a worker');

# ---- more questions than workers

my @many = map { submit('ann', $keepers) } 1 .. 5;
ok(reaches($_, 'done'), 'all of many are answered') for @many;

# ---- no worker at all

$node->append_conf('postgresql.conf', 'max_worker_processes = 0');
$node->restart;
$id = submit('ann', $keepers);
is(state($id), 'queued', 'without a free worker a question waits');
is($node->safe_psql('postgres', q{SELECT job, status FROM dbinsight.run_due() WHERE job <> 'jobs'}), 'submitted questions|1 to start', 'run_due() tries again');
is(state($id), 'queued', 'in vain');
$node->append_conf('postgresql.conf', 'max_worker_processes = 8');
$node->restart;
my $next = submit('bob', $keepers);
ok(reaches($id, 'done'), 'the next submit() takes it along');
ok(reaches($next, 'done'), 'with its own');

# ---- a worker that dies

$id = submit('ann', $sleep);
for my $attempt (1, 2)
{
	ok(sleeps($id), "attempt $attempt");
	kill 'KILL', $node->safe_psql('postgres', "SELECT pid FROM dbinsight.submitted WHERE id = '$id'");
	ok($node->poll_query_until('postgres', 'SELECT true'), 'the server recovers');
	is(state($id), 'running', 'the row says what was');
	$node->safe_psql('postgres', 'SELECT * FROM dbinsight.run_due()');
}
is($node->safe_psql('postgres', "SELECT state, attempts, sqlstate, message FROM dbinsight.submitted WHERE id = '$id'"),
	'failed|2|57P02|the worker ended before the answer, twice', 'once more, and no more');

# ---- the extension goes away under a worker

$id = submit('ann', $sleep);
ok(sleeps($id), 'a worker is at work');
$node->safe_psql('postgres', "SELECT pg_terminate_backend(pid) FROM dbinsight.submitted WHERE id = '$id'; SET client_min_messages = warning; DROP EXTENSION dbinsight CASCADE");
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'dbinsight answer'}), '0', 'no worker is left');

$node->stop;
done_testing();
