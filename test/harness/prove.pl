# prove, with its totals written to a file: prove.pl TOTALS LOGDIR NAME...
# Two files at a time, for much of a test is waiting.  Counts assertions; a file that ends badly without a failed one counts as one failure.
use strict;
use warnings;
use TAP::Harness;

my ($totals, $logs, @names) = @ARGV;
my %file = map { $_ => "test/t/$_.pl" } @names;
my $harness = TAP::Harness->new({ failures => 1, verbosity => 0, timer => 1, jobs => 2 });
my $sum = $harness->runtests(@file{@names});

my ($passed, $failed, $skipped) = (0, 0, 0);
for my $name (@names)
{
	my ($parser) = $sum->parsers($file{$name});
	my $bad = scalar($parser->failed);
	$bad ||= 1 if $parser->has_problems;
	$failed += $bad;
	$passed += scalar($parser->passed) - scalar($parser->skipped);
	$skipped += scalar($parser->skipped) + ($parser->skip_all ? 1 : 0);
	show_log("$logs/regress_log_$name") if $bad;
}
open(my $out, '>', $totals) or die "$totals: $!";
print $out "$passed $failed $skipped\n";
close $out;

# PostgreSQL::Test sends what goes wrong to a file; its end says why.
sub show_log
{
	my ($log) = @_;
	open(my $in, '<', $log) or return;
	my @lines = <$in>;
	splice(@lines, 0, @lines - 60) if @lines > 60;
	print "--- end of $log\n", @lines;
}
