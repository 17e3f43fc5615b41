# The scripted language models keep the dialects of OpenAI, Anthropic and Databricks, whole and in pieces.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../emulator";
use Emulator;
use Test::More;

my $python = Emulator::python();
plan skip_all => 'no python3 with ssl' unless defined $python;
exec($python, "$FindBin::RealBin/../emulator/checks/models.py") or die "cannot run $python: $!";
