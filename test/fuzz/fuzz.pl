# fuzz.pl: sessions of hostile statements until the time is up; see Hostile.pm.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Getopt::Long;
use Hostile;

my %opt = (psql => 'psql', seed => 1, time => 300, batch => 100, slack => 1, timeout => 3, connstr => 'dbname=postgres');
GetOptions(\%opt, 'psql=s', 'seed=i', 'time=i', 'batch=i', 'slack=f', 'timeout=i', 'connstr=s', 'rows=s', 'dir=s', 'log=s') or die "usage: fuzz.pl --rows FILE --dir FOLDER\n";
open(my $in, '<:raw', $opt{rows}) or die "$opt{rows}: $!";
chomp(my @rows = <$in>);

my (%outcomes, %seen);
my ($until, $statements) = (time + $opt{time}, 0);
for (my $seed = $opt{seed}; time < $until; $seed++)
{
	my $hostile = Hostile->new(seed => $seed, psql => $opt{psql}, connstr => $opt{connstr}, dir => $opt{dir}, rows => \@rows, slack => $opt{slack}, statement_timeout => $opt{timeout});
	$statements += $hostile->run($opt{batch});
	for my $kind (keys %{ $hostile->{outcomes} })
	{
		$outcomes{$kind}{$_} += $hostile->{outcomes}{$kind}{$_} for keys %{ $hostile->{outcomes}{$kind} };
	}
	for my $finding (@{ $hostile->{findings} })
	{
		my ($what) = split /\n/, $finding;
		$what =~ s/\d+/0/g;
		local $| = 1;
		print "seed $seed: $finding\n" unless $seen{ substr($what, 0, 60) }++;
	}
	last if grep { /server went away/ } @{ $hostile->{findings} } and sleep(3);
}
my $words = 0;
if ($opt{log} && open(my $log, '<', $opt{log}))
{
	/terminated by signal|TRAP:|Sanitizer|runtime error|PANIC/ and $words++ < 50 and print "log: $_" while <$log>;
}
for my $kind (sort keys %outcomes)
{
	my $o = $outcomes{$kind};
	print "$kind: ", join(', ', map { "$_ $o->{$_}" } sort { $o->{$b} <=> $o->{$a} || $a cmp $b } keys %$o), "\n";
}
printf "%d statements, %d kinds of findings\n", $statements, scalar(keys %seen);
exit(%seen || $words ? 1 : 0);
