package Warehouse;

# A server with the extension, an emulated workspace, and the two joined:
# foreign servers `ws` (personal token) and `wso` (service principal).
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../emulator";
use Emulator;
use PostgreSQL::Test::Cluster;

# new(name, emulator => {tls => 'good'}, options => "max_parallel_chunks '2'",
# env => { http_proxy => '...' })
sub new
{
	my ($class, $name, %how) = @_;
	my $emulator = Emulator->start(%{ $how{emulator} // {} });
	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init;
	$node->append_conf('postgresql.conf', "dbinsight.allow_private_addresses = on\n");
	$node->append_conf('postgresql.conf', "log_statement = 'none'\n"); # the mappings below hold secrets
	{
		my $env = $how{env} // {};
		local @ENV{ keys %$env } = values %$env;
		$node->start;
	}
	my $self = bless { node => $node, emulator => $emulator }, $class;
	my $options = join(', ', "host '" . $emulator->url . "'", "warehouse_id '" . $emulator->warehouse . "'", $how{options} // ());
	$node->safe_psql('postgres', qq{
		CREATE EXTENSION dbinsight;
		CREATE SERVER ws FOREIGN DATA WRAPPER databricks OPTIONS ($options);
		CREATE SERVER wso FOREIGN DATA WRAPPER databricks OPTIONS ($options);
		CREATE USER MAPPING FOR CURRENT_USER SERVER ws OPTIONS (token '${\$emulator->token}');
		CREATE USER MAPPING FOR CURRENT_USER SERVER wso
			OPTIONS (client_id '${\$emulator->client_id}', client_secret '${\$emulator->client_secret}');});
	return $self;
}

sub node { return $_[0]{node} }
sub emulator { return $_[0]{emulator} }

# sql(text, settings...): what it printed, or "SQLSTATE: message" and what else was said
sub sql
{
	my ($self, $sql, @settings) = @_;
	my $set = join('', map { "SET $_;" } @settings);
	my ($code, $out, $err) = $self->{node}->psql('postgres', "\\set VERBOSITY verbose\n$set\n$sql", timeout => 120);
	return $code == 0 ? $out : $err =~ s/^.*?ERROR:\s+//sr;
}

# rows(statement, large): of server ws
sub rows
{
	my ($self, $statement, $large, @settings) = @_;
	return $self->sql('SELECT dbinsight._databricks_query(' . "'ws', \$q\$$statement\$q\$, " . ($large ? 'true' : 'false') . ')', @settings);
}

# sums(statement, large): number of rows and the sum of the first column
sub sums
{
	my ($self, $statement, $large, @settings) = @_;
	return $self->sql('SELECT count(*), sum(x[1]::bigint) FROM (SELECT dbinsight._databricks_query('
		. "'ws', \$q\$$statement\$q\$, " . ($large ? 'true' : 'false') . ') AS x) AS q', @settings);
}

1;
