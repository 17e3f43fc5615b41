# rows.pl: bytes as a broken or hostile warehouse might send them, until the time is up; rows.sql says what must hold.
# Of each way they were read one input is kept, for fuzz/corpus/rows.tsv.
use strict;
use warnings;
use FindBin;
use Getopt::Long;

my %opt = (psql => 'psql', seed => 1, time => 300, batch => 300, connstr => 'dbname=postgres', timeout => 10);
GetOptions(\%opt, 'psql=s', 'seed=i', 'time=i', 'batch=i', 'connstr=s', 'timeout=i', 'dir=s', 'target=s', 'keep=s') or die "usage: rows.pl --target rows|jsonb --dir FOLDER\n";
srand($opt{seed});

sub pick { return $_[ int(rand(@_)) ] }
sub chance { return rand() < $_[0] }

my %values = (
	text => [ '', 'a', 'Gr\u00fc\u00dfe \ud83d\ude00', "\xe2\x82\xac", '{\"a\": \"b\\\\\"}', '\"\"\"', 'null', '\\\\', '\b\f\n\r\t\/' ],
	int8 => [ 0, -1, '9223372036854775807', '-9223372036854775808', '9223372036854775808' ],
	numeric => [ '12.50', '-0', 'NaN', '1e131071', '1E-16383', '9' x 38 ],
	float8 => [ '1.5', 'Infinity', '-Infinity', 'NaN', '1e308', '1e309', '4.9E-324' ],
	boolean => [ 'true', 'false', 't' ],
	date => [ '2025-03-10', '0000-02-29', '-4713-11-24', '-4714-01-01', '5874897-12-31', '5874898-01-01', '+12025-01-01', '2147483647-01-01' ],
	timestamp => [ '2025-03-10 23:59:59.999999', '2025-03-10T00:00:00', '294276-12-31 23:59:59.999999', '294277-01-01 00:00:00', '586579-01-01 00:00:00', '-4712-01-01 00:00:00.1234567' ],
	timestamptz => [ '0', '1741564800000000', '-210866803200000000', '9223371331200000000', '9223372036854775807', '-9223372036854775808' ],
	interval => [ q{INTERVAL '1-2' YEAR TO MONTH}, q{INTERVAL '-3 04:05:06.7' DAY TO SECOND}, q{INTERVAL '-178956970-8' YEAR TO MONTH}, q{INTERVAL '106751991 04:00:54.775807' DAY TO SECOND}, q{INTERVAL '100000:00' HOUR TO MINUTE}, '1-2', '3 04:05:06' ],
	bytea => [ '', '00FF', '0', 'zz', 'de ad' ],
	'text[]' => [ '[]', '[\"a\", null, 1, true, {\"b\": [1]}]', '[[]]', '\"a\"', '{}' ],
	'bigint[]' => [ '[1, \"2\", null]', '[1.5]', '[99999999999999999999]', '[' x 200 ],
	jsonb => [ '{\"a\": [1, null]}', '1', '\"\\\\u0000\"' ]);
my @bits = ("\n", "\0", "\x01", "\x7f", "\xff", "\xc3", "\xe2\x82", "\xed\xa0\x80", '"', '\\', '\\"', '\\\\"', '\u0000', '\ud800', '\udc00', '\ud83d\ude00', '\u00e9', '\x', '{', '}', '[', ']', '[]', '],[', '","', ':', ',', ' ', '-', '+', "'", '.',
	'null', 'nul', 'true', 'false', '1', '-1.5e3', '01', '1e400', '1e99999', '""', '{}', '{"a":1,"a":2}', '[' x 70, 'x' x 1100, '9' x 1200, '\\"' x 600, '-9999999999999999999', ' 2147483647 ');
my @json = ('{"a": {"b": [1, 2.50, "x\u00e9", true, null]}, "": "\ud83d\ude00"}', '[[], {}, [{}], -0, 1e3, 0.1e-3]', '"a"', '1', 'null', 'true', '{"b": 1, "a": 2, "b": 3}', '[' x 64 . ']' x 64, '[' x 65 . ']' x 65, ' { "k" : [ 1 , { "v" : "\\\\\"" } ] } ');

sub an_array
{
	my @types = map { chance(0.4) ? 'text' : pick(sort keys %values) } 1 .. pick(0, 1, 1, 1, 2, 3);
	@types = ('text') x @types if chance(0.4);
	my @rows;
	for (1 .. int(rand(4)))
	{
		push @rows, '[' . join(pick(',', ',', ' , '), map { chance(0.1) ? pick('null', 'true', '1', '-2.5') : '"' . pick(@{ $values{$_} }) . '"' } @types) . ']';
	}
	return (join(',', @types), '[' . join(pick(',', ",\n"), @rows) . ']');
}

sub mutant
{
	my ($types, $bytes) = $opt{target} eq 'jsonb' ? ('', pick(@json)) : an_array();
	for (1 .. int(rand(5)))
	{
		my $at = int(rand(length($bytes) + 1));
		my $n = chance(0.7) ? int(rand(3)) : int(rand(30));
		my $new = chance(0.6) ? pick(@bits) : chance(0.3) ? chr(int(rand(256))) : chance(0.5) ? '' : substr($bytes, int(rand(length($bytes) || 1)), int(rand(60)));
		$n = length($bytes) - $at if $at + $n > length($bytes);
		substr($bytes, $at, $n) = $new;
	}
	return [ $types, $bytes ];
}

my (%seen, @kept);
my ($until, $tried, $findings) = (time + $opt{time}, 0, 0);
while (time < $until && $findings < 20)
{
	my @inputs = map { mutant() } 1 .. $opt{batch};
	open(my $out, '>', "$opt{dir}/rows.sql") or die "$opt{dir}: $!";
	print $out "SET statement_timeout = '$opt{timeout}s';\n\\ir $FindBin::Bin/rows.sql\n";
	for my $i (0 .. $#inputs)
	{
		my ($types, $bytes) = @{ $inputs[$i] };
		my $given = "'\\x" . unpack('H*', $bytes) . "'" . ($opt{target} eq 'rows' ? ", '{$types}'" : '');
		print $out "SELECT concat_ws(E'\\t', $i, replace(coalesce(finding, ''), E'\\n', ' '), replace(sign, E'\\n', ' ')) FROM pg_temp.judged_$opt{target}($given);\n";
	}
	close $out;
	my %answer = map { /^(\d+)\t([^\t]*)\t(.*)$/s ? ($1 => [ $2, $3 ]) : () } `$opt{psql} -XAtq -d '$opt{connstr}' -f '$opt{dir}/rows.sql' 2>&1`;
	for my $i (0 .. $#inputs)
	{
		my ($finding, $sign) = @{ $answer{$i} // [ 'no answer', '' ] };
		my ($types, $bytes) = @{ $inputs[$i] };
		$tried++;
		if ($finding ne '')
		{
			print "$opt{target} {$types} ", unpack('H*', $bytes), "\n    $finding\n";
			last if ++$findings >= 20;
		}
		next if $finding eq '' && ($seen{$sign}++ || length $bytes > 400 || $bytes eq '');
		push @kept, join("\t", $opt{target}, "{$types}", join('', map { $_ eq '\\' ? '\\\\' : $_ =~ /[\x20-\x7e]/ ? $_ : sprintf('\\%03o', ord) } split(//, $bytes)));
		$kept[-1] =~ s/ \z/\\040/; # no blanks at the end of a line
	}
}
if ($opt{keep})
{
	open(my $out, '>', $opt{keep}) or die "$opt{keep}: $!";
	print $out "$_\n" for @kept;
	close $out;
}
printf "%s: %d inputs, %d kinds, %d findings\n", $opt{target}, $tried, scalar(keys %seen), $findings;
exit($findings ? 1 : 0);
