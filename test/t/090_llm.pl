# Language models over the wire: three dialects, what servers do to streams, retries, fallback, the breaker, secrets.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);
use Warehouse;

my $w = Warehouse->new('main');
my ($url, $key) = ($w->emulator->url, $w->emulator->model_key);
$w->sql(qq{
	CREATE SERVER openai FOREIGN DATA WRAPPER dbinsight_llm OPTIONS (provider 'openai', base_url '$url/v1', model 'big', fallback_model 'small',
		embedding_model 'embed', price_in '2', price_out '10');
	CREATE SERVER anthropic FOREIGN DATA WRAPPER dbinsight_llm OPTIONS (provider 'anthropic', base_url '$url', model 'claude', price_in '3', price_out '15');
	CREATE SERVER databricks FOREIGN DATA WRAPPER dbinsight_llm OPTIONS (provider 'databricks', server 'ws', model 'chat', embedding_model 'embed');
	CREATE SERVER principal FOREIGN DATA WRAPPER dbinsight_llm OPTIONS (provider 'databricks', server 'wso', model 'chat');
	CREATE USER MAPPING FOR CURRENT_USER SERVER openai OPTIONS (api_key '$key');
	CREATE USER MAPPING FOR CURRENT_USER SERVER anthropic OPTIONS (api_key '$key');
	INSERT INTO dbinsight.llm_prices VALUES ('openai', 'small', 1, 2, 0.5, NULL)});

my @tools = ({ name => 'get_jobs', description => 'Jobs.', schema => { type => 'object', properties => { days => { type => 'integer' } } } });
my $user = { role => 'user', content => 'How much did it cost?' };

# ask(server, request's members…): the answer, decoded; each in a session of its own, so that no breaker is open
sub ask
{
	my ($server, %request) = @_;
	my @settings = @{ delete $request{settings} // [] };
	$request{messages} //= [$user];
	my $request = JSON::PP->new->canonical->ascii->encode(\%request);
	my $out = $w->sql("SELECT dbinsight._llm_ask('$server', \$request\$$request\$request\$)", @settings);
	my $answer = eval { decode_json($out) } // { raised => $out };
	return $answer;
}

sub said
{
	my ($answer) = @_;
	return $answer->{raised} if defined $answer->{raised};
	return "$answer->{fault}{sqlstate} $answer->{fault}{message}" if $answer->{fault};
	return join('|', $answer->{text}, $answer->{finish}, map { "$_->{name} $_->{arguments}" } @{ $answer->{calls} });
}

# the requests that came for chat since this was called last
sub requests
{
	my @requests = grep { $_->{operation} eq 'chat' } $w->emulator->requests;
	$w->emulator->control('DELETE', 'requests');
	return @requests;
}

sub scripted
{
	my (%script) = @_;
	$w->emulator->control('DELETE', 'models');
	$w->emulator->model(%script);
	return;
}

my @servers = qw(openai anthropic databricks principal);

# ---- answers and calls

for my $server (@servers)
{
	scripted(text => "It cost \x{20ac} 12, \x{1f600} and no \"more\".\n", tokens => { prompt => 1000, completion => 100, cached => 400 });
	my $answer = ask($server);
	is(said($answer), "It cost \x{20ac} 12, \x{1f600} and no \"more\".\n|stop", "$server: a text");
	# Anthropic's input tokens leave the cached ones out
	is($answer->{usage}{prompt}, $server eq 'anthropic' ? 1400 : $server eq 'openai' ? 1000 : $answer->{usage}{prompt}, "$server: tokens of the prompt");
	ok($answer->{usage}{estimated} ? $server =~ /databricks|principal/ : 1, "$server: told, or estimated");

	scripted(calls => [ { name => 'get_jobs', arguments => { days => 7 }, id => 'a' }, { name => 'get_jobs', arguments => { days => 30 }, id => 'b' } ], text => 'Looking.');
	is(said(ask($server, tools => \@tools)), 'Looking.|tool_calls|get_jobs {"days": 7}|get_jobs {"days": 30}', "$server: two calls");

	my @round = ($user, { role => 'assistant', calls => [ map { { id => $_, name => 'get_jobs', arguments => '{"days": 7}' } } 'a', 'b' ] },
		map { { role => 'tool', call_id => $_, content => '{"rows": [[1]]}' } } 'a', 'b');
	scripted(text => 'Done.', results => 2);
	is(said(ask($server, tools => \@tools, messages => \@round)), 'Done.|stop', "$server: the results of both");
	is(said(ask($server, messages => \@round)), 'Done.|stop', "$server: tools withdrawn");
	is(said(ask($server, tools => \@tools, tool_choice => 'none', messages => \@round)), 'Done.|stop', "$server: tools forbidden");

	scripted($server eq 'anthropic' ? (calls => [ { name => 'judge', arguments => { verdict => 'yes' } } ], text => 'Well:') : (text => '{"verdict": "yes"}'));
	my $schema = { type => 'object', properties => { verdict => { type => 'string' } }, required => ['verdict'], additionalProperties => JSON::PP::false };
	my $json = ask($server, schema_name => 'judge', schema => $schema);
	is(said($json), '{"verdict": "yes"}|stop', "$server: JSON output, and no call");

	scripted(refusal => 'I will not.');
	is(said(ask($server)), 'I will not.|refusal', "$server: a refusal");
}
scripted(text => 'x', tokens => { prompt => 1000, completion => 100, cached => 400 });
is(ask('openai')->{usd}, 1000 * 2 / 1e6 + 100 * 10 / 1e6, 'cost by the options');
is(ask('openai', model => 'small')->{usd}, 600 * 1 / 1e6 + 400 * 0.5 / 1e6 + 100 * 2 / 1e6, 'cost by llm_prices');
is(ask('anthropic')->{usd}, 1400 * 3 / 1e6 + 100 * 15 / 1e6, 'cost at Anthropic');

# ---- what the wire does

my @calls = ({ name => 'get_jobs', arguments => { days => 7 }, id => 'a' }, { name => 'get_cost', arguments => '', id => 'b' });
my $both = "Gr\x{fc}\x{df}e \x{20ac}|tool_calls|get_jobs {\"days\": 7}|get_cost {}";
for my $wire ({ newline => "\r\n" }, { newline => "\r" }, { comments => 1 }, { fields => 1 }, { no_space => 1 }, { empty_choices => 1 }, { no_done => 1 }, { no_blank => 1 })
{
	my ($kind) = keys %$wire;
	for my $server (qw(openai anthropic))
	{
		scripted(text => "Gr\x{fc}\x{df}e \x{20ac}", calls => \@calls, wire => $wire);
		is(said(ask($server, tools => \@tools)), $both, "$server: $kind " . ($kind eq 'newline' ? unpack('H*', $wire->{newline}) : ''));
	}
}
for my $server (qw(openai anthropic databricks))
{
	scripted(text => "Gr\x{fc}\x{df}e \x{20ac}", calls => \@calls, bytes => 1);
	is(said(ask($server, tools => \@tools)), $both, "$server: a byte at a time");
	scripted(text => 'ab', pieces => 1, calls => \@calls, arguments => 1);
	is(said(ask($server, tools => \@tools)), 'ab|tool_calls|get_jobs {"days": 7}|get_cost {}', "$server: a character a piece");
}
for my $deltas ('index', 'no index', 'interleaved', 'whole', 'whole no index', 'together')
{
	scripted(text => 't', calls => \@calls, deltas => $deltas);
	is(said(ask('openai', tools => \@tools)), 't|tool_calls|get_jobs {"days": 7}|get_cost {}', "deltas: $deltas");
}
for my $content ('parts', 'top delta')
{
	scripted(text => 'one two', reasoning => 'hm', content => $content);
	is(said(ask('databricks')), 'one two|stop', "content: $content");
}
for my $usage ('last', 'every', 'none')
{
	scripted(text => 'one two three', usage => $usage, tokens => { prompt => 50, completion => 7 });
	my $answer = ask('databricks');
	is("$answer->{usage}{prompt} $answer->{usage}{completion}", '50 7', "usage: $usage") unless $usage eq 'none';
	ok($answer->{usage}{estimated} && $answer->{usage}{prompt} > 0 && $answer->{usage}{completion} > 0, 'usage: estimated') if $usage eq 'none';
}
scripted(text => 'x', calls => [ { name => 'get_jobs', arguments => {}, extra => { thought_signature => 'abc' } } ]);
my $signed = ask('openai', tools => \@tools)->{calls}[0];
is($signed->{extra}{thought_signature}, 'abc', 'unknown members of a call are kept');
requests();
scripted(text => 'x');
ask('openai', messages => [ $user, { role => 'assistant', calls => [$signed] }, { role => 'tool', call_id => $signed->{id}, content => 'ok' } ]);
is(decode_json((requests())[0]{body})->{messages}[1]{tool_calls}[0]{thought_signature}, 'abc', 'and sent back');
scripted(text => 'Done.', reasoning => 'think', calls => [ $calls[0] ]);
my $thought = ask('anthropic', tools => \@tools);
like($thought->{raw}, qr/"thinking":"think","signature":"c2lnbmVk"/, 'thinking is kept');
requests();
ask('anthropic', tools => \@tools, messages => [ $user, { role => 'assistant', raw => $thought->{raw}, calls => $thought->{calls} }, { role => 'tool', call_id => 'a', content => 'ok' } ]);
is(decode_json((requests())[0]{body})->{messages}[1]{content}[0]{signature}, 'c2lnbmVk', 'and replayed with its signature');
for my $bad ('{"days": ', '[1]', 'nonsense', '"x"')
{
	scripted(text => '', calls => [ { name => 'get_jobs', arguments => $bad, id => 'a' } ]);
	is(said(ask('openai', tools => \@tools)), "|tool_calls|get_jobs $bad", "arguments as they are: $bad");
	scripted(text => 'ok');
	requests();
	ask('openai', messages => [ $user, { role => 'assistant', calls => [ { id => 'a', name => 'get jobs!', arguments => $bad } ] }, { role => 'tool', call_id => 'a', content => 'no' } ]);
	my $replayed = decode_json((requests())[0]{body})->{messages}[1]{tool_calls}[0]{function};
	is("$replayed->{name} $replayed->{arguments}", 'get_jobs_ {}', 'and replayed as something that can be read');
}
scripted(body => '{"id": "x", "choices": [{"index": 0, "message": {"role": "assistant", "content": "whole"}, "finish_reason": "stop"}], "usage": {"prompt_tokens": "5", "completion_tokens": 2.0}}');
is(said(ask('openai')), 'whole|stop', 'a whole body although a stream was asked for');
scripted(text => 'cut', finish => 'length');
is(said(ask($_)), 'cut|length', "$_: cut by max_tokens") for qw(openai anthropic);

# ---- streams that break

my %ends = (error => qr/^38000 .*|^53400 .*/, garbage => qr/^08P01 .*not understood/, cut => qr/^080/, reset => qr/^080/);
for my $server (qw(openai anthropic))
{
	for my $how (sort keys %ends)
	{
		scripted(text => 'one two three four', end => { how => $how, after => 4 }, wire => { no_done => 1 });
		my $answer = ask($server);
		like(said($answer), $ends{$how}, "$server: $how in mid-stream");
		like($answer->{text}, qr/^one/, "$server: what came before $how is kept");
		is($answer->{tries}, 1, "$server: not asked again after $how");
	}
	scripted(text => 'one two three four', end => { how => 'hang', after => 4 });
	my $start = time;
	my $answer = ask($server, timeout_ms => 700);
	like(said($answer), qr/^57014 .*timeout_ms passed/, "$server: a hang ends with the deadline");
	ok(time - $start < 5, "$server: in time");
	scripted(text => 'one two three four', end => { how => 'hang', after => 4 });
	like(said(ask($server, settings => ['dbinsight.request_timeout = 500'])), qr/^57014 .*no answer within/, "$server: silence ends it");
}
scripted(text => 'one', end => { how => 'error', after => 1, error => { error => { message => "quota of sk-emulated-0123456789abcdef", type => 'insufficient_quota' } } });
my $quota = ask('openai');
like(said($quota), qr/^53400 .*quota of \[redacted\]/, 'no secret in the words of a server');
ok(!$quota->{fault}{passing}, 'no quota is no passing failure');

# ---- refusals, and other members

for my $case ([401, '28000', 0], [403, '42501', 0], [404, '42704', 0], [422, '22023', 0], [413, '22023', 0])
{
	my ($status, $sqlstate, $passing) = @$case;
	for my $server (qw(openai anthropic databricks))
	{
		scripted(status => $status);
		my $answer = ask($server);
		like(said($answer), qr/^$sqlstate|^28000/, "$server: $status");
		is($answer->{tries}, 1, "$server: $status is not repeated");
	}
}
scripted(status => 400, error => { error => { message => "This model's maximum context length is 128000 tokens.", type => 'invalid_request_error', code => 'context_length_exceeded' } });
ok(ask('openai')->{fault}{context_length}, 'too long a conversation is known');
for my $case ([ "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.", 'max_tokens', 'max_completion_tokens' ],
	[ "Unrecognized request argument supplied: stream_options", 'stream_options', undef ],
	[ "Unsupported value: 'temperature' does not support 0.5 with this model.", 'temperature', undef ])
{
	my ($message, $gone, $new) = @$case;
	$w->emulator->control('DELETE', 'models');
	$w->emulator->model(text => 'fine');
	$w->emulator->model(times => 1, status => 400, error => { error => { message => $message, type => 'invalid_request_error', param => undef, code => 'unsupported_parameter' } });
	requests();
	is(said(ask('openai', temperature => 0.5)), 'fine|stop', "answered without $gone");
	my @bodies = map { decode_json($_->{body}) } requests();
	ok(exists $bodies[0]{$gone} && !exists $bodies[1]{$gone} && (!$new || exists $bodies[1]{$new}), "$gone was left out");
}
scripted(text => 'x');
requests();
ask('databricks');
ok(!exists decode_json((requests())[0]{body})->{stream_options}, 'Databricks is not asked for stream_options');

# ---- retries

sub tries_of
{
	my ($status, $headers, %more) = @_;
	$w->emulator->control('DELETE', 'models');
	$w->emulator->model(text => 'in the end');
	$w->emulator->model(times => exists $more{times} ? $more{times} : 1, status => $status, headers => $headers // {}, $more{error} ? (error => $more{error}) : ());
	my $start = time;
	my $answer = ask($more{server} // 'openai', model => 'lonely');
	return (said($answer), $answer->{tries}, time - $start);
}
for my $status (429, 408, 409, 500, 502, 503, 529)
{
	my ($said, $tries) = tries_of($status, { 'retry-after-ms' => '20' });
	is("$said $tries", 'in the end|stop 2', "$status is repeated");
}
{
	my ($said, $tries, $took) = tries_of(429, { 'Retry-After' => '1' });
	ok($tries == 2 && $took >= 1 && $took < 3, 'Retry-After is waited for');
	($said, $tries) = tries_of(500, { 'x-should-retry' => 'false' });
	is($tries, 2, 'x-should-retry: false is obeyed: the second request is the fallback\'s');
	($said, $tries) = tries_of(400, { 'x-should-retry' => 'true', 'retry-after-ms' => '20' });
	is("$said $tries", 'in the end|stop 2', 'x-should-retry: true too');
	($said, $tries) = tries_of(429, {}, error => { error => { message => 'You exceeded your current quota', type => 'insufficient_quota', code => 'insufficient_quota' } });
	like("$said $tries", qr/^53400 .* 1$/, 'insufficient_quota is not');
	($said, $tries) = tries_of(503, { 'retry-after-ms' => '20' }, times => undef, server => 'anthropic');
	like("$said $tries", qr/^38000 .* 3$/, 'at most twice');
}

# ---- the fallback model

scripted(model => 'small', text => 'small here', tokens => { prompt => 10, completion => 10 });
$w->emulator->model(model => 'big', status => 503, headers => { 'retry-after-ms' => '10' });
my $small = ask('openai');
is("$small->{text} $small->{model} $small->{tries}", 'small here small 4', 'the fallback model answers');
$w->emulator->model(model => 'big', text => 'one two three', end => { how => 'cut', after => 3 });
is(ask('openai')->{model}, 'big', 'not after something was said');
$w->emulator->model(model => 'big', status => 401);
is(ask('openai')->{model}, 'big', 'not for a key that is wrong');

# ---- the breaker, of one session

scripted(model => 'claude', status => 503, headers => { 'x-should-retry' => 'false' });
requests();
my $one = q{SELECT dbinsight._llm_ask('anthropic', '{"messages": [{"role": "user", "content": "x"}]}')::jsonb #>> '{fault,message}'};
my @faults = split /\n/, $w->sql(join(';', ($one) x 7));
is(scalar(grep { /HTTP 503/ } @faults), 5, 'five failures');
is(scalar(grep { /left alone for half a minute/ } @faults), 2, 'open it');
is(scalar(requests()), 5, 'and nobody is asked');
like($w->sql("$one;$one;$one;$one;$one; SELECT state, failures FROM dbinsight._llm_breakers()"), qr/open\|5$/, 'which is told');
my $states = $w->sql("$one;$one;$one;$one;$one; SELECT item, value, note FROM dbinsight.status() WHERE topic = 'model'");
like($states, qr/^claude \S+\|breaker open\|failures in a row: 5, opened 2.*, in this session; each has its own without preloading$/m, 'status() tells which models are left alone');
like($states, qr/^principal\|not asked\|databricks chat$/m, 'and which servers there are');
unlike($states, qr/\Q$key\E/, 'never a secret');

# ---- credentials

scripted(text => 'fine');
$w->emulator->credentials(revoke => JSON::PP::true);
is(said(ask('principal')), 'fine|stop', 'a principal\'s token');
my $twice = $w->sql(q{SELECT dbinsight._llm_ask('principal', '{"messages": [{"role": "user", "content": "x"}]}')::jsonb ->> 'text'; SELECT dbinsight._llm_ask('principal', '{"messages": [{"role": "user", "content": "x"}]}')::jsonb ->> 'text'});
is($twice, "fine\nfine", 'serves two requests');
$w->sql(q{CREATE ROLE ann LOGIN IN ROLE dbinsight_admin});
like($w->sql(q{SET ROLE ann; SELECT dbinsight._llm_ask('openai', '{}')}), qr/^42501: permission denied for foreign server openai/, 'USAGE is needed');
like($w->sql(q{GRANT USAGE ON FOREIGN SERVER openai TO ann; SET ROLE ann; SELECT dbinsight._llm_ask('openai', '{}')}), qr/^42704: user "ann" has no user mapping for server "openai".*CREATE USER MAPPING/s, 'and a mapping');
like($w->sql(q{GRANT USAGE ON FOREIGN SERVER databricks TO ann; SET ROLE ann; SELECT dbinsight._llm_ask('databricks', '{}')}), qr/^42501: permission denied for foreign server ws/, 'and USAGE on the workspace');
like($w->sql(q{SELECT dbinsight._llm_ask('nowhere', '{}')}), qr/^42704: language model server "nowhere" does not exist/, 'a server that is not there');
like($w->sql(q{SELECT dbinsight._llm_ask('ws', '{}')}), qr/^42809: server "ws" is not one of the wrapper dbinsight_llm/, 'a server of another kind');
my $log = PostgreSQL::Test::Utils::slurp_file($w->node->logfile);
unlike($log, qr/\Q$key\E|\Q${\$w->emulator->token}\E/, 'no key in the log');

# ---- cancel

scripted(text => 'late', latency => 60);
my $start = time;
like($w->sql($one =~ s/anthropic/openai/r, 'statement_timeout = 300'), qr/^57014: canceling statement/, 'cancel is heard');
ok(time - $start < 2, 'at once');

done_testing();
