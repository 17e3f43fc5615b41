# The official Databricks SDK for Python works against the emulator, with Spark SQL behind it.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../emulator";
use Emulator;
use Test::More;

my ($python, $why_not) = Emulator::spark();
plan skip_all => $why_not unless defined $python;
exec($python, "$FindBin::RealBin/../emulator/checks/sdk.py") or die "cannot run $python: $!";
