# Who is spoken to, and how: addresses, certificates, proxies. Nothing here leaves this machine: what is not its own
# is refused before a packet is sent.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Utils;
use Test::More;
use Warehouse;

# A proxy of the environment, at a port where nobody listens, is not for us.
my $w = Warehouse->new('main', env => { map { $_ => 'http://127.0.0.1:9' } qw(http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY) });
my $node = $w->node;
is($w->rows('SELECT 5'), '{5}', 'no proxy of the environment is asked');
my ($port) = $w->emulator->url =~ /:(\d+)$/;

$w->sql(q{CREATE SERVER other FOREIGN DATA WRAPPER databricks OPTIONS (host 'x', warehouse_id 'x');
	CREATE USER MAPPING FOR CURRENT_USER SERVER other OPTIONS (token 'dapi0123456789abcdef')});
sub ask
{
	my ($host, @settings) = @_;
	return $w->sql("ALTER SERVER other OPTIONS (SET host '$host'); SELECT dbinsight._databricks_query('other', 'SELECT 5', timeout_ms => 2000)", @settings);
}

# ---- closed: no private address in any spelling

my @private = ("127.0.0.1:$port", "localhost:$port", "127.1:$port", "2130706433:$port", "0x7f000001:$port", "0177.0.0.1:$port",
	"[::1]:$port", "[::ffff:127.0.0.1]:$port", "[::ffff:7f00:1]:$port", "[64:ff9b::7f00:1]:$port", "[2002:7f00:1::]:$port",
	'10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', '100.64.0.1', '[fd12:3456::1]', '[fc00::1]');
my @never = ('0.0.0.0', '[::]', '169.254.169.254', '[fe80::1]', '[fd00:ec2::254]', '192.0.0.192', '168.63.129.16', '224.0.0.1', '255.255.255.255',
	'[ff02::1]', '[2001:db8::1]', '[::ffff:169.254.169.254]', '[64:ff9b::a9fe:a9fe]');
for my $host (@private, @never)
{
	# A machine without IPv6 says so before the policy is asked.
	like(ask("https://$host", 'dbinsight.allow_private_addresses = off'), qr/^42501: .*may not be spoken to|^08001: .*(Could not resolve|connect)/s, "closed: https://$host");
}
like(ask("http://127.0.0.1:$port", 'dbinsight.allow_private_addresses = off'), qr/^42501: .*only https/, 'closed: no http');
is(scalar(grep { $_->{path} =~ /statements/ } $w->emulator->requests) - 1, 0, 'nobody came');

# ---- open: private ones, and only those

is(ask("http://$_:$port") =~ /^42704: .*/ ? 'reached' : '', 'reached', "open: $_") for '127.0.0.1', 'localhost', '2130706433';
like(ask("https://$_"), qr/^42501: .*may not be spoken to|^08001: .*(Could not resolve|connect)/s, "open, yet closed: $_") for @never;
like(ask('http://198.41.0.4'), qr/^42501: .*may not be spoken to/, 'no http to a public address');
like(ask($_), qr/^(42501|22023): /, "no server: $_") for 'ftp://127.0.0.1', 'file:///etc/passwd', 'http://a:b@127.0.0.1', 'https://127.0.0.1/api/2.0', 'https://127.0.0.1?x=1', 'https://a b', '';

# a connection that was kept from before is looked at again
is($w->sql(q{SELECT dbinsight._databricks_query('ws', 'SELECT 5'); SET dbinsight.allow_private_addresses = off;
	SELECT dbinsight._databricks_query('ws', 'SELECT 5')}) =~ /^42501: / ? 'refused' : '', 'refused', 'the policy counts for kept connections too');

# ---- whose settings they are

$w->sql('CREATE ROLE ann LOGIN');
like($w->sql("LOAD 'dbinsight'; SET ROLE ann; SET $_"), qr/^42501: permission denied to set/, "only a superuser: $_")
	for 'dbinsight.allow_private_addresses = on', "dbinsight.ca_file = '/etc/passwd'";
is($w->sql("SET ROLE ann; SET dbinsight.ca_file = '/etc/passwd'; RESET ROLE; SET client_min_messages = error; LOAD 'dbinsight'; SHOW dbinsight.ca_file"),
	'', 'what was set before the library came does not count');
is($w->sql('LOAD \'dbinsight\'; SET ROLE ann; SET dbinsight.request_timeout = 1000; SHOW dbinsight.request_timeout'), '1s', 'anybody may be less patient');

# ---- certificates

for my $kind (qw(good other_host expired self_signed))
{
	my $tls = Emulator->start(tls => $kind);
	my $ca = "dbinsight.ca_file = '" . $tls->ca . "'";
	my $ask = q{SELECT dbinsight._databricks_query('ws', 'SELECT id FROM range(3)', true)};
	$w->sql("ALTER SERVER ws OPTIONS (SET host '" . $tls->url . "')");
	if ($kind eq 'good')
	{
		is($w->sql($ask, $ca), "{0}\n{1}\n{2}", 'a certificate of the authority that is trusted');
		like($w->sql($ask), qr/^08001: .*no trusted connection.*HINT/s, 'and of one that is not');
		$tls->reset;
		is($w->sql(join(';', ("SELECT dbinsight._databricks_query('ws', 'SELECT 5')") x 5), $ca), join("\n", ('{5}') x 5), 'several statements');
		my %ports = map { $_->{connection} => 1 } $tls->requests(operation => 'execute');
		is(scalar(keys %ports), 1, 'on one connection');
		like($w->sql($ask, "dbinsight.ca_file = '/nowhere'"), qr/^08001: /, 'a file of certificates that is not there');
	}
	else
	{
		like($w->sql($ask, $ca), qr/^08001: .*no trusted connection/, "a certificate: $kind");
		is(scalar($tls->requests(operation => 'execute')), 0, 'and the token was not sent');
	}
}
$node->stop;

done_testing();
