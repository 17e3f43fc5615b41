# Jobs with the library preloaded: the launcher finds the databases, one scheduler in each starts jobs when they are due.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time sleep);

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', q{
timezone = 'UTC'
restart_after_crash = on
log_min_messages = warning
shared_preload_libraries = 'dbinsight'
dbinsight.launcher_interval = '1s'
autovacuum = off});
$node->start;

sub sql
{
	my ($statement, $database) = @_;
	return $node->safe_psql($database // 'postgres', $statement);
}

sub until_true
{
	my ($query, $database) = @_;
	return $node->poll_query_until($database // 'postgres', $query);
}

sub schedulers
{
	my ($database) = @_;
	return sql("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'dbinsight scheduler' AND datname = '$database'");
}

my $scheduler_is_there = q{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'dbinsight scheduler' AND datname = current_database()};

# A job of the tests is due when it is told to be, so that nothing depends on the time of day.
sub job
{
	my ($name, $command, %with) = @_;
	my $columns = join '', map { ", $_" } sort keys %with;
	my $values = join '', map { ", '$with{$_}'" } sort keys %with;
	sql("INSERT INTO dbinsight.jobs (name, schedule, command$columns) VALUES ('$name', '\@yearly', \$job\$$command\$job\$$values)");
}

sub run { sql("SELECT dbinsight.run_job('$_[0]')") }

sub ends
{
	my ($name, $state) = @_;
	return until_true("SELECT coalesce((SELECT state = '$state' FROM dbinsight.job_runs WHERE job = '$name' AND state <> 'skipped' ORDER BY id DESC LIMIT 1), false)");
}

sub last_run
{
	my ($name, $columns) = @_;
	return sql("SELECT $columns FROM dbinsight.job_runs WHERE job = '$name' ORDER BY id DESC LIMIT 1");
}

# The process of the scheduler is there and none of these.
sub scheduler_is_back { return until_true(sprintf 'SELECT dbinsight._scheduler_pid() NOT IN (%s)', join ', ', @_) }

# ---- who is there

ok(until_true(q{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'dbinsight launcher'}), 'the launcher is there');
is(schedulers('postgres'), '0', 'and no scheduler without the extension');
sql('CREATE EXTENSION dbinsight');
ok(until_true($scheduler_is_there), 'CREATE EXTENSION brings a scheduler');
sql('UPDATE dbinsight.jobs SET enabled = false');
is(sql(q{SELECT value FROM dbinsight.status() WHERE item IN ('preloaded', 'scheduler') ORDER BY item}), "yes\nrunning", 'status() says so');

# ---- a job runs as its owner, in the way a client would run it

sql(q{CREATE ROLE ann LOGIN; CREATE ROLE bob LOGIN; CREATE TABLE log (at timestamptz DEFAULT clock_timestamp(), who text, app text, note text);
	GRANT INSERT, SELECT ON log TO PUBLIC;
	CREATE PROCEDURE steps() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log (note) VALUES ('step 1'); COMMIT; INSERT INTO log (note) VALUES ('step 2'); ROLLBACK; INSERT INTO log (note) VALUES ('step 3'); COMMIT; END $$;
	CREATE TABLE secret (x int)});
job('who', q{INSERT INTO log (who, app, note) SELECT session_user || ' ' || current_user, current_setting('application_name'), backend_type FROM pg_stat_activity WHERE pid = pg_backend_pid()}, owner => 'ann');
run('who');
ok(ends('who', 'succeeded'), 'a job runs');
is(sql('SELECT who, app, note FROM log'), 'ann ann|dbinsight: job who|dbinsight job', 'as its owner, under its name');
is(last_run('who', 'rows, attempt, sqlstate, pid, started_at >= due, ended_at >= started_at'), '1|1|||t|t', 'its row says how it went');
job('reaches', 'SELECT * FROM secret', owner => 'ann');
run('reaches');
ok(ends('reaches', 'failed'), 'with no more rights than its owner has');
is(last_run('reaches', 'sqlstate, message'), '42501|permission denied for table secret', 'and says why it failed');
job('escapes', 'RESET ROLE; SET SESSION AUTHORIZATION postgres; SELECT * FROM secret', owner => 'ann');
run('escapes');
ok(ends('escapes', 'failed'), 'nor by giving up its role');
is(last_run('escapes', 'sqlstate'), '42501', 'for it has none to give up');

sql('TRUNCATE log');
job('procedure', 'CALL steps()');
run('procedure');
ok(ends('procedure', 'succeeded'), 'a procedure that commits');
is(sql('SELECT note FROM log ORDER BY at'), "step 1\nstep 3", 'does');
job('vacuum', 'VACUUM log');
run('vacuum');
ok(ends('vacuum', 'succeeded'), 'VACUUM runs');
job('several', q{INSERT INTO log (note) VALUES ('a'); INSERT INTO log (note) VALUES ('b'), ('c'); SELECT 1/0});
run('several');
ok(ends('several', 'failed'), 'several statements');
is(sql(q{SELECT count(*) FROM log WHERE note IN ('a', 'b', 'c')}), '0', 'are one transaction');
is(last_run('several', 'sqlstate, message'), '22012|division by zero', 'with the error of the one that failed');
job('both', q{INSERT INTO log (note) VALUES ('a'); INSERT INTO log (note) VALUES ('b'), ('c')});
run('both');
ok(ends('both', 'succeeded'), 'that succeeds');
is(last_run('both', 'rows'), '2', 'rows are those of the last statement');
job('open', 'BEGIN; INSERT INTO log (note) VALUES (1)');
run('open');
ok(ends('open', 'failed'), 'a transaction that is left open');
is(last_run('open', 'sqlstate'), '25001', 'is an error');
job('messy', q{SET default_transaction_read_only = on; SET ROLE bob; SET search_path = nowhere; SELECT pg_advisory_unlock_all()});
run('messy');
ok(ends('messy', 'succeeded'), 'what a command does to its session does not reach the rows of jobs');
sql(q{ALTER ROLE bob SET default_transaction_read_only = on; ALTER ROLE bob SET default_transaction_isolation = 'serializable'; ALTER ROLE bob SET search_path = nowhere});
job('reader', 'SELECT count(*) FROM public.log', owner => 'bob');
run('reader');
ok(ends('reader', 'succeeded'), 'nor do the settings of its owner');
job('syntax', 'SELEC 1');
run('syntax');
ok(ends('syntax', 'failed'), 'what cannot be parsed');
is(last_run('syntax', 'sqlstate'), '42601', 'fails');
job('hint', q{DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = 'AB123', HINT = 'try yes'; END $$});
run('hint');
ok(ends('hint', 'failed'), 'an error with a hint');
is(last_run('hint', 'sqlstate, message, hint'), 'AB123|no|try yes', 'is kept whole');

# ---- time out, retries, overlap

job('slow', 'SELECT pg_sleep(60)', timeout => '200 ms');
run('slow');
ok(ends('slow', 'failed'), 'a job that takes too long');
is(last_run('slow', q{sqlstate, ended_at - started_at < interval '10 s'}), '57014|t', 'is cancelled');
job('flaky', q{DO $$ BEGIN IF (SELECT count(*) FROM dbinsight.job_runs WHERE job = 'flaky') < 3 THEN RAISE EXCEPTION 'not yet'; END IF; END $$},
	max_attempts => 5, retry_delay => '50 ms');
run('flaky');
ok(ends('flaky', 'succeeded'), 'a job that fails is tried again');
is(sql(q{SELECT string_agg(attempt || ' ' || state, ', ' ORDER BY id) || ' ' || count(DISTINCT due) FROM dbinsight.job_runs WHERE job = 'flaky'}),
	'1 failed, 2 failed, 3 succeeded 1', 'until it succeeds, as the same run');
job('long', 'SELECT pg_sleep(60)');
run('long');
ok(ends('long', 'running'), 'a long job');
run('long');
ok(until_true(q{SELECT count(*) = 1 FROM dbinsight.job_runs WHERE job = 'long' AND state = 'skipped'}), 'is not started a second time');
sql(q{SELECT pg_cancel_backend(pid) FROM dbinsight.job_runs WHERE job = 'long' AND state = 'running'});
ok(ends('long', 'failed'), 'and can be cancelled');
job('queue', q{INSERT INTO log (note) VALUES ('queued'); SELECT pg_sleep(60)}, overlap => 'queue', timeout => '2 s');
run('queue');
ok(ends('queue', 'running'), 'one that queues');
run('queue');
ok(until_true(q{SELECT count(*) = 2 FROM dbinsight.job_runs WHERE job = 'queue' AND sqlstate = '57014'}), 'runs again when the first has ended');

# ---- those who listen, cancel of a run, log

like(sql(q{LISTEN dbinsight_jobs; SELECT dbinsight.run_job('who'); } . "\n" . q{SELECT pg_sleep(0.1) FROM generate_series(1, 20);}),
	qr/notification "dbinsight_jobs" with payload "\{"job" : "who", "run" : \d+, "status" : "succeeded"\}"/, 'NOTIFY tells how a run ended');

# ---- owners that are gone

sql('CREATE ROLE carl LOGIN');
job('orphan', 'SELECT 1', owner => 'carl');
sql('DROP ROLE carl');
run('orphan');
ok(ends('orphan', 'failed'), 'the job of a role that is gone');
is(last_run('orphan', 'sqlstate'), '42704', 'fails');
run('who');
ok(ends('who', 'succeeded'), 'and others go on');

# ---- a due time is met, changes are heard, sleep is sleep

sql(q{TRUNCATE log; INSERT INTO dbinsight.jobs (name, schedule, command) VALUES ('tick', '2 s', 'INSERT INTO log (note) VALUES (''tick'')')});
ok(until_true(q{SELECT count(*) >= 3 FROM log}), 'a job runs at its times');
is(sql(q{SELECT count(*) FROM dbinsight.job_runs WHERE job = 'tick' AND (started_at < due OR extract(epoch FROM due)::bigint % 2 <> 0)}), '0', 'and not before them');
sql(q{DELETE FROM dbinsight.jobs WHERE name = 'tick'});
sleep 0.5;
my $before = sql('SELECT count(*) FROM log');
sleep 3;
is(sql('SELECT count(*) FROM log'), $before, 'deleted, it does not');
# Of an idle scheduler nothing is heard: its own transactions are the only ones of a database that nobody uses.
sql('CREATE DATABASE quiet');
sql('CREATE EXTENSION dbinsight', 'quiet');
ok(until_true($scheduler_is_there, 'quiet'), 'another database has its own scheduler');
sql('UPDATE dbinsight.jobs SET enabled = false', 'quiet'); # one of them may be due any minute
sleep 3;
my $count = q{SELECT pg_stat_clear_snapshot(), xact_commit + xact_rollback FROM pg_stat_database WHERE datname = 'quiet'};
my $transactions = sql($count);
sleep 6;
is(sql($count), $transactions, 'which does nothing while nothing is due');
ok(sql(q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'dbinsight scheduler' AND (xact_start IS NOT NULL OR state <> 'idle')}), 'and has no transaction open');

# ---- two schedulers never

sql('SELECT dbinsight.start_worker()') for 1 .. 5;
sleep 1;
is(schedulers('postgres'), '1', 'start_worker() makes no second one');
is(sql('SELECT status FROM dbinsight.run_due()'), 'a scheduler is running', 'run_due() leaves the work to it');

# ---- it ends and comes back

my $pid = sql('SELECT dbinsight._scheduler_pid()');
sql("SELECT pg_terminate_backend($pid)");
ok(until_true("SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'dbinsight scheduler' AND datname = current_database() AND pid <> $pid"), 'terminated, a scheduler comes back');
# After ALTER EXTENSION UPDATE; there is no other version to update to yet.
$pid = sql('SELECT dbinsight._scheduler_pid()');
sql(q{UPDATE pg_extension SET extversion = 'another' WHERE extname = 'dbinsight'; SELECT dbinsight.run_job('who')});
ok(scheduler_is_back($pid), 'another version of the extension gets another process');
ok(ends('who', 'succeeded'), 'which works');
like(sql(q{SELECT note FROM dbinsight.status() WHERE item = 'extension'}), qr/ALTER EXTENSION dbinsight UPDATE/, 'status() sees that library and extension differ');
my $second = sql('SELECT dbinsight._scheduler_pid()');
sql(q{UPDATE pg_extension SET extversion = dbinsight._library_version() WHERE extname = 'dbinsight'; SELECT dbinsight.run_job('who')});
ok(scheduler_is_back($pid, $second), 'and so back');
is(sql('SELECT dbinsight.stop_worker()'), 't', 'stop_worker()');
ok(until_true(q{SELECT dbinsight._scheduler_pid() IS NULL}), 'ends it');
$node->restart;
ok(until_true(q{SELECT started_at < pg_postmaster_start_time() AND dbinsight._scheduler_pid() IS NULL FROM dbinsight.scheduler}), 'also over a restart');
is(sql(q{SELECT value FROM dbinsight.status() WHERE item = 'scheduler'}), 'stopped', 'status() says so');
is(sql('SELECT dbinsight.start_worker()'), 't', 'start_worker()');
ok(until_true($scheduler_is_there), 'brings it back');

# ---- a server that slept

sql('SELECT dbinsight.stop_worker()');
ok(until_true(q{SELECT dbinsight._scheduler_pid() IS NULL}), 'nobody looks');
sql(q{UPDATE dbinsight.job_state SET next_due = clock_timestamp() - interval '3 days' WHERE job = 'who'});
my $runs = sql(q{SELECT count(*) FROM dbinsight.job_runs WHERE job = 'who' AND state = 'succeeded'});
$node->restart;
sql('SELECT dbinsight.start_worker()');
ok(until_true("SELECT count(*) = $runs + 1 FROM dbinsight.job_runs WHERE job = 'who' AND state = 'succeeded'"), 'what was missed is made up');
sleep 1;
is(sql(q{SELECT count(*) FROM dbinsight.job_runs WHERE job = 'who' AND state = 'succeeded'}), $runs + 1, 'once');

# ---- settings

$node->append_conf('postgresql.conf', 'dbinsight.job_workers = 0');
$node->reload;
sleep 0.5;
run('who');
ok(until_true(q{SELECT waiting LIKE '%job_workers is 0' FROM dbinsight.job_status WHERE job = 'who'}), 'dbinsight.job_workers = 0 pauses');
$node->append_conf('postgresql.conf', 'dbinsight.job_workers = 2');
$node->reload;
ok(until_true(q{SELECT waiting IS NULL AND last_status = 'succeeded' FROM dbinsight.job_status WHERE job = 'who'}), 'and what is due stays due');
$node->append_conf('postgresql.conf', q{dbinsight.database = 'postgres, other'});
$node->restart;
ok(until_true($scheduler_is_there), 'dbinsight.database');
sleep 2;
is(schedulers('quiet'), '0', 'says where schedulers start by themselves');
$node->append_conf('postgresql.conf', q{dbinsight.database = ''});
$node->reload;
ok(until_true($scheduler_is_there, 'quiet'), 'and can be changed');

# ---- databases come and go

my $began = time;
sql('CREATE DATABASE copy TEMPLATE quiet');
ok(until_true($scheduler_is_there, 'copy'), 'a database can be copied, and the copy is noticed');
sql('ALTER DATABASE copy RENAME TO copied');
ok(until_true($scheduler_is_there, 'copied'), 'a database can be renamed');
sql('DROP DATABASE copied');
is(sql(q{SELECT count(*) FROM pg_database WHERE datname IN ('copy', 'copied')}), '0', 'DROP DATABASE needs no FORCE');
cmp_ok(time - $began, '<', 60, 'and none of it takes long');
sleep 12;
is(sql(q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'dbinsight scheduler'}), '2', 'of a database that is gone nothing is left');
my $log = slurp_file($node->logfile);
my $fatal = () = $log =~ /FATAL: .*database \S+ does not exist/g;
cmp_ok($fatal, '<=', 1, 'nor does it keep trying');
sql('SET client_min_messages = warning; BEGIN; DROP EXTENSION dbinsight; CREATE EXTENSION dbinsight; COMMIT', 'quiet');
sql(q{INSERT INTO dbinsight.jobs (name, schedule, command) VALUES ('new', '1 s', 'SELECT 1')}, 'quiet');
ok(until_true(q{SELECT count(*) > 0 FROM dbinsight.job_runs WHERE state = 'succeeded'}, 'quiet'), 'the extension made anew is served');
sql('SET client_min_messages = warning; DROP EXTENSION dbinsight', 'quiet');
ok(until_true(q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type LIKE 'dbinsight%' AND datname = current_database()}, 'quiet'), 'DROP EXTENSION is noticed');

# ---- a dump carries jobs, and a restored one wins over what came with the extension

sql(q{UPDATE dbinsight.jobs SET schedule = '5 5 * * *', enabled = false WHERE name = 'retention'; UPDATE dbinsight.jobs SET schedule = '@yearly' WHERE name <> 'retention'});
my $dump = $node->basedir . '/dump.sql';
$node->command_ok([ 'pg_dump', '-f', $dump, 'postgres' ], 'pg_dump');
sql('CREATE DATABASE restored');
# However long it takes: the jobs that came with the extension are due at once.
$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-c', 'SET client_min_messages = warning; CREATE EXTENSION dbinsight', '-c', 'SELECT pg_sleep(8)', '-f', $dump, 'restored' ], 'restore');
is(sql(q{SELECT md5(string_agg(concat_ws('|', name, owner, schedule, command, enabled), ',' ORDER BY name)) FROM dbinsight.jobs}, 'restored'),
	sql(q{SELECT md5(string_agg(concat_ws('|', name, owner, schedule, command, enabled), ',' ORDER BY name)) FROM dbinsight.jobs}), 'jobs are there');
is(sql(q{SELECT schedule, enabled FROM dbinsight.jobs WHERE name = 'retention'}, 'restored'), '5 5 * * *|f', 'as a person changed them');
ok(until_true($scheduler_is_there, 'restored'), 'with a scheduler');
is(sql(q{SELECT count(*) FROM dbinsight.job_runs WHERE created_at > (SELECT started_at FROM dbinsight.scheduler)}, 'restored'), '0', 'which makes up nothing');

$node->stop;
done_testing();
