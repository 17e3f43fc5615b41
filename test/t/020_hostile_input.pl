# A slice of make fuzz: a few hundred hostile statements, the same ones each time.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../fuzz";
use Hostile;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION dbinsight');
open(my $in, '<:raw', "$FindBin::Bin/../data/audit-events.ndjson") or die $!;
chomp(my @rows = <$in>);

# How soon a cancel is heard is for make fuzz: here a busy machine must not fail the test.
foreach my $seed (1 .. 6)
{
	my $hostile = Hostile->new(seed => $seed, connstr => $node->connstr('postgres'), dir => PostgreSQL::Test::Utils::tempdir, rows => \@rows, slack => 30);
	$hostile->run(60);
	is(join("\n", @{ $hostile->{findings} }), '', "seed $seed");
}

is($node->safe_psql('postgres', 'SELECT 1'), '1', 'the server is there');
unlike(slurp_file($node->logfile), qr/terminated by signal|TRAP:|PANIC/, 'and was all the time');
$node->stop;
done_testing();
