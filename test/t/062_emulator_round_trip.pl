# Gold rows leave as system tables and come back the same: as files, and through Spark's tables and its SQL.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../emulator";
use Emulator;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $emulator = "$FindBin::RealBin/../emulator";
my $python = Emulator::python();
plan skip_all => 'no python3' unless defined $python;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "timezone = 'UTC'\nfsync = off");
$node->start;
my $now = "SET dbinsight.now = '2026-06-15 12:00:00+00';";

sub sql { my ($database, $statements) = @_; return $node->safe_psql($database, "$now\n$statements") }

# A digest of the rows of each gold table.  Of snapshots only today's were exported; a privilege is spelled by the loader
# with an underscore and by the sample account without; tags of schemas and the privilege on a catalog that the sample
# account keeps under SCHEMA belong to no source.  extra is left out: system tables have no column for the sample's marker.
# jsonb's hash takes 0.15 and 0.150 for the same, as a decimal(38,18) has it.
my %what = (
	dim_grant => q{(SELECT t.snapshot_date, t.object_type, t.object_full_name, t.grantee, replace(t.privilege_type, ' ', '_'), t.inherited_from, t.grantor
		FROM dbinsight.dim_grant t WHERE t.object_type = 'TABLE' OR t.object_full_name LIKE '%.%')},
	dim_tag => q{(SELECT * FROM dbinsight.dim_tag WHERE level <> 'schema')});

sub contents
{
	my ($database, @tables) = @_;
	my %digest;
	for my $table (@tables)
	{
		my $rows = $what{$table} // "dbinsight.$table";
		my $today = $table =~ /^dim_(table|column|grant|tag|column_mask|row_filter)$/ ? "WHERE t.snapshot_date = dbinsight.today()" : '';
		$digest{$table} = sql($database, qq{SELECT count(*) || ' ' || coalesce(sum(jsonb_hash_extended(to_jsonb(t) - 'extra', 0)::numeric), 0)
			FROM $rows t $today});
	}
	return \%digest;
}

# Loads the files of a folder into an empty database.
sub load
{
	my ($database, $folder) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE $database TEMPLATE pristine");
	for my $file (sort glob "$folder/*.ndjson")
	{
		my ($source) = $file =~ m{([^/]+)\.ndjson$};
		sql($database, "SELECT dbinsight.load_file('$source', '$file')");
	}
	is(sql($database, 'SELECT count(*) FROM dbinsight.rejected_rows'), '0', "$database: no row is rejected");
}

$node->safe_psql('postgres', 'CREATE DATABASE pristine');
sql('pristine', 'CREATE EXTENSION dbinsight');
$node->safe_psql('postgres', 'CREATE DATABASE origin TEMPLATE pristine');
sql('origin', 'SELECT count(*) FROM dbinsight.load_sample(days => 2, scale => 0.1)');
my $files = PostgreSQL::Test::Utils::tempdir();
{
	local $ENV{PGHOST} = $node->host;
	local $ENV{PGPORT} = $node->port;
	local $ENV{PGDATABASE} = 'origin';
	my $said = `'$python' '$emulator/export.py' '$files'`;
	is($?, 0, 'the gold rows are exported');
	like($said, qr/^system\.access\.audit [1-9]/m, 'audit events among them');
}
my @tables = split /\n/, sql('origin', 'SELECT DISTINCT gold_table FROM dbinsight.sources ORDER BY 1');
my $origin = contents('origin', @tables);

load('files', $files);
is_deeply(contents('files', @tables), $origin, 'loaded from the files every gold table is the same');

SKIP:
{
	my ($spark, $why_not) = Emulator::spark();
	skip $why_not, 3 unless defined $spark;
	my $read = PostgreSQL::Test::Utils::tempdir();
	system($spark, "$emulator/checks/tables.py", $files, $read) == 0 or die 'Spark did not give the tables back';
	# Three sources are no system tables: they have no place in Spark.
	my @there = map { m{([^/]+)\.ndjson$} } glob "$read/*.ndjson";
	is(scalar(@there), sql('origin', "SELECT count(*) FROM dbinsight.sources WHERE source LIKE 'system.%'"), 'every system table is read');
	load('spark', $read);
	my %of_spark = map { $_ => 1 } split /\n/, sql('origin', "SELECT DISTINCT gold_table FROM dbinsight.sources WHERE source LIKE 'system.%'");
	my @common = grep { $of_spark{$_} } @tables;
	is_deeply(contents('spark', @common), { map { $_ => $origin->{$_} } @common }, 'read from Spark every gold table is the same');
}
done_testing();
