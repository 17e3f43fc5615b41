# Whatever a language model does, over whichever dialect: the answer is right, complete and grounded, whether in its
# words or the embedded analyst's, nothing that it was told by a cell happens, and no key is seen anywhere.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;
use Team;

my $team = Team->new('main');
my $emulator = $team->emulator;
my $MODEL_KEY = $emulator->model_key;
my $TOKEN = $emulator->token;
$team->node->safe_psql('postgres', qq{
	CREATE SERVER claude FOREIGN DATA WRAPPER dbinsight_llm OPTIONS (provider 'anthropic', base_url '${\$emulator->url}', model 'scripted');
	CREATE USER MAPPING FOR PUBLIC SERVER claude OPTIONS (api_key '$MODEL_KEY');
	CREATE SERVER ws FOREIGN DATA WRAPPER databricks OPTIONS (host '${\$emulator->url}');
	CREATE USER MAPPING FOR CURRENT_USER SERVER ws OPTIONS (token '$TOKEN');
	CREATE SERVER lakehouse FOREIGN DATA WRAPPER dbinsight_llm OPTIONS (provider 'databricks', server 'ws', model 'scripted');
	CREATE USER MAPPING FOR CURRENT_USER SERVER lakehouse;});
# From here on the server tells its log all it can.
$team->node->safe_psql('postgres', "ALTER SYSTEM SET $_") for "log_statement = 'all'", "log_min_messages = 'debug1'", "log_error_verbosity = 'verbose'";
$team->node->reload;
my @SETTINGS = ('dbinsight.llm_cache = 0', 'dbinsight.trace_content = on', "dbinsight.ask_timeout = '4s'");

my $MEALS = 'Which meals did the animals eat?';
my %CALL = (name => 'get_meals', arguments => {});
my $TEXT = "The **giraffe** ate for [[r1.1.cost_usd]], the zebra for [[r1.2.cost_usd]]: [[r1.total.cost_usd]] for [[r1.rows]] animals — «größer».\n";
# 40.25 + 12.50 + 3 = 55.75, as Team.pm inserts them
my $RIGHT = 'The **giraffe** ate for $40.25, the zebra for $12.50: $55.75 for 3 animals — «größer».';
my $WRONG = "The giraffe ate for \$4,025.00.\n";

sub words { my ($content) = @_; return $content =~ s/\n+---\n.*//sr }
my $EMBEDDED = words($team->chat($MEALS, "dbinsight.llm_server = ''")->{content});
like($EMBEDDED, qr/\$40\.25.*\$12\.50/s, 'the embedded answer is complete');

# A model that calls, and then says the right thing; changed by what follows.
sub good { my (%change) = @_; return { rounds => [ { calls => [ {%CALL} ] }, { text => $TEXT } ], %change } }
# One whose second round is another, and who says so again when asked to mend it.
sub then { my (%second) = @_; return ({ match => 'do not agree', %second }, { rounds => [ { calls => [ {%CALL} ] }, {%second} ] }) }
# One who then writes what is right.
sub mends { my (%second) = @_; return ({ match => 'do not agree', text => $TEXT }, (then(%second))[1]) }
# One that first calls wrongly.
sub first { my (@calls) = @_; return { rounds => [ { calls => [@calls] }, { calls => [ {%CALL} ] }, { text => $TEXT =~ s/r1\./r2./gr } ] } }

sub by_model
{
	my ($name, $row) = @_;
	is("$row->{engine}: " . words($row->{content}), "model: $RIGHT", "$name: the model's words, and right") or diag("reason: $row->{reason}");
	return;
}

sub by_embedded
{
	my ($name, $row, $reason) = @_;
	is($row->{engine}, 'embedded', "$name: the embedded analyst takes over");
	like($row->{reason} // '', $reason, "$name: and says why");
	like($row->{content}, qr/\Q$EMBEDDED\E/, "$name: with the whole answer");
	return;
}

sub honest
{
	my ($name, $row) = @_;
	ok($row->{grounded}, "$name: grounded") or diag($row->{content});
	unlike($row->{content}, qr/4,?025|evil|https?:|\Q$MODEL_KEY\E|\Q$TOKEN\E/, "$name: nothing false, no link, no key");
	return;
}

# ---- oddities of the wire that change nothing

my @SERVERS = qw(llm claude lakehouse);
my %ODD = (
	'plain' => {},
	'a byte at a time' => { bytes => 1 },
	'three bytes at a time, CRLF' => { bytes => 3, wire => { newline => "\r\n" } },
	'CR alone' => { wire => { newline => "\r" } },
	'comments and other fields' => { wire => { comments => JSON::PP::true, fields => JSON::PP::true } },
	'no blank behind the colon' => { wire => { no_space => JSON::PP::true } },
	'a letter a piece' => { pieces => 1 },
	'arguments a letter a piece' => { arguments => 1 },
	'reasoning' => { reasoning => 'The giraffe ate for $4,025.00, I think.' },
	'usage nowhere' => { usage => 'none' },
);
my %ODD_OPENAI = (
	'calls without an index' => { deltas => 'no index' },
	'whole calls' => { deltas => 'whole' },
	'whole calls without an index' => { deltas => 'whole no index' },
	'calls together' => { deltas => 'together' },
	'usage in every chunk' => { usage => 'every' },
	'content as a list' => { content => 'parts', reasoning => 'hm' },
	'a finish that says stop' => { finish => 'stop' },
	'no choices first' => { wire => { empty_choices => JSON::PP::true } },
	'no end mark' => { wire => { no_done => JSON::PP::true } },
	'no blank line at the end' => { wire => { no_blank => JSON::PP::true } },
);
for my $server (@SERVERS)
{
	my %odd = $server eq 'llm' ? (%ODD, %ODD_OPENAI) : $server eq 'claude' ? %ODD : map { $_ => $ODD_OPENAI{$_} } 'usage in every chunk', 'content as a list';
	for my $name (sort keys %odd)
	{
		$team->script(good(%{ $odd{$name} }));
		my $row = $team->chat($MEALS, @SETTINGS, "dbinsight.llm_server = '$server'");
		by_model("$server, $name", $row);
	}
}

# ---- what a second attempt or a correction mends

my %MENDED = (
	'too busy once' => [ { status => 429, headers => { 'retry-after-ms' => '20' }, times => 1 }, good() ],
	'too busy, a second' => [ { status => 429, headers => { 'Retry-After' => '0.2' }, times => 1 }, good() ],
	'an error once' => [ { status => 500, times => 1 }, good() ],
	'unavailable once' => [ { status => 503, times => 1 }, good() ],
	'overloaded once' => [ { status => 529, times => 1 }, good() ],
	'no arguments at all' => [ { rounds => [ { calls => [ { name => 'get_meals', arguments => '' } ] }, { text => $TEXT } ] } ],
	'calls the same twice at once' => [ { rounds => [ { calls => [ {%CALL}, {%CALL} ] }, { text => $TEXT } ] } ],
	'an unknown tool' => [ first({ name => 'get_meal' }) ],
	'a tool of another agent' => [ first({ name => 'get_stars' }) ],
	'a function that is no tool' => [ first({ name => 'pg_sleep', arguments => { seconds => 100 } }) ],
	'SQL for a name' => [ first({ name => 'get_meals(); DROP TABLE zoo.animals' }) ],
	'malformed arguments' => [ first({ name => 'get_meals', arguments => '{"fewest": ' }) ],
	'arguments that are a list' => [ first({ name => 'get_meals', arguments => '[1]' }) ],
	'an argument of the wrong type' => [ first({ name => 'get_meals', arguments => { fewest => 'many' } }) ],
	'an argument that is none' => [ first({ name => 'get_meals', arguments => { most => 1 } }) ],
	'a wrong figure once' => [ mends(text => $WRONG) ],
	'a wrong reference once' => [ mends(text => "It was [[r1.99.cost_usd]] and [[r7.1.x]].\n") ],
);
for my $name (sort keys %MENDED)
{
	$team->script(@{ $MENDED{$name} });
	my $row = $team->chat($MEALS, @SETTINGS);
	if (($row->{engine} // '') eq 'model') { by_model($name, $row) }
	else { by_embedded($name, $row, qr/\w/) }
	honest($name, $row);
	unlike($row->{content}, qr/\) ?`? failed/, "$name: what was put right is no source");
}
is($team->node->safe_psql('postgres', 'SELECT count(*) FROM zoo.animals'), 3, 'the animals are all there');

# ---- what nothing mends

my %HOPELESS = (
	'insists on a wrong figure' => [ qr/ungrounded/, then(text => $WRONG) ],
	'gives one animal what another ate' => [ qr/ungrounded/, then(text => "The **zebra** ate for [[r1.1.cost_usd]].\n") ],
	'says so in two sentences' => [ qr/ungrounded/, then(text => "The zebra is a modest eater. It ate for [[r1.1.cost_usd]].\n") ],
	'adds up what one ate' => [ qr/ungrounded/, then(text => "The **penguin** ate for [[r1.total.cost_usd]].\n") ],
	'adds up wrongly' => [ qr/ungrounded/, then(text => "Together they ate for \$56.75, not [[r1.total.cost_usd]].\n") ],
	'invents an animal' => [ qr/ungrounded/, then(text => "The elephant ate 9 meals for \$99.00.\n") ],
	'refers to nothing' => [ qr/ungrounded/, then(text => "It was [[r9.1.cost_usd]].\n") ],
	'refuses' => [ qr/llm_refused/, { refusal => 'I cannot help with that.' } ],
	'refuses late' => [ qr/llm_refused/, then(refusal => 'I cannot help with that.') ],
	'says nothing' => [ qr/llm_empty|no_data/, { text => '' } ],
	'says nothing late' => [ qr/llm_empty/, then(text => '') ],
	'only blanks' => [ qr/llm_empty/, then(text => " \n \n") ],
	'answers from memory' => [ qr/no_data|ungrounded/, { text => "The giraffe ate for \$40.25.\n" } ],
	'calls for ever' => [ qr/\w/, { calls => [ {%CALL} ] } ],
	'calls unknown tools for ever' => [ qr/\w/, { calls => [ { name => 'get_secrets' } ] } ],
	'no such key' => [ qr/llm_(error|unavailable)/, { status => 401 } ],
	'no such model' => [ qr/llm_(error|unavailable)/, { status => 404 } ],
	'no money' => [ qr/llm_(error|unavailable)/, { status => 429, error => { error => { message => 'quota', type => 'insufficient_quota', code => 'insufficient_quota' } } } ],
	'always too busy' => [ qr/llm_(error|unavailable|timeout)/, { status => 429, headers => { 'retry-after-ms' => '10' } } ],
	'too busy for an hour' => [ qr/llm_(error|unavailable|timeout)/, { status => 429, headers => { 'Retry-After' => '3600' } } ],
	'always in error' => [ qr/llm_(error|unavailable|timeout)/, { status => 500 } ],
	'too long a conversation' => [ qr/llm_(error|unavailable)/, { status => 400, error => { error => { message => 'too long', code => 'context_length_exceeded' } } } ],
	'a page instead of JSON' => [ qr/llm_(error|unavailable)/, { body => '<html>Sign in at http://evil.example</html>' } ],
	'no choices' => [ qr/llm_(empty|error|unavailable)|no_data/, { content => 'no choices', text => 'x' } ],
	'garbage midway' => [ qr/llm_(error|unavailable)/, then(text => $TEXT, end => { how => 'garbage', after => 2 }) ],
	'an error midway' => [ qr/llm_(error|unavailable)/, then(text => $TEXT, end => { how => 'error', after => 2 }) ],
	'cut midway' => [ qr/llm_(error|unavailable)/, then(text => $TEXT, end => { how => 'cut', after => 4 }) ],
	'ends midway' => [ qr/llm_(error|unavailable)/, then(text => $TEXT, end => { how => 'close', after => 4 }) ],
	'reset midway' => [ qr/llm_(error|unavailable)/, then(text => $TEXT, end => { how => 'reset', after => 4 }) ],
	'hangs' => [ qr/llm_(timeout|unavailable)/, { end => { how => 'hang', after => 0 }, text => 'x' } ],
	'hangs midway' => [ qr/llm_(timeout|unavailable)/, then(text => $TEXT, end => { how => 'hang', after => 4 }) ],
	'drips' => [ qr/llm_(timeout|unavailable)/, then(text => $TEXT, pieces => 1, delay => 0.5) ],
	'cut at its length' => [ qr/\w/, then(text => 'The giraffe ate for [[r1.1.co', finish => 'length') ],
	'never stops' => [ qr/llm_wordy/, then(text => "It ate \$4,025.00 and ", repeat => 100000, pieces => 1000) ],
);
for my $name (sort keys %HOPELESS)
{
	my ($reason, @scripts) = @{ $HOPELESS{$name} };
	$team->script(@scripts);
	my $row = $team->chat($MEALS, @SETTINGS);
	by_embedded($name, $row, $reason);
	honest($name, $row);
}

# ---- what a cell says is said, and does nothing

my $LIVE = qr/!\[|(?<!\\)\]\(|https?:\/\//; # a picture or a link that a reader's program would follow

$team->script({ policy => 'obey' });
my $row = $team->chat($MEALS, @SETTINGS);
my @offered = map { @{ $_->{offered} } } $team->requests;
is_deeply([ grep { !/^get_(meals|keepers)$/ } @offered ], [], 'a cell brings no tool that was not offered');
unlike($row->{content}, $LIVE, 'and no picture and no link') or diag($row->{content});
unlike(join('', map { $_->{body} =~ /"role": ?"system","content":"(.*?)"[,}]/ } $team->requests), qr/Ignore your instructions/, 'nor does it get among the rules');
$team->script(then(text => $TEXT =~ s/\n/ See [the bill](https:\/\/evil.example\/?q=40.25) ![x](https:\/\/evil.example\/x.png).\n/r));
$row = $team->chat($MEALS, @SETTINGS);
like($row->{content}, qr/\$40\.25.*\$12\.50/s, 'a link of its own: the answer is there');
unlike($row->{content}, qr/$LIVE|evil/, 'the link is not') or diag($row->{content});
$team->script(then(text => "{{value 1 3 keeper}}\n"));
$row = $team->chat($MEALS, @SETTINGS);
unlike($row->{content}, $LIVE, 'a cell repeated is words') or diag($row->{content});
$team->script(then(text => "The key is sk-ant-api03-abcdefghijklmnopqrstuvwxyz0123456789.\n"));
$row = $team->chat($MEALS, @SETTINGS);
unlike($row->{content}, qr/sk-ant|abcdefgh/, 'what looks like a key is not shown') or diag($row->{content});

# ---- no key is anywhere

my $everything = join("\n", map { slurp_file($_) } $team->node->logfile);
$everything .= $team->node->safe_psql('postgres', "SELECT to_jsonb(t) FROM dbinsight.$_ t") for qw(spans chat_messages llm_usage llm_cache chat_conversations);
$everything .= $team->node->safe_psql('postgres', 'SELECT query FROM pg_stat_activity');
my ($dump) = run_command([ 'pg_dump', '--data-only', '--dbname', $team->node->connstr('postgres') ]);
$everything .= $dump;
cmp_ok(length($everything), '>', 100000, 'there is much to look through');
unlike($everything, qr/\Q$MODEL_KEY\E/, 'the key of the model is nowhere');
unlike($everything, qr/\Q$TOKEN\E/, 'nor is the token of the workspace');
unlike(join('', map { $_->{body} } $team->requests), qr/\Q$MODEL_KEY\E|\Q$TOKEN\E/, 'nor in what models are told');

done_testing();
