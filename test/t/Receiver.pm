package Receiver;

# The far end of the outbox: test/t/receiver.py, started and asked.
#   my $receiver = Receiver->new(to => $url, secret => 'whsec_…');
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../emulator";
use Carp;
use Emulator;
use HTTP::Tiny;
use IPC::Open2;
use JSON::PP;
use PostgreSQL::Test::Utils;

sub new
{
	my ($class, %options) = @_;
	my $self = bless { log => PostgreSQL::Test::Utils::tempdir . '/requests' }, $class;
	my $python = Emulator::python() // croak 'no python3';
	$self->{pid} = open2($self->{out}, $self->{in}, $python, "$FindBin::RealBin/receiver.py", $self->{log}, map { ("--$_", $options{$_}) } sort keys %options);
	my $out = $self->{out};
	my $port = <$out> // croak 'the receiver did not start';
	chomp $port;
	$self->{url} = "http://127.0.0.1:$port";
	return $self;
}

sub url { return $_[0]{url} }

# fault('429.1', 2, '/hook'): what happens to the next two requests there
sub fault
{
	my ($self, $kind, $times, $path) = @_;
	my $answer = HTTP::Tiny->new->get("$self->{url}/_fault/$kind/$times/$path");
	croak "fault: $answer->{status}" unless $answer->{success};
	return;
}

# What came, in order, whose path matches.
sub requests
{
	my ($self, $path) = @_;
	return () unless -e $self->{log};
	return grep { $_->{path} =~ /$path/ } map { decode_json($_) } split /\n/, PostgreSQL::Test::Utils::slurp_file($self->{log});
}

sub stop
{
	my ($self) = @_;
	my $pid = delete $self->{pid} // return;
	local ($?, $!);
	close $self->{in};
	waitpid $pid, 0;
	return;
}

sub DESTROY { $_[0]->stop }

1;
