# The official Python clients of OpenAI and Anthropic work against the scripted language models.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../emulator";
use Emulator;
use Test::More;

my ($python, $why_not) = Emulator::spark();
plan skip_all => $why_not unless defined $python;
exec($python, "$FindBin::RealBin/../emulator/checks/model_clients.py") or die "cannot run $python: $!";
