# What fails in a team of agents costs its own part only: one agent of several, a server that is not there, a turn that is
# cancelled or stopped; and a breaker that all sessions share.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;
use Team;

my $team = Team->new('main', conf => "shared_preload_libraries = 'dbinsight'\n");
my $node = $team->node;
my $MEALS = 'Which meals did the animals eat?';
my %CALL = (name => 'get_meals', arguments => {});

# The words of the answer, without what follows the line.
sub words { my ($content) = @_; return $content =~ s/\n\n---\n.*//sr }

# ---- one of three fails

my $THREE = 'What did we spend yesterday, which jobs failed today, and who signed in from new addresses?';
my %AGENT = (
	cost => { offers => ['get_daily_cost_summary'], rounds => [ { calls => [ { name => 'get_daily_cost_summary', arguments => { start_date => '2026-06-14', end_date => '2026-06-14' } } ] },
		{ text => 'Spend was [[r1.1.total_cost]].' } ] },
	performance => { offers => ['get_failed_jobs'], rounds => [ { calls => [ { name => 'get_failed_jobs', arguments => { hours => 24 } } ] }, { text => 'The first to fail was [[r1.1.job_name]].' } ] },
	security => { offers => ['get_failed_auth_attempts'], rounds => [ { calls => [ { name => 'get_failed_auth_attempts', arguments => { hours => 48 } } ] }, { text => 'It was [[r1.1.user_email]].' } ] });
my $AUTHOR = { offers => [], policy => 'competent' };
my $embedded = words($team->chat($THREE, "dbinsight.llm_server = ''")->{content});
my ($jobs) = $embedded =~ /### Performance\n\n(.*?)(?:\n\n### |\n\n\*\*Recommended)/s;
ok($jobs, 'the embedded answer has a section of jobs') or diag $embedded;

for my $how ([ 'at once', { status => 400, error => 'no' }, 'llm_error' ],
	[ 'when it has called', { rounds => [ $AGENT{performance}{rounds}[0], { refusal => 'I cannot help with that.' } ] }, 'llm_refused' ],
	[ 'by silence', { text => '' }, 'llm_empty' ])
{
	my ($when, $says, $reason) = @$how;
	$team->script({ offers => ['get_failed_jobs'], %$says }, @AGENT{qw(cost security)}, $AUTHOR);
	my $row = $team->chat($THREE);
	is("$row->{engine} $row->{reason}", "model $reason", "one of three fails $when: the others answer, and it is said") or diag explain $row;
	like(words($row->{content}), qr/^Spend was \$[\d,.]+\.\n\nIt was [a-z.]+\@company\.com\.\n\n### Performance\n\n\Q$jobs\E/, 'its part is the embedded one') or diag "$row->{content}\n---- embedded:\n$embedded";
	like($row->{content}, qr/^\*Performance answered without the language model: the language model [a-z ]+\.\*$/m, 'with a line that says so');
	ok($row->{grounded}, 'grounded');
	is_deeply([ sort @{ $row->{agents} } ], [qw(cost performance security)], 'all agents are named');
	is(scalar(grep { $_->{tool} eq 'get_failed_jobs' } @{ $row->{tool_calls} }), 1, 'nothing is called twice');
}
$team->script({ offers => ['get_failed_jobs'], status => 400, error => 'no' }, @AGENT{qw(cost security)}, $AUTHOR);
my @events = $team->events($THREE);
is(join('', map { "$_->{agent}: $_->{content}" } grep { $_->{event} eq 'error' } @events), 'performance: the language model failed', 'the failure is an event of its agent');
like(join('', map { $_->{content} } grep { $_->{event} eq 'delta' } @events), qr/^Spend was.*### Performance\n\n\Q$jobs\E/s, 'the deltas joined are the answer');

# ---- two of three fail, all fail

$team->script((map { { offers => [$_], status => 400, error => 'no' } } 'get_failed_jobs', 'get_failed_auth_attempts'), $AGENT{cost}, $AUTHOR);
my $row = $team->chat($THREE);
is($row->{engine}, 'model', 'two of three fail');
like(words($row->{content}), qr/^Spend was \$[\d,.]+\.\n\n### Performance\n\n.*\n\n### Security\n\n/s, 'their parts follow the one that is left') or diag $row->{content};
like($row->{content}, qr/^\*Performance, Security answered without/m, 'and both are named');
ok($row->{grounded}, 'grounded');
is(scalar($team->requests), 4, 'what one alone has found needs no author');
$team->script({ status => 400, error => 'no' });
$row = $team->chat($THREE);
is("$row->{engine} $row->{reason}", 'embedded llm_error', 'all fail');
is(words($row->{content}), $embedded, 'the embedded answer is the same as ever');

# ---- eight agents

my $EIGHT = 'What did we spend last week, which jobs failed, who changed permissions, which SLAs were breached, which tables are stale, how did the model endpoints perform, which tables have no owner and which external addresses connected?';
$team->script($AUTHOR, { policy => 'competent', latency => 2 });
$row = $team->chat($EIGHT);
is($row->{engine}, 'model', 'eight agents');
ok($row->{grounded}, 'grounded') or diag explain $row;
my @asked = $team->requests;
is(scalar(@{ $row->{agents} }), 8, 'all answer') or diag explain $row->{agents};
is((sort { $b <=> $a } map { $_->{in_flight} } @asked)[0], 8, 'and are asked at the same time');
$team->script({ offers => ['get_external_ips'], status => 400, error => 'no' });
$row = $team->chat($EIGHT);
is("$row->{engine} $row->{reason}", 'model llm_error', 'one of eight fails');
like($row->{content}, qr/\n\n### Network\n\n/, 'and is made good');
is(scalar(@{ $row->{agents} }), 8, 'eight parts') or diag explain $row->{agents};
is($node->safe_psql('postgres', "SELECT string_agg(span, ', ') FROM dbinsight.grounding('$row->{message_id}') WHERE NOT supported AND kind = 'number'"), '', 'with no figure that no row has');

# ---- a server that is not there

$embedded = words($team->chat($MEALS, "dbinsight.llm_server = ''")->{content});
$node->safe_psql('postgres', qq{
	CREATE SERVER unmapped FOREIGN DATA WRAPPER dbinsight_llm OPTIONS (provider 'openai', model 'x');
	CREATE SERVER keyless FOREIGN DATA WRAPPER dbinsight_llm OPTIONS (provider 'openai', model 'x');
	CREATE USER MAPPING FOR CURRENT_USER SERVER keyless;});
$team->script();
for my $missing ([ nowhere => 'llm_missing', 'language model server "nowhere" does not exist' ], [ unmapped => 'llm_missing', 'user "postgres" has no user mapping for server "unmapped"' ],
	[ keyless => 'llm_error', 'the user mapping has no secret' ])
{
	my ($server, $reason, $words) = @$missing;
	my ($code, $out, $notice) = $node->psql('postgres', "SET dbinsight.llm_server = '$server'; SELECT dbinsight.ask('$MEALS')");
	is($code, 0, "$server: no error");
	like($notice, qr/^psql:<stdin>:1: NOTICE:  .*\Q$words\E/m, "$server: what is to be mended is told");
	unlike($notice, qr/ERROR/, "$server: and nothing else");
	$row = $team->chat($MEALS, "dbinsight.llm_server = '$server'");
	is("$row->{engine} $row->{reason}", "embedded $reason", "$server: the embedded analyst answers, and says why");
	is(words($row->{content}), $embedded, "$server: with its own words");
}
is(scalar($team->requests), 0, 'nobody was asked');

# ---- a turn that is cancelled has cost what it has

my $USAGE = 'SELECT string_agg(concat_ws(\' \', user_id, purpose, agent, status, prompt_tokens > 0, usd > 0), \'; \' ORDER BY status DESC, user_id) FROM dbinsight.llm_usage WHERE id > ';
sub last_usage { return $node->safe_psql('postgres', 'SELECT coalesce(max(id), 0) FROM dbinsight.llm_usage') }
my $SLOW = { rounds => [ { calls => [ {%CALL} ] }, { text => 'The giraffe ate for [[r1.1.cost_usd]].', latency => 20 } ] };
$team->script($SLOW);
my $before = last_usage();
my ($code, $out, $err) = $node->psql('postgres', "SET statement_timeout = '1s'; SELECT dbinsight.ask('$MEALS')");
like($err, qr/statement timeout/, 'cancelled');
$node->poll_query_until('postgres', "SELECT count(*) = 2 FROM dbinsight.llm_usage WHERE id > $before") or diag 'nothing was booked';
like($node->safe_psql('postgres', $USAGE . $before), qr/^\w+ agent zoo tool_calls t t; \w+ agent zoo broken_off f f$/, 'both requests are booked when the session ends');
$before = last_usage();
$team->script({ %$SLOW, times => 2 }, { rounds => [ { calls => [ {%CALL} ] }, { text => 'The giraffe ate for [[r1.1.cost_usd]].' } ] });
my $session = $node->background_psql('postgres', on_error_stop => 0);
$session->query("SET ROLE ann; SET statement_timeout = '1s'; SELECT dbinsight.ask('$MEALS'); RESET statement_timeout; RESET ROLE;");
$session->query("SELECT dbinsight.ask('$MEALS');");
is($node->safe_psql('postgres', $USAGE . $before), 'ann agent zoo tool_calls t t; postgres agent zoo tool_calls t t; postgres agent zoo stop t t; ann agent zoo broken_off f f', 'or with the next turn, as the same person');
$session->quit;
$before = last_usage();
$team->script($SLOW);
$session = $node->background_psql('postgres', on_error_stop => 0);
my $pid = $session->query_safe('SELECT pg_backend_pid()');
$session->{stdin} .= "SELECT dbinsight.ask('$MEALS');\n";
$session->{run}->pump_nb;
$node->poll_query_until('postgres', "SELECT wait_event_type IS NOT NULL AND query LIKE 'SELECT dbinsight.ask%' FROM pg_stat_activity WHERE pid = $pid") or die 'it does not ask';
select(undef, undef, undef, 1.5);
$node->safe_psql('postgres', "SELECT pg_terminate_backend($pid)");
$node->poll_query_until('postgres', "SELECT count(*) = 2 FROM dbinsight.llm_usage WHERE id > $before");
like($node->safe_psql('postgres', $USAGE . $before), qr/^\w+ agent zoo tool_calls t t; \w+ agent zoo broken_off f f$/, 'or when the session is terminated');
eval { $session->quit };

# ---- a turn that is stopped when some of it was shown

my $conversation = $node->safe_psql('postgres', "SET dbinsight.llm_server = ''; SELECT conversation_id FROM dbinsight.chat('$MEALS')");
$before = last_usage();
$team->script({ rounds => [ { calls => [ {%CALL} ] }, { text => 'x', delay => 8, pieces => [ 'The giraffe ate for [[r1.1.cost_usd]]. The', ' zebra ate for [[r1.2.cost_usd]].' ] } ] });
$session = $node->background_psql('postgres', on_error_stop => 0);
$session->{stdin} .= "\\set FETCH_COUNT 1\nSELECT (dbinsight.ask_stream('$MEALS', '$conversation')).content;\nSELECT 'over';\n";
$session->{run}->pump_nb;
PostgreSQL::Test::Utils::pump_until($session->{run}, $session->{timeout}, \$session->{stdout}, qr/giraffe ate for \$40\.25\./);
is($node->safe_psql('postgres', "SELECT dbinsight.stop('$conversation')"), 't', 'stopped');
PostgreSQL::Test::Utils::pump_until($session->{run}, $session->{timeout}, \$session->{stdout}, qr/over/);
$session->quit;
my ($status, $content) = split /\|/, $node->safe_psql('postgres', "SELECT status, replace(content, E'\\n', '~') FROM dbinsight.chat_messages WHERE conversation_id = '$conversation' ORDER BY seq DESC LIMIT 1"), 2;
is($status, 'stopped', 'it is marked as stopped');
like($content, qr/^The giraffe ate for \$40\.25\.~~---~\*Sources:\* .*~\*Stopped on request\*\.$/, 'what was shown is its content');
unlike($content, qr/zebra/, 'and nothing else');
like($node->safe_psql('postgres', $USAGE . $before), qr/^\w+ agent zoo tool_calls t t; \w+ agent zoo broken_off t t$/, 'what it has used is booked');

# ---- five sessions and one breaker

$team->script({ status => 500 });
my @sessions = map { $node->background_psql('postgres', on_error_stop => 0) } 1 .. 5;
$_->query("SELECT dbinsight.ask('$MEALS');") for @sessions;
like($node->safe_psql('postgres', 'SELECT state, failures FROM dbinsight._llm_breakers()'), qr/^open\|5$/, 'each has failed once: the breaker is open');
my $sent = scalar($team->emulator->requests(operation => 'chat'));
for my $n (0 .. $#sessions)
{
	like($sessions[$n]->query("SELECT content FROM dbinsight.chat('$MEALS');"), qr/Answered without the language model: the language model could not be reached/, "session $n answers without");
}
is(scalar($team->emulator->requests(operation => 'chat')), $sent, 'and asks nobody');
$_->quit for @sessions;

done_testing();
