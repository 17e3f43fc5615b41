# Slow tools of one answer in parallel workers: without free slots, with a cancel, stop(), the end of the session; nothing stays behind.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
# Segments of shared memory are files of the data directory, where they can be counted.
$node->append_conf('postgresql.conf', "timezone = 'UTC'\ndynamic_shared_memory_type = mmap\nlog_min_messages = warning");
$node->start;
my $tools = join '', map {
	my ($name, $animal, $about) = @$_;
	qq{CREATE FUNCTION zoo.get_$name() RETURNS TABLE (animal text, age int) LANGUAGE plpgsql STABLE PARALLEL SAFE AS \$\$
		BEGIN PERFORM pg_sleep(current_setting('zoo.sleep')::float8); RETURN QUERY VALUES ('$animal', 1); END \$\$;
	COMMENT ON FUNCTION zoo.get_$name() IS '$about';
	SELECT dbinsight.register_tool('zoo.get_$name()', 'zoo', ARRAY['$about']);}
} ([ 'zebra_naps', 'zoe', 'How many naps did the zebras take?' ], [ 'giraffe_meals', 'gina', 'Which meals did the giraffes eat?' ], [ 'penguin_dives', 'pia', 'How deep did the penguins dive?' ]);
$node->safe_psql('postgres', qq{
	CREATE EXTENSION dbinsight;
	CREATE SCHEMA zoo;
	SELECT dbinsight.register_agent('zoo', 'zebras, giraffes and penguins', '', ARRAY['How many naps did the zebras take?']);
	$tools
	INSERT INTO dbinsight.tool_companions VALUES ('get_zebra_naps', 'why', 'get_giraffe_meals', 1), ('get_zebra_naps', 'why', 'get_penguin_dives', 2);
	ALTER DATABASE postgres SET zoo.sleep = 0.3;
	ALTER DATABASE postgres SET dbinsight.parallel_tool_time = 0;
	ALTER DATABASE postgres SET dbinsight.parallel_tools = 3;
	CREATE ROLE ann LOGIN IN ROLE dbinsight_reader;
	GRANT USAGE ON SCHEMA zoo TO ann;});

my $question = 'Why did the zebras take so many naps?';

# answer(settings): how many calls a worker made, and the answer
sub answer
{
	my ($before, @extra) = @_;
	my $out = $node->safe_psql('postgres', "$before; SELECT message_id AS m, content AS c FROM dbinsight.chat('$question', NULL, 'zoo') \\gset\n"
		. "SELECT count(*) FILTER (WHERE (attributes ->> 'dbinsight.call.in_worker')::boolean) || ' of ' || count(*) FROM dbinsight.spans WHERE message_id = :'m' AND name LIKE 'execute_tool%';\n\\echo :c", extra_params => [@extra]);
	my ($in_workers, $content) = split /\n/, $out, 2;
	return ($in_workers, $content);
}

sub workers { return $node->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'parallel worker'}) }

# One segment belongs to the server itself.
sub segments { my @files = glob($node->data_dir . '/pg_dynshmem/mmap.*'); return scalar(@files) }

# A session that has said good-bye may still be ending.
sub none_left
{
	my ($before) = @_;
	for (1 .. 100) { last if segments() == $before; select(undef, undef, undef, 0.1) }
	is(segments(), $before, 'no segment is left');
}

my $segments = segments();
my ($in_workers, $serial) = answer('SET dbinsight.parallel_tools = 0');
is($in_workers, '0 of 3', 'all in the backend');
like($serial, qr/zoe.*gina.*pia/s, 'is an answer');
for my $case ([ 'SET dbinsight.parallel_tools = 1', '0 of 3', 'one worker would be no gain' ], [ 'SET dbinsight.parallel_tools = 2', '3 of 3', 'two workers' ], [ "SET work_mem = '4MB'", '3 of 3', 'three workers' ],
	[ 'SET max_parallel_workers = 0', '0 of 3', 'no slot' ], [ 'SET max_parallel_workers = 1', '0 of 3', 'one slot' ], [ 'SET max_parallel_workers = 2', '3 of 3', 'two slots' ],
	[ 'BEGIN ISOLATION LEVEL SERIALIZABLE', '3 of 3', 'a serializable transaction' ], [ 'BEGIN; CREATE TEMP TABLE t (); SAVEPOINT s; INSERT INTO t DEFAULT VALUES', '3 of 3', 'a transaction that has written' ])
{
	($in_workers, my $content) = answer($case->[0]);
	is($in_workers, $case->[1], $case->[2]);
	is($content, $serial, 'the same answer');
}
($in_workers, my $content) = answer("SET work_mem = '4MB'", '-U', 'ann');
is("$in_workers\n$content", "3 of 3\n$serial", 'for a reader');
none_left($segments);

# ---- what ends an answer

sub at_work
{
	my $session = $node->background_psql('postgres', on_error_stop => 0);
	$session->query_safe("SET zoo.sleep = 60; SET dbinsight.tool_timeout = '10min'; SET application_name = 'asks'");
	$session->{stdin} .= "SELECT 'status ' || m.status FROM dbinsight.chat('$question', NULL, 'zoo') c, LATERAL (SELECT 'told' AS status WHERE c.content LIKE '%Stopped on request%') m;\n\\echo finished\n";
	$session->{run}->pump_nb;
	ok($node->poll_query_until('postgres', q{SELECT count(*) = 3 FROM pg_stat_activity WHERE backend_type = 'parallel worker' AND wait_event = 'PgSleep'}), 'three workers are at work');
	return $session;
}

sub ends
{
	my ($how, $what) = @_;
	my $session = at_work();
	is($node->safe_psql('postgres', "SELECT $how FROM pg_stat_activity WHERE application_name = 'asks' AND backend_type = 'client backend'"), 't', $what);
	ok($node->poll_query_until('postgres', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'parallel worker'}), 'ends the workers');
	return $session;
}

my $session = ends('pg_cancel_backend(pid)', 'a cancel');
$session->query('SELECT 1');
like($session->{stderr}, qr/canceling statement due to user request/, 'and the answer');
$session->quit;
$session = ends('pg_terminate_backend(pid)', 'the end of the session');
eval { $session->quit };
none_left($segments);

my ($rc, $out, $err) = $node->psql('postgres', "SET zoo.sleep = 60; SET statement_timeout = '1s'; SELECT dbinsight.ask('$question', NULL, 'zoo')");
like($err, qr/canceling statement due to statement timeout/, 'statement_timeout is heard');
is(workers(), '0', 'and ends the workers');

# stop() is for a conversation: begin one, go on in it.
my $conversation = $node->safe_psql('postgres', "SELECT conversation_id FROM dbinsight.chat('$question', NULL, 'zoo')");
$session = $node->background_psql('postgres', on_error_stop => 0);
$session->query_safe("SET zoo.sleep = 60; SET dbinsight.tool_timeout = '10min'");
$session->{stdin} .= "SELECT dbinsight.ask('$question', '$conversation', 'zoo');\n\\echo finished\n";
$session->{run}->pump_nb;
ok($node->poll_query_until('postgres', q{SELECT count(*) = 3 FROM pg_stat_activity WHERE backend_type = 'parallel worker' AND wait_event = 'PgSleep'}), 'three workers are at work');
is($node->safe_psql('postgres', "SELECT dbinsight.stop('$conversation')"), 't', 'stop()');
ok($node->poll_query_until('postgres', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'parallel worker'}), 'ends the workers');
ok($node->poll_query_until('postgres', "SELECT status = 'stopped' FROM dbinsight.chat_messages WHERE conversation_id = '$conversation' AND role = 'assistant' ORDER BY seq DESC LIMIT 1"),
	'and the answer is kept as stopped');
$session->quit;

# With one tool quick: what it found is told although it is not the first of the plan.
$node->safe_psql('postgres', q{CREATE OR REPLACE FUNCTION zoo.get_penguin_dives() RETURNS TABLE (animal text, age int) LANGUAGE sql STABLE PARALLEL SAFE AS $$ VALUES ('pia', 1) $$});
$session = $node->background_psql('postgres', on_error_stop => 0);
$session->query_safe("SET zoo.sleep = 60; SET dbinsight.tool_timeout = '10min'");
$session->{stdin} .= "SELECT dbinsight.ask('$question', '$conversation', 'zoo');\n\\echo finished\n";
$session->{run}->pump_nb;
ok($node->poll_query_until('postgres', q{SELECT count(*) FILTER (WHERE wait_event = 'PgSleep') = 2 AND count(*) = 2 FROM pg_stat_activity WHERE backend_type = 'parallel worker'}), 'one tool is done, two are at work');
is($node->safe_psql('postgres', "SELECT dbinsight.stop('$conversation')"), 't', 'stop()');
ok($node->poll_query_until('postgres', "SELECT count(*) = 2 FROM dbinsight.chat_messages WHERE conversation_id = '$conversation' AND status = 'stopped'"), 'ends them');
is($node->safe_psql('postgres', "SELECT content LIKE '%pia%', content LIKE '%without `get_zebra_naps`, `get_giraffe_meals`%' FROM dbinsight.chat_messages WHERE conversation_id = '$conversation' AND role = 'assistant' ORDER BY seq DESC LIMIT 1"),
	't|t', 'what one had found is told, the others are named');
$session->quit;
($in_workers, $serial) = answer('SET dbinsight.parallel_tools = 0');

# A question in the background has workers of its own.
my $id = $node->safe_psql('postgres', "SELECT dbinsight.submit('$question', NULL, 'zoo')");
ok($node->poll_query_until('postgres', "SELECT state = 'done' FROM dbinsight.submitted WHERE id = '$id'"), 'a submitted question');
is($node->safe_psql('postgres', "SELECT content FROM dbinsight.chat_messages WHERE id = '$id'") . "\n", (split /\n\n\*\*Ask next/, $serial)[0] . "\n", 'gets the same answer');
is($node->safe_psql('postgres', "SELECT count(*) FROM dbinsight.spans WHERE message_id = '$id' AND (attributes ->> 'dbinsight.call.in_worker')::boolean"), '3', 'from workers');

# The health of the platform asks its domains in parallel workers. In a session that has not used the library yet they
# must go by its settings all the same: of that moment's week an event is known, of today's none.
$node->safe_psql('postgres', q{INSERT INTO dbinsight.rollup_audit_coverage VALUES ('2024-02-28 10:00Z', '1', 7, 0, 0, '2024-02-28 10:01Z', '2024-02-28 10:59Z');
	ALTER DATABASE postgres SET dbinsight.now = '2024-03-01 12:00Z'});
my $health = q{SELECT string_agg(h::text, ',') FROM dbinsight.get_platform_health() h};
like($node->safe_psql('postgres', "EXPLAIN $health"), qr/Parallel Append/, 'the plan has workers');
my ($parallel, $complaint);
$node->psql('postgres', $health, stdout => \$parallel, stderr => \$complaint);
is($complaint, '', 'workers take the settings over');
like($parallel, qr/\(security,100,HEALTHY,/, 'and know the moment');
is($node->safe_psql('postgres', "SET max_parallel_workers_per_gather = 0; $health"), $parallel, 'the backend alone finds the same');
# One call's query has workers of its own, in the backend's calls too: rows that were read outside of it are counted.
$node->safe_psql('postgres', q{CREATE TABLE zoo.steps AS SELECT i FROM generate_series(1, 20000) i;
	CREATE FUNCTION zoo.elsewhere() RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE AS 'BEGIN RETURN pg_backend_pid() <> current_setting($$zoo.leader$$)::int; END';
	CREATE FUNCTION zoo.get_elephant_steps() RETURNS TABLE (steps bigint) LANGUAGE sql STABLE PARALLEL SAFE BEGIN ATOMIC SELECT count(*) FILTER (WHERE zoo.elsewhere()) FROM zoo.steps; END;
	COMMENT ON FUNCTION zoo.get_elephant_steps() IS 'How many steps did the elephants take?';
	SELECT dbinsight.register_tool('zoo.get_elephant_steps()', 'zoo', ARRAY['How many steps did the elephants take?'])});
is($node->safe_psql('postgres', q{SET client_min_messages = warning; SELECT set_config('zoo.leader', pg_backend_pid()::text, false) \gset
	SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET parallel_leader_participation = off;
	SELECT message_id AS m FROM dbinsight.chat('How many steps did the elephants take?', NULL, 'zoo') \gset
	SELECT tool, rows FROM dbinsight.chat_results WHERE message_id = :'m'}), 'get_elephant_steps|[[20000]]', 'the query of a call has parallel workers');
none_left($segments);
unlike(slurp_file($node->logfile), qr/leaked|terminated by signal|TRAP:|PANIC|WARNING/, 'nothing was leaked');
$node->stop;
done_testing();
