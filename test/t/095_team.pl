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

done_testing();
