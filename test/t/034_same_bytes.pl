# The same question, data and clock: the same bytes, in any backend, in a worker, after a restart, after a crash, and after dump and restore.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "timezone = 'UTC'\nautovacuum = off");
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE restored');
# Of the database, because a dump does not carry it.
$node->safe_psql('postgres', "ALTER DATABASE $_ SET dbinsight.now = '2026-06-15T12:00:00Z'") for 'postgres', 'restored';
$node->safe_psql('postgres', 'SET client_min_messages = warning; CREATE EXTENSION dbinsight; SELECT count(*) FROM dbinsight.load_sample(days => 14, scale => 0.05)');

my @questions = (
	'Why are costs high and jobs failing?', 'How healthy is the platform overall?', 'Compare this month\'s costs to last month', 'Show me the top cost drivers and any security issues from yesterday',
	'Why did nightly_etl fail?', 'Which tables are stale?', 'Were there any failed auth attempts overnight?', 'Who has access to sensitive tables?', 'How is the job_failure_predictor performing?',
	'Which external IPs connected this week?', 'Generate a GDPR compliance report', 'What is the capital of France?');

# Everything that is kept of the answers but ids and times.
sub answers
{
	my ($database, $before) = @_;
	my $sql = join "\n", "SET client_min_messages = warning; $before;", map {
		(my $q = $_) =~ s/'/''/g;
		qq{SELECT message_id AS m FROM dbinsight.chat('$q') \\gset
		SELECT content, agents, suggestions, grounded, evidence, grounding, understood, plan, status, (scores #- '{details,response_time}'::text[]) - 'response_time'::text - 'overall'::text FROM dbinsight.chat_messages WHERE id = :'m';
		SELECT call, agent, tool, arguments, given, columns, rows, row_count, truncated, ok, error, digest, noun, context, fresh FROM dbinsight.chat_results WHERE message_id = :'m' ORDER BY call;}
	} @questions;
	return $node->safe_psql($database, $sql);
}

my $first = answers('postgres', 'SET dbinsight.parallel_tools = 0');
cmp_ok(length $first, '>', 20000, 'answers');
is(answers('postgres', 'SET dbinsight.parallel_tools = 0'), $first, 'the same in another backend');
is(answers('postgres', 'SET dbinsight.parallel_tools = 2; SET dbinsight.parallel_tool_time = 0'), $first, 'the same from parallel workers');
my $message = $node->safe_psql('postgres', "SELECT message_id FROM dbinsight.chat('$questions[0]')");
$node->restart;
is(answers('postgres', 'SELECT'), $first, 'the same after a restart');
$node->stop('immediate');
$node->start;
is(answers('postgres', 'SELECT'), $first, 'the same after a crash');
$node->safe_psql('postgres', 'VACUUM FULL dbinsight.fact_usage; ANALYZE');
is(answers('postgres', 'SELECT'), $first, 'the same when rows lie elsewhere and statistics are new');
my $dump = PostgreSQL::Test::Utils::tempdir . '/dump.sql';
$node->command_ok([ 'pg_dump', '-f', $dump, '-d', $node->connstr('postgres') ], 'a dump');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-o', '/dev/null', '-f', $dump, '-d', $node->connstr('restored') ], 'is restored');
is(answers('restored', 'SELECT'), $first, 'the same after dump and restore');
is($node->safe_psql('restored', "SELECT r ->> 'answer', jsonb_path_query_array(r, '\$.calls[*].status') FROM dbinsight.replay('$message') r"), 'same|["same", "same", "same", "same", "same"]',
	'and an answer from before is the same when its plan is run again');
is($node->safe_psql('restored', "SELECT count(*) FROM dbinsight.spans WHERE message_id = '$message'"), $node->safe_psql('postgres', "SELECT count(*) FROM dbinsight.spans WHERE message_id = '$message'"), 'its trace was dumped with it');
$node->stop;
done_testing();
