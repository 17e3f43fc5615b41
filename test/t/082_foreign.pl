# A gold table changes its place: what depends on it follows, errors leave all as it was, a dump carries the rows.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../emulator";
use Emulator;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'no python3' unless defined Emulator::python();

my $emulator = Emulator->start;
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "timezone = 'UTC'\nfsync = off\nlog_statement = none\ndbinsight.allow_private_addresses = on\n"
	. "dbinsight.databricks_server = 'ws'\ndbinsight.now = '2026-06-15T12:00:00Z'");
$node->start;

sub sql { my ($statements, $database) = @_; return $node->safe_psql($database // 'postgres', $statements) }

# What is said when a statement fails, with its SQLSTATE.
sub refused
{
	my ($statement, $database) = @_;
	my ($out, $err);
	$node->psql($database // 'postgres', "\\set VERBOSITY verbose\n$statement", stdout => \$out, stderr => \$err);
	return $err =~ s/^.*?ERROR:\s+//sr;
}

# The columns of a remote table, as information_schema has them.
sub columns
{
	my ($table, %types) = @_;
	$emulator->script(match => "information_schema.*= '$table'", columns => [{ name => 'column_name', type => 'STRING' }, { name => 'full_data_type', type => 'STRING' }],
		rows => [map { [$_, $types{$_}] } sort keys %types]);
}

# The statements since forget().
my $forgotten = 0;
sub statements { my @all = map { $_->{statement} } $emulator->statements; return @all[$forgotten .. $#all] }
sub forget { $emulator->reset; $forgotten = () = $emulator->statements }

sql(sprintf q{
	CREATE EXTENSION dbinsight;
	CREATE SERVER ws FOREIGN DATA WRAPPER databricks OPTIONS (host '%s', warehouse_id '%s');
	CREATE USER MAPPING FOR PUBLIC SERVER ws OPTIONS (token '%s');
	CREATE ROLE ann IN ROLE dbinsight_reader;
	SELECT dbinsight.load_rows('system.lakeflow.jobs', '[{"workspace_id": "1", "job_id": "7", "name": "nightly", "change_time": "2026-06-01T00:00:00Z"}]');
	SELECT dbinsight.load_rows('system.access.audit', '[{"event_id": "e-1", "event_time": "2026-06-14T22:00:00Z", "action_name": "login", "source_ip_address": "192.0.2.7"}]');
	SELECT dbinsight.load_rows('system.query.history', '[{"statement_id": "s-1", "start_time": "2026-06-14T22:00:00Z", "update_time": "2026-06-14T22:00:01Z"}]');
	CREATE VIEW public.jobs AS SELECT j.job_name AS name FROM dbinsight.dim_job j;
	CREATE VIEW public.statements WITH (security_invoker) AS SELECT q.statement_id AS id FROM dbinsight.fact_query_history q;
	CREATE FUNCTION public.statements_by(person text) RETURNS bigint LANGUAGE sql STABLE
		BEGIN ATOMIC SELECT count(*) FROM dbinsight.fact_query_history q WHERE q.executed_by = statements_by.person; END;
	GRANT EXECUTE ON FUNCTION public.statements_by(text) TO ann}, $emulator->url, $emulator->warehouse, $emulator->token);

my $definitions = q{
	SELECT string_agg(format('%s %s %s', p.oid, p.proacl, pg_get_functiondef(p.oid)), E'\n' ORDER BY p.oid) FROM pg_proc p
		WHERE p.pronamespace IN ('dbinsight'::regnamespace, 'public'::regnamespace) AND p.prokind IN ('f', 'p');
	SELECT string_agg(format('%s %s %s %s', c.oid, c.relacl, c.reloptions, pg_get_viewdef(c.oid)), E'\n' ORDER BY c.oid) FROM pg_class c
		WHERE c.relnamespace IN ('dbinsight'::regnamespace, 'public'::regnamespace) AND c.relkind = 'v' AND c.relname NOT IN ('dim_job', 'fact_query_history')};
my $members = q{SELECT count(*) FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'dbinsight' WHERE d.deptype = 'e'
	AND d.classid = 'pg_class'::regclass};
my $dumped = q{SELECT cardinality(extconfig) FROM pg_extension WHERE extname = 'dbinsight'};
sub definitions { return sql($definitions) =~ s/dbinsight_local\.//gr }
# Made once from its text, as a restored dump makes it, a definition has a text that stays (brackets, names of UNIONs' columns).
sql(q{SET check_function_bodies = off;
	DO $$ DECLARE d text; BEGIN
		FOR d IN SELECT pg_get_functiondef(p.oid) FROM pg_proc p WHERE p.prosqlbody IS NOT NULL LOOP EXECUTE d; END LOOP;
		FOR d IN SELECT format('CREATE OR REPLACE VIEW %s %s AS %s', c.oid::regclass, ' WITH (' || array_to_string(c.reloptions, ', ') || ')', pg_get_viewdef(c.oid))
			FROM pg_class c WHERE c.relnamespace IN ('dbinsight'::regnamespace, 'public'::regnamespace) AND c.relkind = 'v' LOOP EXECUTE d; END LOOP;
	END $$});
my $pristine = definitions();
my $pristine_members = sql($members);
my $pristine_dumped = sql($dumped);

# ---- what is refused, and changes nothing
like(refused(q{SELECT dbinsight.use_foreign('system.lakeflow.nothing')}), qr/^42704: source "system.lakeflow.nothing" does not exist/, 'a source that is not there');
like(refused(q{SELECT dbinsight.use_foreign('profile.columns')}), qr/^55000: source "profile.columns" has no remote table\nHINT:  UPDATE/, 'a source without a remote table');
like(refused(q{SELECT dbinsight.use_foreign('system.information_schema.tables')}), qr/^0A000: .*cannot be foreign\nDETAIL:  The account shows its present state only.*\nHINT:  Leave it local: ingest/, 'a snapshot of the present');
like(refused(q{SELECT dbinsight.use_rollup('system.information_schema.columns')}), qr/^0A000: .*cannot be rollup\nDETAIL/, '... nor a rollup');
like(refused(q{SET dbinsight.databricks_server = ''; SELECT dbinsight.use_foreign('system.lakeflow.jobs')}), qr/^55000: no Databricks workspace is set\nHINT:  CREATE SERVER/, 'no workspace');
like(refused(q{SET ROLE ann; SELECT dbinsight.use_foreign('system.lakeflow.jobs')}), qr/^42501: permission denied/, 'a reader');
$emulator->script(match => 'information_schema', columns => [{ name => 'column_name', type => 'STRING' }, { name => 'full_data_type', type => 'STRING' }], rows => []);
like(refused(q{SELECT dbinsight.use_foreign('system.lakeflow.jobs')}), qr/^42P01: remote table system.lakeflow.jobs does not exist\nHINT:  Or the user/, 'a table the account has not');
columns('jobs', workspace_id => 'STRING', job_id => 'STRING', name => 'STRING', change_time => 'TIMESTAMP', tags => 'MAP<STRING, STRING>', new_field => 'INT');
sql('CREATE MATERIALIZED VIEW public.kept AS SELECT * FROM dbinsight.dim_job');
like(refused(q{SELECT dbinsight.use_foreign('system.lakeflow.jobs')}), qr/^2BP01: cannot change the place of dbinsight\.dim_job: .*kept.* depends on it\nHINT:/s, 'what cannot follow is named');
sql('DROP MATERIALIZED VIEW public.kept');
is(definitions(), $pristine, 'nothing has changed');

# ---- foreign
is(sql(q{SELECT dbinsight.use_foreign('system.lakeflow.jobs')}), 'dim_job', 'use_foreign() gives the gold table');
is(sql(q{SELECT c.relkind, obj_description(c.oid, 'pg_class') = obj_description('dbinsight_local.dim_job'::regclass, 'pg_class'), s.mode
	FROM pg_class c, dbinsight.sources s WHERE c.oid = 'dbinsight.dim_job'::regclass AND s.source = 'system.lakeflow.jobs'}), 'v|t|foreign', 'a view has its name and comment');
is(sql(q{SELECT count(*) FROM (SELECT attname, atttypid, attnum, attcollation FROM pg_attribute WHERE attrelid = 'dbinsight.dim_job'::regclass AND attnum > 0
	EXCEPT SELECT attname, atttypid, attnum, attcollation FROM pg_attribute WHERE attrelid = 'dbinsight_local.dim_job'::regclass) d}), 0, '... and the same columns');
is(definitions(), $pristine, 'functions and views are what they were, with their grants');
is(sql($members), $pristine_members + 1, 'the view and the foreign table are the extension\'s, the table is not');

columns('history', statement_id => 'STRING', start_time => 'TIMESTAMP', update_time => 'TIMESTAMP', executed_by => 'STRING', new_field => 'INT');
is(sql(q{SELECT dbinsight.use_foreign('system.query.history')}), 'fact_query_history', 'a fact too');
my @count = ({ name => 'count', type => 'BIGINT' });
forget();
$emulator->script(match => '^SELECT count', columns => \@count, rows => [['10000000']]);
is(sql('SET ROLE ann; SELECT count(*) FROM dbinsight.fact_query_history'), '10000000', 'ten million rows are counted there');
is(sql(q{SET ROLE ann; SELECT public.statements_by('ann')}), '10000000', "a person's own function follows");
my @sent = statements();
is(scalar @sent, 2, 'one statement each');
like($sent[0], qr/^SELECT count\(\*\) FROM \(SELECT .* FROM `system`\.`query`\.`history` r\) m .* d\) r\d+$/s, 'of which one row is the result');
# From 18 on a function's plan may be made for its argument.
like($sent[1], qr/ WHERE \(r\d+\.`executed_by` = (?::p1|'ann')\)$/, 'with its condition');
like($sent[0], qr/named_struct\('new_field', r\.`new_field`\)/, 'what no column takes is in extra');
like(sql('EXPLAIN (VERBOSE, COSTS OFF) SELECT count(*) FROM public.statements'), qr/^Foreign Scan/, "a person's own view follows");

# ---- a dimension is fetched whole, once
forget();
my @all = split /\n/, sql(q{SELECT attname FROM pg_attribute WHERE attrelid = 'dbinsight._remote_dim_job'::regclass AND attnum > 0 ORDER BY attnum});
$emulator->script(match => 'lakeflow', columns => [map { { name => $_, type => 'STRING' } } @all],
	rows => [map { my %job = (workspace_id => '1', job_id => $_, is_current => 'true'); [@job{@all}] } 7, 8]);
is(sql(q{SELECT string_agg((SELECT j.job_id FROM dbinsight.dim_job j WHERE j.workspace_id = '1' AND j.job_id = k), ',' ORDER BY k) FROM unnest('{8,7}'::text[]) k}), '7,8', 'look-ups in a dimension');
is(scalar(() = statements()), 1, '... are one statement');

# ---- rows do not come here meanwhile
like(refused(q{SELECT dbinsight.load_rows('system.lakeflow.jobs', '[]')}), qr/^55000: source "system.lakeflow.jobs" takes no rows: its mode is foreign\nHINT:  SELECT dbinsight.use_local/, 'load_rows()');
like(refused('SELECT * FROM dbinsight.load_sample(days => 1, scale => 0.01)'), qr/^55000: the rows of source system.lakeflow.jobs are not here/, 'load_sample()');
is(sql(q{SELECT count(*) FROM dbinsight.apply_retention() WHERE table_name = 'dim_job'}), 0, 'retention leaves it alone');

# ---- a fact with partitions, kept as what is derived from it
columns('audit', event_id => 'STRING', event_time => 'TIMESTAMP', action_name => 'STRING', service_name => 'STRING', source_ip_address => 'STRING',
	request_params => 'MAP<STRING, STRING>', user_identity => 'STRUCT<email: STRING, subject_name: STRING>', response => 'STRUCT<status_code: INT, error_message: STRING>');
is(sql(q{SELECT dbinsight.use_rollup('system.access.audit')}), 'fact_audit_logs', 'use_rollup() of a fact');
forget();
is(sql('SET ROLE ann; SELECT count(*), max(source_ip) FROM dbinsight.fact_audit_logs'), '0|', 'the name shows no rows');
is(sql('SELECT count(*) FROM dbinsight.get_failed_auth_attempts()'), 0, '... to tools neither');
is_deeply([statements()], [], 'and the warehouse is not asked');

# ---- dump and restore
mkdir $node->backup_dir;
my $dump = $node->backup_dir . '/foreign.dump';
$node->command_ok([ 'pg_dump', '-Fc', '-f', $dump, $node->connstr('postgres') ], 'dump');
sql('CREATE DATABASE copy');
$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr('copy'), $dump ], 'restore');
is(sql(q{SELECT relkind, (SELECT mode FROM dbinsight.sources WHERE gold_table = 'dim_job') FROM pg_class WHERE oid = 'dbinsight.dim_job'::regclass}, 'copy'), 'r|foreign', 'the restored name is a table');
like(refused(q{SELECT dbinsight.load_rows('system.lakeflow.jobs', '[]')}, 'copy'), qr/its mode is foreign\nHINT:  SELECT dbinsight.use_local/, '... that takes no rows until it is said which it is to be');
like(sql(q{SELECT value || ': ' || note FROM dbinsight.status() WHERE item = 'not in its place' ORDER BY 1 LIMIT 1}, 'copy'), qr/^system\.access\.audit: .*use_rollup\('system/, '... which status() asks for');
columns('jobs', workspace_id => 'STRING', job_id => 'STRING', name => 'STRING', change_time => 'TIMESTAMP');
is(sql(q{SELECT dbinsight.use_foreign('system.lakeflow.jobs'); SELECT relkind FROM pg_class WHERE oid = 'dbinsight.dim_job'::regclass}, 'copy'), "dim_job\nv", 'foreign again');
foreach my $database ('copy', 'postgres')
{
	is(sql(q{SELECT dbinsight.use_local('system.lakeflow.jobs'); SELECT dbinsight.use_local('system.access.audit'); SELECT dbinsight.use_local('system.query.history')}, $database), "dim_job\nfact_audit_logs\nfact_query_history", "$database: use_local()");
	is(sql('SELECT job_name, is_current FROM dbinsight.dim_job', $database), 'nightly|t', '... has the rows');
	is(sql('SELECT event_id, source_ip FROM dbinsight.fact_audit_logs', $database), 'e-1|192.0.2.7', '... of a fact too');
	is(sql(q{SELECT count(*) FROM pg_namespace WHERE nspname = 'dbinsight_local'}, $database), 0, '... and leaves nothing behind');
	is(sql($members, $database), $pristine_members, '... the table is the extension\'s again');
	is(sql($dumped, $database), $pristine_dumped, '... and its rows are dumped');
}
is(definitions(), $pristine, 'there and back, every definition is what it was');
sql(q{SELECT dbinsight.load_rows('system.lakeflow.jobs', '[{"workspace_id": "1", "job_id": "8", "name": "hourly", "change_time": "2026-06-02T00:00:00Z"}]')});
$node->command_ok([ 'pg_dump', '-Fc', '-f', $dump, $node->connstr('postgres') ], 'dump of what has come back');
sql('CREATE DATABASE again');
$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr('again'), $dump ], 'restore');
is(sql('SELECT string_agg(name, \',\' ORDER BY name) FROM public.jobs', 'again'), 'hourly,nightly', 'the rows are there');

$emulator->stop;
done_testing();
