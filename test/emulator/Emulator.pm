package Emulator;

# Starts test/emulator and talks to its control address.
#   my $emulator = Emulator->start(tls => 'good');
use strict;
use warnings;
use Carp;
use File::Basename;
use HTTP::Tiny;
use JSON::PP;

# A python3 of the caller's home may be closed to the user who runs the tests.
sub python
{
	for my $python (grep { defined } $ENV{EMULATOR_PYTHON}, '/usr/bin/python3', 'python3')
	{
		return $python if system("'$python' -c 'import ssl' >/dev/null 2>&1") == 0;
	}
	return undef;
}

# The python that has PySpark, or nothing and why: ($python, $why_not).
sub spark
{
	return (undef, $ENV{EMULATOR_NO_SPARK}) if $ENV{EMULATOR_NO_SPARK};
	return ($ENV{EMULATOR_SPARK}, undef) if $ENV{EMULATOR_SPARK};
	return (undef, 'EMULATOR_SPARK is not set; see test/harness/spark.sh');
}

# An option without a value is undef: start(spark => undef).
sub start
{
	my ($class, %options) = @_;
	my $python = exists $options{spark} ? (spark())[0] : python();
	croak 'no python3 for the emulator' unless defined $python;
	my @command = ($python, dirname(__FILE__), map { defined $options{$_} ? ("--$_", $options{$_}) : "--$_" } sort keys %options);
	my $pid = open(my $out, '-|', @command) // croak "cannot run @command: $!";
	my $line = <$out> // '';
	my ($url, $control, $folder) = $line =~ /^ready (\S+) (\S+) (\S+)/ or croak "the emulator did not start: $line";
	my $self = { pid => $pid, out => $out, url => $url, control => $control, folder => $folder };
	$self->{http} = HTTP::Tiny->new(timeout => 60);
	return bless $self, $class;
}

sub url { return $_[0]{url} }
sub control_url { return $_[0]{control} }
sub ca { return "$_[0]{folder}/ca.pem" }
sub token { return 'dapi0123456789abcdef' }
sub client_id { return 'emulator-client' }
sub client_secret { return 'dose/+%:s3cret' }
sub model_key { return 'sk-emulated-0123456789abcdef' }
sub warehouse { return 'abcdef0123456789' }

# control(method, call, body): the decoded answer
sub control
{
	my ($self, $method, $call, $body) = @_;
	my %content = defined $body ? (content => encode_json($body)) : ();
	my $answer = $self->{http}->request($method, "$self->{control}/_control/$call", \%content);
	croak "$method $call: $answer->{status} $answer->{content}" unless $answer->{success};
	return decode_json($answer->{content});
}

sub fault { my ($self, @fault) = @_; return $self->control('POST', 'faults', {@fault}) }
sub model { my ($self, @script) = @_; return $self->control('POST', 'models', {@script}) }
sub script { my ($self, @script) = @_; return $self->control('POST', 'scripts', {@script}) }
sub settings { my ($self, @settings) = @_; return $self->control('POST', 'settings', {@settings}) }
sub advance { my ($self, $seconds) = @_; return $self->control('POST', 'clock', { advance => $seconds }) }
sub credentials { my ($self, @change) = @_; return $self->control('POST', 'credentials', {@change}) }
sub statements { my ($self) = @_; return @{ $self->control('GET', 'statements') } }
sub reset { my ($self) = @_; return $self->control('POST', 'reset') }

# requests(operation => 'poll', path => 'regex')
sub requests
{
	my ($self, %which) = @_;
	my $query = $self->{http}->www_form_urlencode(\%which);
	return @{ $self->control('GET', "requests?$query") };
}

sub stop
{
	my ($self) = @_;
	my $pid = delete $self->{pid} // return;
	local ($?, $!);
	kill 'TERM', $pid;
	close $self->{out};    # waits for it
	return;
}

sub DESTROY { $_[0]->stop }

1;
