# Runs and traces in a real MLflow server, read back by MLflow's own client: what arrives, and that it arrives once
# whatever fails on the way.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin, "$FindBin::RealBin/../emulator";
use Emulator;
use HTTP::Tiny;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Receiver;
use Test::More;
use Time::HiRes qw(time sleep);

plan skip_all => $ENV{MLFLOW_NONE} // 'MLFLOW_VENV is not set; see test/harness/mlflow.sh' unless $ENV{MLFLOW_VENV};

my $folder = PostgreSQL::Test::Utils::tempdir;
my $http = HTTP::Tiny->new(timeout => 60);
my @servers;

# An MLflow server on a database of its own; its address at once, whether or not it answers yet.
sub start_mlflow
{
	my ($name, @more) = @_;
	my $port = PostgreSQL::Test::Cluster::get_free_port();
	mkdir "$folder/$name";
	my $pid = fork // die;
	if ($pid == 0)
	{
		setpgrp;
		chdir "$folder/$name";
		open STDIN, '<', '/dev/null';
		open STDOUT, '>', 'log';
		open STDERR, '>&', \*STDOUT;
		exec "$ENV{MLFLOW_VENV}/bin/python", '-m', 'mlflow', 'server', '--host', '127.0.0.1', '--port', $port, '--workers', 1, '--backend-store-uri',
			"sqlite:///$folder/$name/store.db", '--artifacts-destination', "$folder/$name/artifacts", @more;
	}
	push @servers, $pid;
	return "http://127.0.0.1:$port";
}

sub is_up
{
	my ($url) = @_;
	for (1 .. 400)
	{
		return 1 if $http->get("$url/health")->{success};
		sleep 1;
	}
	return 0;
}

# Told to end, the servers end too.
$SIG{TERM} = $SIG{INT} = sub { exit 1 };

END
{
	local $?;
	kill 'TERM', -$_ for @servers;
	waitpid $_, 0 for @servers;
}

local $ENV{MLFLOW_DISABLE_TELEMETRY} = 'true';
local $ENV{MLFLOW_SERVER_ENABLE_JOB_EXECUTION} = 'false'; # processes of their own, which outlive it
local $ENV{HOME} = $folder;
PostgreSQL::Test::Utils::append_to_file("$folder/auth.ini", "[mlflow]\ndefault_permission = READ\ndatabase_uri = sqlite:///$folder/auth.db\n"
	. "admin_username = admin\nadmin_password = a long password\nauthorization_function = mlflow.server.auth:authenticate_request_basic_auth\n");
my $open = start_mlflow('open');
my $closed;
{
	local @ENV{qw(MLFLOW_AUTH_CONFIG_PATH MLFLOW_FLASK_SERVER_SECRET_KEY)} = ("$folder/auth.ini", 'a secret of flask');
	$closed = start_mlflow('closed', '--app-name', 'basic-auth');
}

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "timezone = 'UTC'\ndbinsight.allow_private_addresses = on\ndbinsight.delivery_delay = '50ms'\ndbinsight.delivery_timeout = '180s'\n"
	. "dbinsight.mlflow_server = 'ml'\nlog_statement = 'none'\nrestart_after_crash = on\nautovacuum = off");
$node->start;

sub sql { return $node->safe_psql('postgres', $_[0]) }

sub deliver_all
{
	for (1 .. 200)
	{
		sql('CALL dbinsight.deliver_due()');
		return 'all' if sql('SELECT dbinsight._outbox_left()') == 0;
		sleep 0.2;
	}
	return sql(q{SELECT kind, state, last_error FROM dbinsight.outbox WHERE state <> 'sent'});
}

# As MLflow's client sees it.
sub read_back
{
	my ($url, %env) = @_;
	local @ENV{ keys %env } = values %env;
	my ($out, $err) = run_command([ "$ENV{MLFLOW_VENV}/bin/python", "$FindBin::RealBin/mlflow_read.py", $url ]);
	return eval { decode_json($out) } // die "no answer: $out $err";
}

if (!is_up($open))
{
	diag(PostgreSQL::Test::Utils::slurp_file("$folder/open/log"));
	BAIL_OUT('the MLflow server did not start');
}
my $between = Receiver->new(to => $open);
sql(qq{CREATE EXTENSION dbinsight; UPDATE dbinsight.jobs SET enabled = false;
	CREATE SERVER ml FOREIGN DATA WRAPPER dbinsight_mlflow OPTIONS (tracking_uri '${\$between->url}/', experiment 'answers');
	CREATE SERVER closed FOREIGN DATA WRAPPER dbinsight_mlflow OPTIONS (tracking_uri '$closed', experiment 'behind a password');});

# ---- runs

sql(q{SELECT dbinsight.log_run('Übung & mehr/1', 'small', '{"depth": 6, "kind": "bäume"}', '{"loss": [0.9, 0.5, 0.25], "accuracy": 0.97, "bad": "NaN"}', '{"team": "data"}', started => now() - interval '90 seconds')});
sql(q{SELECT dbinsight.log_run(NULL, 'large', (SELECT jsonb_object_agg('p' || g, repeat('x', 500)) FROM generate_series(1, 230) g),
	jsonb_build_object('loss', (SELECT jsonb_agg(g) FROM generate_series(1, 2300) g)), (SELECT jsonb_object_agg('t' || g, g) FROM generate_series(1, 120) g), status => 'FAILED')});
is(deliver_all(), 'all', 'runs are delivered');
my @batches = map { JSON::PP->new->decode($_->{body}) } $between->requests('log-batch');
my $most = (sort { $b <=> $a } map { @{ $_->{metrics} } + @{ $_->{params} } + @{ $_->{tags} } } @batches)[0];
cmp_ok($most, '<=', 1000, 'in pieces that MLflow takes');
cmp_ok((sort { $b <=> $a } map { scalar @{ $_->{params} } } @batches)[0], '<=', 100, 'params too');

# ---- what fails on the way

$between->fault('lost', 1, 'runs/create');
$between->fault('429.1', 1, 'log-batch');
$between->fault('500', 1, 'runs/update');
sql(q{SELECT dbinsight.log_run('faults', 'lost', '{"a": 1}', '{"m": [1, 2]}')});
is(deliver_all(), 'all', 'a run is delivered although answers are lost');
cmp_ok(sql(q{SELECT attempts FROM dbinsight.outbox WHERE payload ->> 'name' = 'lost'}), '>=', 4, 'at the fourth attempt');
$between->fault('reset', 1, 'runs/search');
$between->fault('503', 1, 'experiments/create');
sql(q{SELECT dbinsight.log_run('more faults', 'reset', '{"a": 1}', '{"m": 1}')});
is(deliver_all(), 'all', 'and although connections are');

my $id = sql(q{SELECT response ->> 'experiment_id' FROM dbinsight.outbox WHERE payload ->> 'name' = 'reset'});
$http->post("$open/api/2.0/mlflow/experiments/delete", { content => encode_json({ experiment_id => $id }), headers => { 'Content-Type' => 'application/json' } });
sql(q{SELECT dbinsight.log_run('more faults', 'restored', '{"a": 1}')});
is(deliver_all(), 'all', 'an experiment that was deleted is brought back');

# killed while they are sent
sql(q{SELECT dbinsight.log_run('killed', 'k' || n, '{"a": 1}', '{"m": [1, 2, 3]}') FROM generate_series(1, 5) n});
for (1 .. 3)
{
	my ($out, $err) = ('', '');
	my $psql = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', 'SELECT pg_backend_pid()', '-c', 'CALL dbinsight.deliver_due()' ],
		'<', \undef, '>', \$out, '2>', \$err);
	$psql->pump until $out =~ /\n/;
	sleep 0.1 + rand 0.5;
	kill 'KILL', $out =~ /(\d+)/;
	$psql->finish;
	$node->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()');
	sql(q{UPDATE dbinsight.outbox SET leased_until = NULL, next_attempt_at = now() WHERE state <> 'sent'});
}
is(deliver_all(), 'all', 'who sends is killed, and somebody else goes on');

# the server is away
my $away = PostgreSQL::Test::Cluster::get_free_port();
sql("ALTER SERVER ml OPTIONS (SET tracking_uri 'http://127.0.0.1:$away')");
sql(q{SELECT dbinsight.log_run('down', 'down', NULL, '{"m": 1}'); CALL dbinsight.deliver_due()});
is(sql(q{SELECT state, last_sqlstate FROM dbinsight.outbox WHERE payload ->> 'name' = 'down'}), 'failed|08001', 'a server that is away');
sql("ALTER SERVER ml OPTIONS (SET tracking_uri '${\$between->url}')");
is(deliver_all(), 'all', 'gets it when it is back');

# ---- traces

my $answer = sql(q{SET dbinsight.mlflow_traces = on; SELECT message_id FROM dbinsight.chat('Why are costs high and jobs failing?')});
is(sql(qq{SELECT count(*) FROM dbinsight.outbox WHERE kind = 'mlflow_trace' AND idempotency_key = 'trace-$answer'}), '1', 'the trace of an answer is sent by itself');
is(sql(qq{SELECT dbinsight.export_trace('$answer') = (SELECT id FROM dbinsight.outbox WHERE kind = 'mlflow_trace')}), 't', 'once');
my $told = sql(q{SELECT message_id FROM dbinsight.chat('Which jobs failed? Bearer abcdefghijklmnop')});
sql(qq{SET dbinsight.mlflow_content = on; SELECT dbinsight.export_trace('$told')});
$between->fault('lost', 1, 'v1/traces');
$between->fault('lost', 1, '3.0/mlflow/traces');
is(deliver_all(), 'all', 'traces are delivered, although answers are lost');

# ---- the trace of a team of agents with a language model

my $emulator = Emulator->start;
sql(qq{CREATE SERVER llm FOREIGN DATA WRAPPER dbinsight_llm OPTIONS (provider 'openai', base_url '${\$emulator->url}/v1', model 'scripted');
	CREATE USER MAPPING FOR CURRENT_USER SERVER llm OPTIONS (api_key '${\$emulator->model_key}')});
my $team = sql(q{SET dbinsight.llm_server = 'llm'; SELECT message_id FROM dbinsight.chat('What did we spend yesterday, and which jobs failed today?')});
is(sql("SELECT engine FROM dbinsight.chat_messages WHERE id = '$team'"), 'model', 'a language model answers');
sql("SELECT dbinsight.export_trace('$team')");
is(deliver_all(), 'all', 'its trace is delivered');

# ---- a workspace of Databricks, whose API is the same

sql(qq{CREATE SERVER workspace FOREIGN DATA WRAPPER databricks OPTIONS (host '${\$between->url}');
	CREATE USER MAPPING FOR CURRENT_USER SERVER workspace OPTIONS (token 'dapi0123456789abcdef');
	CREATE SERVER mosaic FOREIGN DATA WRAPPER dbinsight_mlflow OPTIONS (server 'workspace', experiment '/Shared/answers')});
sql(q{SELECT dbinsight.log_run(NULL, 'workspace', '{"a": 1}', '{"m": 1}', server => 'mosaic')});
is(deliver_all(), 'all', 'a run goes to a workspace');
is_deeply([ map { $_->{headers}{authorization} } grep { $_->{body} =~ m{/Shared/answers} } $between->requests('experiments/create') ], ['Bearer dapi0123456789abcdef'], 'with its token');
my (undef, undef, $refused) = $node->psql('postgres', "SELECT dbinsight.export_trace('$team', 'mosaic')");
like($refused, qr/traces are not sent to a workspace of Databricks/, 'a trace does not');

# ---- what MLflow has of it

my $has = read_back($open);
my %runs = %{ $has->{runs} };
is(join(' ', map { "$_:" . @{ $runs{$_} } } sort keys %runs), 'down:1 k1:1 k2:1 k3:1 k4:1 k5:1 large:1 lost:1 reset:1 restored:1 small:1 workspace:1', 'each run once');
is($runs{workspace}[0]{experiment}, '/Shared/answers', 'also that of the workspace');
my $small = $runs{small}[0];
is($small->{experiment}, "\x{dc}bung & mehr/1", 'in its experiment');
is_deeply([ @$small{qw(status params)} ], [ 'FINISHED', { depth => '6', kind => "b\x{e4}ume" } ], 'its params');
is_deeply($small->{metrics}{loss}, [ [ 0, 0.9 ], [ 1, 0.5 ], [ 2, 0.25 ] ], 'metrics with their steps');
is($small->{metrics}{bad}[0][1], 'NaN', 'also one that is no number');
is($small->{tags}{team}, 'data', 'tags');
is($small->{id}, sql(q{SELECT response ->> 'run_id' FROM dbinsight.outbox WHERE payload ->> 'name' = 'small'}), 'its id is in the outbox');
cmp_ok(abs($small->{seconds} - 90), '<', 1, 'its times');
my $large = $runs{large}[0];
is_deeply([ $large->{status}, $large->{experiment}, scalar(keys %{ $large->{params} }), scalar(@{ $large->{metrics}{loss} }), $large->{tags}{t120} ],
	[ 'FAILED', 'answers', 230, 2300, '120' ], 'a large one is whole');
is_deeply($runs{lost}[0]{metrics}{m}, [ [ 0, 1 ], [ 1, 2 ] ], 'what was sent twice is there once');

my $spans = sql(qq{SELECT string_agg(s.name || ' ' || (s.attributes ->> 'mlflow.spanType') || ' ' || coalesce(s.parent_span_id, '-'), ',' ORDER BY s.name COLLATE "C", s.span_id) FROM dbinsight.spans s WHERE s.message_id = '$answer'});
my $trace = $has->{traces}{ 'tr-' . $answer =~ s/-//gr };
is(join(',', sort map { join ' ', @$_[ 0, 1 ], $_->[2] // '-' } @{ $trace->{spans} }), join(',', sort split /,/, $spans), 'a trace has its spans, once');
is_deeply([ @$trace{qw(experiment state)} ], [ 'answers', 'OK' ], 'and is in its experiment');
is($trace->{metadata}{'mlflow.trace.session'}, sql(qq{SELECT conversation_id FROM dbinsight.chat_messages WHERE id = '$answer'}), 'with its conversation');
ok(!grep({ defined } map { $_->[4] } @{ $trace->{spans} }) && !defined $trace->{preview}, 'and tells no content');
$trace = $has->{traces}{ 'tr-' . $told =~ s/-//gr };
like($trace->{preview}, qr/^Which jobs failed\? Bearer \[redacted\]$/, 'with dbinsight.mlflow_content it tells it, without secrets');
is($trace->{spans}[0][4], 'Which jobs failed? Bearer [redacted]', 'in its spans too');

$trace = $has->{traces}{ 'tr-' . $team =~ s/-//gr };
my %types;
push @{ $types{ $_->[1] } }, $_->[0] for @{ $trace->{spans} };
is(join(', ', map { "$_ " . @{ $types{$_} } } sort keys %types), 'AGENT 2, CHAIN 1, CHAT_MODEL 5, PARSER 1, TOOL 2', 'a team has a span for each agent, request and tool');
is(join(', ', sort @{ $types{AGENT} }), 'invoke_agent cost, invoke_agent performance', 'its agents');

# ---- behind a password

ok(is_up($closed), 'a server with passwords') or diag(PostgreSQL::Test::Utils::slurp_file("$folder/closed/log"));
sql(q{SELECT dbinsight.log_run(NULL, 'secret', NULL, '{"m": 1}', server => 'closed'); CALL dbinsight.deliver_due()});
is(sql(q{SELECT state, last_sqlstate FROM dbinsight.outbox WHERE destination = 'closed'}), 'failed|28000', 'refuses who has none');
sql(q{CREATE USER MAPPING FOR CURRENT_USER SERVER closed OPTIONS (username 'admin', password 'a wrong password'); UPDATE dbinsight.outbox_destinations SET not_before = now();
	UPDATE dbinsight.outbox SET next_attempt_at = now() WHERE state = 'failed'; CALL dbinsight.deliver_due()});
is(sql(q{SELECT state, last_sqlstate FROM dbinsight.outbox WHERE destination = 'closed'}), 'failed|28000', 'or a wrong one');
sql(q{ALTER USER MAPPING FOR CURRENT_USER SERVER closed OPTIONS (SET password 'a long password')});
sql(qq{SELECT dbinsight.export_trace('$answer', 'closed')});
is(deliver_all(), 'all', 'and takes what comes with the right one');
$has = read_back($closed, MLFLOW_TRACKING_USERNAME => 'admin', MLFLOW_TRACKING_PASSWORD => 'a long password');
is_deeply([ scalar @{ $has->{runs}{secret} }, scalar keys %{ $has->{traces} } ], [ 1, 1 ], 'a run and a trace');
unlike(sql('SELECT * FROM dbinsight.outbox') . PostgreSQL::Test::Utils::slurp_file($node->logfile) =~ s/^.*STATEMENT:.*$//mgr, qr/a long password|a wrong password|Bearer abcd/,
	'no secret is in a row or in the log');

$between->stop;
$node->stop;
done_testing();
