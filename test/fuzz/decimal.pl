# decimal.pl: arithmetic over columns of chosen digits, until the time is up; decimal.sql says what must hold of what is shipped.
# Of each shape one input is kept, for fuzz/corpus/decimal.tsv.
use strict;
use warnings;
use FindBin;
use Getopt::Long;

my %opt = (psql => 'psql', seed => 1, time => 300, batch => 200, connstr => 'dbname=postgres', timeout => 10);
GetOptions(\%opt, 'psql=s', 'seed=i', 'time=i', 'batch=i', 'connstr=s', 'timeout=i', 'dir=s', 'keep=s') or die "usage: decimal.pl --dir FOLDER\n";
srand($opt{seed});

sub pick { return $_[ int(rand(@_)) ] }
sub chance { return rand() < $_[0] }

# Half of them near the 38 digits that fit; a few that Postgres has and no warehouse.
sub type
{
	return pick(qw(int2 int4 int8 numeric)) if chance(0.4);
	my $p = chance(0.5) ? 1 + int(rand(12)) : chance(0.8) ? 12 + int(rand(27)) : 1 + int(rand(1000));
	my $s = chance(0.9) ? int(rand($p + 1)) : int(rand(20)) - 8;
	return "numeric($p,$s)";
}

sub digits { my ($n) = @_; return join('', map { int(rand(10)) } 1 .. $n) }

sub constant
{
	return pick(0, 1, -1, 7, -32769, 2147483647, '2147483648', '-9223372036854775808::numeric', '9223372036854775807', '9223372036854775808') if chance(0.5);
	return pick("'NaN'::numeric", "'Infinity'::numeric", 'NULL::numeric', 'NULL::int4', "'1e-16383'::numeric", "'1e400'::numeric") if chance(0.15);
	return '(' . pick('', '-') . (chance(0.8) ? digits(1 + int(rand(20))) : digits(1 + int(rand(60)))) . (chance(0.7) ? '.' . digits(1 + int(rand(20))) : '') . ')::numeric';
}

sub expr
{
	my ($depth) = @_;
	return chance(0.75) ? pick('a' .. 'd') : constant() if $depth <= 0 || chance(0.15);
	my $e = sub { expr($depth - 1) };
	my $kind = int(rand(16));
	return '(' . $e->() . ' ' . pick('+', '-', '*') . ' ' . $e->() . ')' if $kind < 8;
	return '(- ' . $e->() . ')' if $kind == 8;
	return pick('abs', 'ceil', 'floor') . '((' . $e->() . ')::numeric)' if $kind == 9;
	return 'round((' . $e->() . ')::numeric, ' . pick(0, 1, 2, 5, 18, -1, -20, 40, 2147483647, -2147483648) . ')' if $kind == 10;
	return '(' . $e->() . ')::' . type() if $kind == 11;
	return 'coalesce(' . $e->() . ', ' . $e->() . ')' if $kind == 12;
	return pick('greatest', 'least') . '(' . $e->() . ', ' . $e->() . ')' if $kind == 13;
	return 'CASE WHEN ' . $e->() . pick(' < ', ' = ') . $e->() . ' THEN ' . $e->() . ' ELSE ' . $e->() . ' END' if $kind == 14;
	return '(' . $e->() . pick(' / ', ' % ') . pick(0, 1, -1, 3, '10::numeric') . ')';
}

my (%seen, @kept);
my ($until, $tried, $findings) = (time + $opt{time}, 0, 0);
while (time < $until && $findings < 20)
{
	my @inputs = map { my $types = join(';', map { type() } 1 .. 4); map { [ $types, expr(1 + int(rand(4))) ] } 1 .. 50 } 1 .. $opt{batch} / 50;
	open(my $out, '>', "$opt{dir}/decimal.sql") or die "$opt{dir}: $!";
	print $out "SET statement_timeout = '$opt{timeout}s';\nSET client_min_messages = warning;\n\\set ON_ERROR_ROLLBACK on\nBEGIN;\n\\ir $FindBin::Bin/decimal.sql\n";
	for my $i (0 .. $#inputs)
	{
		print $out "SELECT concat_ws(E'\\t', $i, replace(coalesce(finding, ''), E'\\n', ' '), sign) FROM pg_temp.judged_decimal(string_to_array('$inputs[$i][0]', ';'), \$e\$$inputs[$i][1]\$e\$);\n";
	}
	print $out "ROLLBACK;\n";
	close $out;
	my %answer = map { /^(\d+)\t([^\t]*)\t(.*)$/s ? ($1 => [ $2, $3 ]) : () } `$opt{psql} -XAtq -d '$opt{connstr}' -f '$opt{dir}/decimal.sql' 2>&1`;
	for my $i (0 .. $#inputs)
	{
		my ($finding, $sign) = @{ $answer{$i} // [ 'no answer', '' ] };
		my $input = join("\t", @{ $inputs[$i] });
		$tried++;
		if ($finding ne '')
		{
			print "$input\n    $finding\n";
			last if ++$findings >= 20;
		}
		# A shape is its operations: which of the columns stand there, and how many digits a constant has, does not matter.
		$sign =~ s/-?0+/0/g;
		push @kept, $input if ($finding ne '' || !$seen{$sign}++) && length $input <= 300;
	}
}
if ($opt{keep})
{
	open(my $out, '>', $opt{keep}) or die "$opt{keep}: $!";
	print $out "$_\n" for @kept;
	close $out;
}
printf "decimal: %d inputs, %d kinds, %d findings\n", $tried, scalar(keys %seen), $findings;
exit($findings ? 1 : 0);
