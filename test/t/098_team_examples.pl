# The example questions that dbinsight was made for, answered by a competent model, and by one that is gone in mid-answer:
# the same calls as the embedded analyst's, everything grounded, and nothing of the answer missing.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;
use Team;

my @QUESTIONS = (
	'What caused the cost spike yesterday?', 'Show me the 30-day cost forecast', 'Which workspaces are over budget?', q(Compare this month's costs to last month),
	'Show me high-severity security events from today', 'Has user@company.com accessed PII recently?', 'Were there any failed auth attempts overnight?',
	'What permission changes happened this week?', 'Why did nightly_etl fail?', 'Which jobs are at risk of failure?', 'Show me the slowest queries today',
	q(What's causing the bottleneck in production?), q(What's our uptime for production this month?), 'Show me SLA breaches in the past week',
	'Summarize incidents from yesterday', 'Is there a pattern to our outages?', 'What data quality issues exist?', 'Which tables are stale?',
	'Show me DLT expectation failures', 'Has the data distribution changed?', 'How is the job_failure_predictor performing?',
	'Has the cost_anomaly_detector drifted?', 'When was the last model retraining?', 'Show me inference latency for all models',
	'Show me the lineage for fact_usage', 'Who has access to sensitive tables?', 'Generate a GDPR compliance report', 'Which tables are missing descriptions?',
	'Which external IPs connected this week?', 'Where are the network bottlenecks?', 'Show me the top cost drivers and any security issues from yesterday',
	'Why are costs high and jobs failing?');

my $team = Team->new('main');
my $node = $team->node;

# answers(table, server): question => row of chat(), with engine, reason and what the referee objects to; one session, a conversation each
sub answers
{
	my ($table, $server) = @_;
	my $list = join(', ', map { '$q$' . $_ . '$q$' } @QUESTIONS);
	$node->safe_psql('postgres', "SET dbinsight.llm_server = '$server'; SET client_min_messages = warning;
		CREATE TABLE $table AS SELECT q.question, c.* FROM unnest(ARRAY[$list]) q(question), LATERAL dbinsight.chat(q.question) c;");
	return map { $_->{question} => $_ } map { decode_json($_) } split /\n/, $node->safe_psql('postgres', "SELECT to_jsonb(t) || jsonb_build_object('engine', m.engine, 'reason', m.reason,
		'objections', (SELECT coalesce(jsonb_agg(jsonb_build_array(g.span, g.reason)), '[]') FROM dbinsight.grounding(m.id) g WHERE NOT g.supported))
		FROM $table t JOIN dbinsight.chat_messages m ON m.id = t.message_id");
}

sub words { my ($content) = @_; return $content =~ s/\n\n---\n.*//sr }

# The calls, each once, in any order; those that follow from what others find are the embedded analyst's own.
sub calls
{
	my ($row) = @_;
	my $json = JSON::PP->new->canonical;
	my %calls = map { ("$_->{tool} " . $json->encode($_->{arguments}) => 1) } grep { $_->{role} ne 'if_unhealthy' } @{ $row->{tool_calls} };
	return [ sort keys %calls ];
}

$team->script();
my %embedded = answers('embedded', '');
is(scalar(keys %embedded), scalar(@QUESTIONS), 'the embedded analyst answers all questions');
my %model = answers('by_model', 'llm');
my $asked = grep { ($model{$_}{engine} // '') eq 'model' } @QUESTIONS;
cmp_ok($asked, '>=', 0.9 * grep({ defined $model{$_}{engine} } @QUESTIONS), "a competent model answers them: $asked");
for my $question (@QUESTIONS)
{
	my ($row, $plain) = ($model{$question}, $embedded{$question});
	if (!defined $row->{engine}) # asked back, or answered without a call
	{
		is($row->{content}, $plain->{content}, "$question: no model is asked");
		next;
	}
	ok($row->{grounded} || ($row->{engine} eq 'embedded' && !$plain->{grounded}), "$question: grounded") or diag explain $row->{objections};
	my %made = map { $_ => 1 } @{ calls($row) };
	my %planned = map { $_ => 1 } @{ calls($plain) };
	# of one agent's proposals the model makes three at once
	is_deeply([ grep { !$planned{$_} } sort keys %made ], [], "$question: no call but the plan's");
	cmp_ok(scalar(keys %made), '>=', 1, "$question: looked up");
	like($row->{content}, qr/\n\*Sources:\* /, "$question: with its sources");
}

# ---- switched off in mid-answer

$team->script({ round => 0 }, { policy => 'competent', delay => 0.01, end => { how => 'cut', after => 6 } });
my %cut = answers('cut', 'llm');
for my $question (@QUESTIONS)
{
	my ($row, $plain) = ($cut{$question}, $embedded{$question});
	next if !defined $row->{engine};
	is($row->{engine}, 'embedded', "$question, cut: the embedded analyst goes on") or diag explain $row;
	like($row->{content}, qr/\Q@{[ words($plain->{content}) ]}\E/, "$question, cut: with its whole answer");
	ok($row->{grounded} || !$plain->{grounded}, "$question, cut: grounded") or diag explain $row->{objections};
}

done_testing();
