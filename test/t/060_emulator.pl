# The emulated Databricks workspace keeps the API's contract, and its faults do what they say.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../emulator";
use Emulator;
use Test::More;

my $python = Emulator::python();
plan skip_all => 'no python3 with ssl' unless defined $python;
exec($python, "$FindBin::RealBin/../emulator/checks/contract.py") or die "cannot run $python: $!";
