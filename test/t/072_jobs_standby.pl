# Jobs and a hot standby: nothing runs there, nothing is started there, and after its promotion it takes up the schedule.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->append_conf('postgresql.conf', q{
timezone = 'UTC'
log_min_messages = warning
shared_preload_libraries = 'dbinsight'
dbinsight.launcher_interval = '1s'
autovacuum = off});
$primary->start;
$primary->safe_psql('postgres', q{CREATE EXTENSION dbinsight;
	UPDATE dbinsight.jobs SET enabled = false;
	CREATE TABLE note (id int GENERATED ALWAYS AS IDENTITY);
	INSERT INTO dbinsight.jobs (name, schedule, command) VALUES ('note', '1 s', 'INSERT INTO note DEFAULT VALUES')});
ok($primary->poll_query_until('postgres', 'SELECT count(*) > 0 FROM note'), 'the primary runs its job');

$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));
my $workers = q{SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'dbinsight%'};
# A launcher's interval and a run of the job, twice over.
sleep 3;
is($standby->safe_psql('postgres', $workers), '0', 'the standby has no launcher, scheduler or worker');
ok($standby->safe_psql('postgres', 'SELECT count(*) FROM note') > 0, 'it can be read');
for my $call ('dbinsight.run_due()', 'dbinsight.start_worker()', "dbinsight.run_job('note')")
{
	my ($rc, $out, $err) = $standby->psql('postgres', "SELECT $call");
	like($err, qr/ERROR:  cannot execute .* in a read-only transaction/, "$call is refused there");
}
unlike(slurp_file($standby->logfile), qr/dbinsight.*(FATAL|PANIC|terminated by)/, 'its log has no failure of ours');

# The primary goes for good in the middle of its schedule.
$primary->stop('immediate');
my $before = $standby->safe_psql('postgres', 'SELECT count(*) FROM note');
$standby->promote;
ok($standby->poll_query_until('postgres', "SELECT count(*) > $before + 1 FROM note"), 'once promoted it runs the job');
is($standby->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'dbinsight scheduler' AND datname = 'postgres'}), '1', 'with one scheduler');
ok($standby->poll_query_until('postgres', q{SELECT count(*) <= 1 FROM dbinsight.job_runs WHERE state IN ('starting', 'running')}), 'and no run of the primary stays without an end');

$standby->stop;
done_testing();
