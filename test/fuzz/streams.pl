# streams.pl: answers of language models as bytes that a broken or hostile server might send, until the time is up.
# Mutants of well-formed streams, cut into pieces at random, are read by _llm_read(). Whatever comes, reading must not
# raise, must give the same for all pieces, in one line of valid JSON (a made-up id aside), and soon.
use strict;
use warnings;
use Getopt::Long;

my %opt = (psql => 'psql', seed => 1, time => 300, batch => 200, connstr => 'dbname=postgres');
GetOptions(\%opt, 'psql=s', 'seed=i', 'time=i', 'batch=i', 'connstr=s', 'dir=s', 'target=s', 'keep=s') or die "usage: streams.pl --dir FOLDER\n";
srand($opt{seed});

sub pick { return $_[ int(rand(@_)) ] }
sub chance { return rand() < $_[0] }

sub events { return join('', map { "data: $_\n\n" } @_) }

my %known = (
	openai => [
		events('{"id":"c1","choices":[{"index":0,"delta":{"role":"assistant","content":""}}],"usage":null}', '{"choices":[{"index":0,"delta":{"content":"Gr\u00fc\u00dfe \ud83d\ude00"}}]}',
			"{\"choices\":[{\"delta\":{\"content\":\"\xe2\x82\xac 12\"},\"finish_reason\":\"stop\"}]}", '{"choices":[],"usage":{"prompt_tokens":20,"completion_tokens":9,"prompt_tokens_details":{"cached_tokens":5}}}', '[DONE]'),
		events('{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"run","arguments":""}}]}}]}', '{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"q\":"}},{"index":1,"id":"b","extra":{"x":[1]},"function":{"name":"list"}}]}}]}',
			'{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":" 1}"}}]},"finish_reason":"tool_calls"}]}', '[DONE]'),
		events('{"choices":[],"delta":{"content":[{"type":"text","text":"a"}]}}', '{"choices":[{"delta":{"function_call":{"name":"f","arguments":"{"}}}]}', '{"error":{"message":"overloaded","type":"server_error","code":429}}')
	],
	anthropic => [
		events('{"type":"message_start","message":{"id":"m","usage":{"input_tokens":10,"cache_read_input_tokens":3}}}', '{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}', '{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"s"}}',
			'{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t","name":"run","input":{}}}', '{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"q\": 1}"}}',
			'{"type":"content_block_start","index":2,"content_block":{"type":"text","text":"a"}}', '{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":25}}', '{"type":"message_stop"}'),
		"event: error\ndata: " . '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}' . "\n\n",
		events('{"type":"message","id":"w","content":[{"type":"text","text":"a"},{"type":"tool_use","id":"t","name":"judge","input":{"q":[1]}}],"stop_reason":"end_turn","usage":{"input_tokens":1}}')
	]);

my @bits = ("\n", "\r", "\r\n", "\n\n", "\0", "\xff", "\xc3", "\xe2\x82", '"', '\\', '\u0000', '\ud800', '{', '}', '[', ']', ':', ',', 'data:', 'data: ', 'event: x', ': ', 'null', '1e400', '-1', '""', '{}', '[]', 'true',
	'"index":99999999999', '"index":-1', '"content":', '[DONE]', '"error":', '[' x 80, '{"a":' x 80, 'x' x 5000, '9' x 1200);

sub mutant
{
	my ($provider) = @_;
	my $bytes = pick(@{ $known{$provider} });
	$bytes .= pick(@{ $known{$provider} }) if chance(0.3);
	for (1 .. int(rand(6)))
	{
		my $at = int(rand(length($bytes) + 1));
		my $n = chance(0.7) ? int(rand(4)) : int(rand(40));
		$n = length($bytes) - $at if $at + $n > length($bytes);
		my $new = chance(0.5) ? pick(@bits) : chance(0.3) ? chr(int(rand(256))) : chance(0.5) ? '' : substr($bytes, int(rand(length($bytes) || 1)), int(rand(60)));
		substr($bytes, $at, $n) = $new;
	}
	$bytes =~ s/\n/\r\n/g if chance(0.1);
	return $bytes;
}

sub pieces
{
	my ($bytes, $size) = @_;
	my @pieces;
	for (my $at = 0; $at < length($bytes);)
	{
		my $n = $size || 1 + int(rand(30));
		push @pieces, '\\\\x' . unpack('H*', substr($bytes, $at, $n));
		$at += $n;
	}
	return "E'{" . join(',', map { "\"$_\"" } @pieces) . "}'::bytea[]";
}

my ($until, $streams, $findings) = (time + $opt{time}, 0, 0);
while (time < $until)
{
	my (@sql, @inputs);
	for (1 .. $opt{batch})
	{
		my $provider = pick('openai', 'anthropic');
		my $bytes = mutant($provider);
		my $form = $provider eq 'anthropic' && chance(0.3) ? "'judge'" : 'NULL';
		my $read = sub { "regexp_replace(dbinsight._llm_read('$provider', " . pieces($bytes, $_[0]) . ", $form), '\"call_\\d+\"', '\"call\"', 'g')" };
		push @sql, 'SELECT CASE WHEN a = b AND a = c THEN (a::jsonb IS NOT NULL)::text ELSE \'differs\' END FROM (SELECT ' . $read->(1 << 20) . ' AS a, ' . $read->(1) . ' AS b, ' . $read->(0) . ' AS c) x;';
		push @inputs, "$provider $form " . unpack('H*', $bytes);
	}
	open(my $out, '>', "$opt{dir}/streams.sql") or die "$opt{dir}: $!";
	print $out "SET statement_timeout = '5s';\n", join("\n", @sql), "\n";
	close $out;
	my @lines = `$opt{psql} -XAtq -d '$opt{connstr}' -f '$opt{dir}/streams.sql' 2>&1`;
	for my $i (0 .. $#inputs)
	{
		my $line = $lines[$i] // 'no answer';
		next if $line eq "true\n";
		print "input $inputs[$i]\n$line\n";
		last if ++$findings >= 20;
	}
	die "too many findings\n" if $findings >= 20;
	$streams += @inputs;
}
print "$streams streams, $findings findings\n";
exit($findings ? 1 : 0);
