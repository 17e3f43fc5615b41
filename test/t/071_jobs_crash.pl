# Jobs without preloading, without free workers, and through crashes of everything that takes part.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time sleep);

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "timezone = 'UTC'\nrestart_after_crash = on\nlog_min_messages = warning\nautovacuum = off");
$node->start;

sub sql
{
	my ($statement) = @_;
	return $node->safe_psql('postgres', $statement);
}

# psql of a query while the server recovers fails, and is tried again.
sub until_true
{
	my ($query) = @_;
	return $node->poll_query_until('postgres', $query);
}

sub recovers { return until_true('SELECT NOT pg_is_in_recovery()') }

sub run { sql("SELECT dbinsight.run_job('$_[0]')") }

sub is_running { return until_true("SELECT count(*) = 1 FROM dbinsight.job_runs r JOIN pg_stat_activity a USING (pid) WHERE r.job = '$_[0]' AND r.state = 'running' AND a.wait_event = 'PgSleep'") }

sub states { return sql("SELECT string_agg(state || coalesce(' ' || sqlstate, ''), ', ' ORDER BY id) FROM dbinsight.job_runs WHERE job = '$_[0]'") }

sub scheduler_runs { return until_true('SELECT dbinsight._scheduler_pid() IS NOT NULL') }

sql(q{CREATE EXTENSION dbinsight; UPDATE dbinsight.jobs SET enabled = false;
	CREATE TABLE log (note text);
	INSERT INTO dbinsight.jobs (name, schedule, command) VALUES ('note', '@yearly', 'INSERT INTO log VALUES (1)'), ('fail', '@yearly', 'SELECT 1/0');
	INSERT INTO dbinsight.jobs (name, schedule, command, max_attempts, retry_delay) VALUES ('sleep', '@yearly', 'SELECT pg_sleep(600)', 2, '0')});

# ---- driven from outside

is(sql('SELECT dbinsight._is_preloaded(), dbinsight._scheduler_pid() IS NULL'), 'f|t', 'nothing starts by itself');
is(sql('SELECT * FROM dbinsight.run_due()'), '', 'nothing is due');
run('note');
run('fail');
is(sql('SELECT job, status, elapsed_ms > 0 FROM dbinsight.run_due()'), "note|succeeded|t\nfail|failed|t", 'run_due() runs what is due and waits for it');
is(sql('SELECT count(*) FROM log'), '1', 'in its own transaction');
is(sql('SELECT * FROM dbinsight.run_due()'), '', 'once');
is(sql('SELECT dbinsight._scheduler_pid() IS NULL'), 't', 'and leaves nothing behind');
run('note');
is(sql(q{BEGIN; INSERT INTO log VALUES (2); SELECT status FROM dbinsight.run_due(); COMMIT}), 'to be looked at when this transaction has committed',
	'a transaction that has written, and may hold locks, is not kept waiting');
ok(until_true(q{SELECT count(*) = 3 FROM log}), 'it runs after the commit');

# ---- start and stop

is(sql('SELECT dbinsight.start_worker()'), 't', 'start_worker()');
ok(scheduler_runs(), 'starts a scheduler');
is(sql('SELECT dbinsight.start_worker()'), 'f', 'once');
run('note');
ok(until_true('SELECT count(*) = 4 FROM log'), 'which runs what is due');
is(sql('SELECT dbinsight.stop_worker()'), 't', 'stop_worker()');
ok(until_true('SELECT dbinsight._scheduler_pid() IS NULL'), 'ends it');
is(sql('SELECT dbinsight.stop_worker()'), 'f', 'once');
my ($rc, $out, $err) = $node->psql('postgres', 'BEGIN; SELECT dbinsight.start_worker(); ROLLBACK');
sleep 1;
is(sql('SELECT dbinsight._scheduler_pid() IS NULL'), 't', 'a transaction that is rolled back starts none');

# ---- the same work is never done by two

sql('SELECT dbinsight.start_worker()');
ok(scheduler_runs(), 'a scheduler');
run('sleep');
ok(is_running('sleep'), 'with a job at work');
sql('SELECT dbinsight.stop_worker()');
ok(until_true('SELECT dbinsight._scheduler_pid() IS NULL'), 'is stopped');
sql('SELECT dbinsight.start_worker()');
ok(scheduler_runs(), 'its successor');
sleep 1;
is(states('sleep'), 'running', 'knows that the job is at work');

# ---- a worker is killed

kill 'KILL', sql(q{SELECT pid FROM dbinsight.job_runs WHERE job = 'sleep' AND state = 'running'});
ok(recovers(), 'a worker is killed, and the server recovers');
ok(scheduler_runs(), 'the scheduler, which is no worker of a preloaded library, comes back');
ok(is_running('sleep'), 'the job is tried again');
is(states('sleep'), 'failed 57P02, running', 'as its row says');
sql(q{SELECT pg_terminate_backend(pid) FROM dbinsight.job_runs WHERE job = 'sleep' AND state = 'running'});
ok(until_true(q{SELECT count(*) = 0 FROM dbinsight.job_runs WHERE state = 'running'}), 'a worker is told to end');
is(states('sleep'), 'failed 57P02, failed 57P02', 'which is no success either, and the last attempt');

# ---- the scheduler is killed while a job runs

run('sleep');
ok(is_running('sleep'), 'a job is at work');
kill 'KILL', sql('SELECT dbinsight._scheduler_pid()');
ok(recovers(), 'the scheduler is killed, and the server recovers');
ok(until_true(q{SELECT count(*) = 3 FROM dbinsight.job_runs WHERE job = 'sleep' AND state = 'failed'}), 'the job that was at work is known to be lost');
ok(is_running('sleep'), 'and tried again');

# ---- the server goes down, in order and not

$node->restart;
is(sql(q{SELECT count(*) FROM dbinsight.job_runs WHERE state = 'running'}), '1', 'after a restart nobody has looked yet');
sql('SELECT dbinsight.start_worker()');
ok(until_true(q{SELECT count(*) = 0 FROM dbinsight.job_runs WHERE state = 'running'}), 'then the job is known to be lost');
run('sleep');
ok(is_running('sleep'), 'a job is at work');
$node->stop('immediate');
$node->start;
sql(q{UPDATE dbinsight.jobs SET max_attempts = 1 WHERE name = 'sleep'; SELECT dbinsight.start_worker()});
ok(until_true(q{SELECT count(*) = 0 FROM dbinsight.job_runs WHERE state = 'running'}), 'and after a crash');
sql('SELECT dbinsight.stop_worker()');
ok(until_true('SELECT dbinsight._scheduler_pid() IS NULL'), 'the scheduler ends');

# A scheduler that died between making a run and starting its worker
sql(q{INSERT INTO dbinsight.job_runs (job, owner, command, timeout, due, state) SELECT name, owner, command, timeout, now(), 'starting' FROM dbinsight.jobs WHERE name = 'note'});
my $notes = sql('SELECT count(*) FROM log');
is(sql('SELECT job, status FROM dbinsight.run_due()'), 'note|succeeded', 'a run that nobody has taken is due again');
is(sql('SELECT count(*) FROM log'), $notes + 1, 'once');

# ---- an owner who cannot do much

sql(q{CREATE ROLE ann LOGIN; INSERT INTO dbinsight.jobs (name, schedule, command, owner) VALUES ('ann', '@yearly', 'SELECT 1', 'ann')});
sql('REVOKE CONNECT ON DATABASE postgres FROM PUBLIC');
run('ann');
is(sql('SELECT job, status FROM dbinsight.run_due()'), 'ann|failed', 'a role that may not connect');
is(sql(q{SELECT sqlstate FROM dbinsight.job_runs WHERE job = 'ann'}), '42501', 'fails its job');

# ---- no free worker

$node->append_conf('postgresql.conf', 'max_worker_processes = 0');
$node->restart;
run('note');
is(sql('SELECT job, status FROM dbinsight.run_due()'), 'jobs|no free worker process', 'without workers run_due() says so');
$node->append_conf('postgresql.conf', 'max_worker_processes = 2');
$node->restart;
# The server itself has one, for logical replication; run_due() takes the other.
is(sql('SELECT * FROM dbinsight.run_due()'), '', 'with one alone no job can run');
is(sql(q{SELECT waiting FROM dbinsight.job_status WHERE job = 'note'}), 'a free worker process: max_worker_processes is 2', 'as its row says');
like(sql(q{SELECT note FROM dbinsight.status() WHERE item = 'waiting'}), qr/free worker process/, 'and status()');
$node->append_conf('postgresql.conf', 'max_worker_processes = 8');
$node->restart;
is(sql('SELECT job, status FROM dbinsight.run_due()'), 'note|succeeded', 'with one more it does');

# ---- a submitted question that has lost its worker is picked up

sql(q{INSERT INTO dbinsight.chat_conversations (id, user_id) VALUES ('11111111-1111-1111-1111-111111111111', 'postgres');
	INSERT INTO dbinsight.submitted (id, conversation, question, user_id, login, role, state, attempts, pid)
	VALUES ('22222222-2222-2222-2222-222222222222', '11111111-1111-1111-1111-111111111111', 'Which jobs failed in the last 24 hours?', 'postgres', 'postgres', 'postgres', 'running', 1, 1)});
sql('SELECT dbinsight.start_worker()');
ok(until_true(q{SELECT state = 'done' AND attempts = 2 FROM dbinsight.submitted}), 'a question whose worker was lost is answered');

# ---- everything that preloading brings is killed in turn

$node->append_conf('postgresql.conf', "shared_preload_libraries = 'dbinsight'\ndbinsight.launcher_interval = '1s'");
$node->restart;
ok(scheduler_runs(), 'preloaded, the scheduler starts by itself');
kill 'KILL', sql(q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'dbinsight launcher'});
ok(recovers(), 'the launcher is killed, and the server recovers');
ok(until_true(q{SELECT count(*) = 2 FROM pg_stat_activity WHERE backend_type IN ('dbinsight launcher', 'dbinsight scheduler')}), 'it comes back, with one scheduler');
kill 'KILL', sql('SELECT dbinsight._scheduler_pid()');
ok(recovers(), 'the scheduler is killed, and the server recovers');
ok(scheduler_runs(), 'it comes back');
$notes = sql('SELECT count(*) FROM log');
run('note');
ok(until_true("SELECT count(*) = $notes + 1 FROM log"), 'and works');
sleep 12;
is(sql(q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'dbinsight scheduler'}), '1', 'that of the launcher and that of the crash are one');
my $began = time;
$node->stop('fast');
cmp_ok(time - $began, '<', 10, 'a fast shutdown is fast');

done_testing();
