# prove, with its totals written to a file: prove.pl TOTALS FILE...
# Counts assertions; a file that ends badly without a failed one counts as one failure.
use strict;
use warnings;
use TAP::Harness;

my ($totals, @files) = @ARGV;
my $harness = TAP::Harness->new({ failures => 1, verbosity => 0, timer => 1, merge => 0 });
my $sum = $harness->runtests(map { "test/t/$_" } @files);

my ($passed, $failed, $skipped) = (0, 0, 0);
for my $parser ($sum->parsers(map { "test/t/$_" } @files))
{
	my $file_failed = scalar($parser->failed);
	$file_failed ||= 1 if $parser->has_problems;
	my $file_skipped = scalar($parser->skipped) + ($parser->skip_all ? 1 : 0);
	$passed += scalar($parser->passed) - scalar($parser->skipped);
	$failed += $file_failed;
	$skipped += $file_skipped;
}
open(my $out, '>', $totals) or die "$totals: $!";
print $out "$passed $failed $skipped\n";
close $out;
