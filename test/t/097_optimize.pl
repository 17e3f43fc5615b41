# optimize_prompt(): what helps becomes active, what does not does not; nothing of the account is in a worked example.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Utils;
use Test::More;
use Team;

my $team = Team->new('main');
my $emulator = $team->emulator;
my @CALL = (calls => [ { name => 'get_meals', arguments => {} } ]);
my $GOOD = 'The giraffe ate for [[r1.1.cost_usd]], the zebra for [[r1.2.cost_usd]]: [[r1.total.cost_usd]] in all.';

sub sql { return $team->node->safe_psql('postgres', "SET client_min_messages = warning; $_[0]") }
sub says { my ($text, @more) = @_; return { @more, rounds => [ {@CALL}, { text => $text } ] } }
sub optimize { return sql("SELECT version, round(score::numeric, 2), round(baseline::numeric, 2), round(standard_error::numeric, 2), activated, trials > 0 FROM dbinsight.optimize_prompt($_[0])") }

# Questions that the agent zoo is known to answer with get_meals; they stand before those that shipped.
sql(q{INSERT INTO dbinsight.intent_examples (agent, tool, example)
	SELECT 'zoo', 'get_meals', format('Which meals %s the animals eat%s?', v, w) FROM unnest('{did,do,could,may,must,will,should}'::text[]) v, unnest(ARRAY['', ' and when', ' with keepers', ', by keeper', ', by animal']) w});

# ---- nothing helps: every prompt is answered equally well

$team->script(says($GOOD));
is(optimize(q{'agent', 'accuracy', 150}), '1|1.00|1.00|0.00|f|t', 'what is as good as before does not become active');
is(sql("SELECT string_agg(version || ':' || active, ' ') FROM dbinsight.prompts WHERE name = 'agent'"), '1:true', 'the version stays, no draft is left');
my $requests = scalar($team->requests);
cmp_ok($requests, '<=', 150, "within the budget ($requests requests)");
is(sql('SELECT count(*) FROM dbinsight.chat_conversations'), '0', 'its conversations are not kept');
is(sql("SELECT count(*) FROM dbinsight.llm_usage"), $requests, 'but what it used is');
my ($demo, $demos) = split /\|/, sql(q{SELECT jsonb_path_query_first(scores, '$[*].demo.answer') #>> '{}', (SELECT count(*) FROM jsonb_path_query(scores, '$[*].demo.answer')) FROM dbinsight.prompt_trials WHERE trial = 0});
is($demo, 'The [[r1.1.animal]] ate for [[r1.1.cost_usd]], the [[r1.2.animal]] for [[r1.2.cost_usd]]: [[r1.total.cost_usd]] in all.', 'a worked example refers to cells');
cmp_ok($demos, '>', 3, 'and is had of every good answer');
my ($tried) = sql("SELECT right(instructions, 30) FROM dbinsight.prompt_trials WHERE origin IN ('parts', 'first sentence', 'short', 'step', 'doubt') ORDER BY trial LIMIT 1");

# ---- one helps: without it the model invents

sql('DELETE FROM dbinsight.prompt_trials');    # so that the same candidates are tried again
$team->script(says($GOOD, system => quotemeta $tried), says('The giraffe ate for $99.99.'));
is(optimize(q{'agent', 'accuracy', 150}), '2|1.00|0.00|0.00|t|t', 'what helps becomes active');
like(sql("SELECT instructions FROM dbinsight.prompts WHERE name = 'agent' AND active"), qr/\Q$tried\E/, 'with the words that helped');
is(sql("SELECT metrics ->> 'score', metrics ->> 'metric' FROM dbinsight.prompts WHERE name = 'agent' AND active"), '1|accuracy', 'and what was measured');
is($team->chat('Which meals did the animals eat?')->{engine}, 'model', 'and is used');
is(sql("SELECT bool_and((s ->> 'held_out')::boolean = (s ->> 'question' IN (SELECT question FROM dbinsight._trial_questions('agent', 'accuracy', 18) WHERE held_out))) FROM dbinsight.prompt_trials, jsonb_array_elements(scores) s"), 't', 'what was held out was not searched with');

# ---- what cannot be

my $tell = sub { my (undef, undef, $err) = $team->node->psql('postgres', $_[0]); return $err };
like($tell->("SELECT * FROM dbinsight.optimize_prompt('judge_clarity')"), qr/agent, synthesis|agent or synthesis/, 'a prompt that is not tried by asking');
like($tell->("SELECT * FROM dbinsight.optimize_prompt('agent', 'speed')"), qr/metric/, 'a metric that is none');
like($tell->("SELECT * FROM dbinsight.optimize_prompt('agent', 'overall', 3)"), qr/budget/, 'a budget that is too small');
like($tell->("SET dbinsight.llm_server = ''; SELECT * FROM dbinsight.optimize_prompt('agent')"), qr/no server is named/, 'no server');
like($tell->("SET ROLE ann; SELECT * FROM dbinsight.optimize_prompt('agent')"), qr/permission denied/, 'who is no admin');
$team->script({ status => 401 });
like($tell->("SELECT * FROM dbinsight.optimize_prompt('agent')"), qr/answered none of three questions/, 'a model that does not answer');
is(sql("SELECT string_agg(version || ':' || active, ' ' ORDER BY version) FROM dbinsight.prompts WHERE name = 'agent'"), '1:false 2:true', 'nothing has changed');

# ---- an admin who is no superuser

$team->node->safe_psql('postgres', 'CREATE ROLE boss LOGIN IN ROLE dbinsight_admin; GRANT USAGE ON SCHEMA zoo TO boss; GRANT SELECT ON zoo.animals TO boss; GRANT USAGE ON FOREIGN SERVER llm TO boss');
$team->script(says($GOOD));
is(sql("SET ROLE boss; SELECT activated FROM dbinsight.optimize_prompt('agent', 'tool', 60)"), 'f', 'an admin may');

$team->node->stop;
done_testing();
