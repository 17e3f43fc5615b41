# Ingestion from the emulator's scripted engine: windows, watermarks, late and changed rows, drift, faults, sources that are not there.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../emulator";
use Emulator;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'no python3' unless defined Emulator::python();

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "timezone = 'UTC'\nfsync = off\ndbinsight.allow_private_addresses = on\ndbinsight.databricks_server = 'ws'");
$node->start;
my $emulator = Emulator->start;
my $url = $emulator->url;
my $token = $emulator->token;
my $clock = '2026-06-15 12:00:00+00';

# (standard output, standard error) of a session at $clock
sub session
{
	my ($statements) = @_;
	my ($out, $err);
	$node->psql('postgres', "SET dbinsight.now = '$clock';\n$statements", stdout => \$out, stderr => \$err);
	return ($out, $err);
}

# Within ten seconds, however busy the machine is.
sub comes_true
{
	my ($condition) = @_;
	for (1 .. 100)
	{
		return 1 if $condition->();
		select(undef, undef, undef, 0.1);
	}
	return 0;
}

sub rows { my ($statements) = @_; my ($out) = session($statements); return $out }

# The bounds of the statements since the log was emptied.
sub bounds
{
	return map { join ' .. ', map { $_->{value} } @{ $_->{parameters} } }
		grep { defined $_->{parameters} && @{ $_->{parameters} } } map { $_->{request} } $emulator->statements;
}

sub event
{
	my ($id, $time, %more) = @_;
	return [$id, $time, '2026-06-14', 'acme', $more{action} // 'login', $more{response} // '{"status_code":200}', $more{user} // '{"email":"ann@example.com"}'];
}

# Types that JSON has: the others are strings there.
my @event_columns = map { { name => $_->[0], type => $_->[1] } } ['event_id', 'STRING'], ['event_time', 'TIMESTAMP'], ['event_date', 'DATE'], ['account_id', 'STRING'],
	['action_name', 'STRING'], ['response', 'STRUCT<status_code: INT>'], ['user_identity', 'STRUCT<email: STRING>'];

# Rows as a statement of ingestion gets them: one JSON object each, without the members that are null.
sub objects
{
	my ($columns, @rows) = @_;
	my $json = JSON::PP->new->canonical;
	return columns => [ { name => 'row', type => 'STRING' } ], rows => [ map { my $row = $_;
		[ '{' . join(',', map { $json->allow_nonref->encode($columns->[$_]{name}) . ':' . ($columns->[$_]{type} =~ /^(STRUCT|INT|DECIMAL)/ ? $row->[$_] : $json->encode($row->[$_])) }
			grep { defined $row->[$_] } 0 .. $#$columns) . '}' ] } @rows ];
}

sub audit
{
	my (@rows) = @_;
	return $emulator->script(match => 'audit', objects(\@event_columns, @rows));
}

$node->safe_psql('postgres', 'CREATE EXTENSION dbinsight');
my ($out, $err) = session(q{SELECT * FROM dbinsight.ingest('system.access.audit')});
like($err, qr/ERROR: .*server "ws" does not exist/, 'a server that is not there is named');
($out, $err) = session(q{SET dbinsight.databricks_server = ''; SELECT * FROM dbinsight.ingest()});
like($err, qr/no Databricks workspace is set\nHINT: .*SET dbinsight\.databricks_server/s, 'without a server: what to do');
$node->safe_psql('postgres', qq{
	SET log_statement = none; -- the server's log is searched for the token below
	CREATE SERVER ws FOREIGN DATA WRAPPER databricks OPTIONS (host '$url', warehouse_id 'abcdef0123456789');
	CREATE USER MAPPING FOR CURRENT_USER SERVER ws OPTIONS (token '$token');});

# ---- windows and the watermark
audit(event('a1', '2026-06-14T10:00:00.000Z'), event('a2', '2026-06-14T11:00:00.123456Z'));
is(rows(q{SELECT source, rows_read, rows_written, watermark FROM dbinsight.ingest('system.access.audit', '2026-06-13 12:00+00')}),
	'system.access.audit|4|2|2026-06-14 11:00:00.123456+00', 'a window of two days: two slices; rows that come twice are written once');
is_deeply([ bounds() ], [ '2026-06-13T12:00:00.000000Z .. 2026-06-14T12:00:00.000000Z', '2026-06-14T12:00:00.000000Z .. 2026-06-15T12:00:00.000000Z' ],
	'each slice is a statement with bound parameters');
is(rows(q{SELECT state, slices, slices_done, rows_read, rows_written, bytes > 0, requests > 0, attempt, sqlstate IS NULL, ended_at >= started_at FROM dbinsight.ingest_runs}),
	'succeeded|2|2|4|2|t|t|1|t|t', 'the run says what it did');
is(rows(q{SELECT event_id, user_identity_email, status_code FROM dbinsight.fact_audit_logs ORDER BY 1}), "a1|ann\@example.com|200\na2|ann\@example.com|200", 'structs arrive in their columns');

# ---- the next one goes on, less the overlap of two days; a late row comes in, a known one does not double
$emulator->reset;
audit(event('a0', '2026-06-13T23:00:00Z'), event('a1', '2026-06-14T10:00:00.000Z'));
$clock = '2026-06-15 18:00:00+00';
is(rows(q{SELECT rows_written FROM dbinsight.ingest('system.access.audit')}), '1', 'a late row inside the overlap is written');
is((bounds())[0], '2026-06-13T12:00:00.000000Z .. 2026-06-14T12:00:00.000000Z', 'the window begins an overlap before what was read');
is(rows(q{SELECT read_until, watermark FROM dbinsight.ingest_state WHERE source = 'system.access.audit'}), '2026-06-15 18:00:00+00|2026-06-14 11:00:00.123456+00',
	'a watermark never goes back');
$clock = '2026-06-15 13:00:00+00';
session(q{SELECT * FROM dbinsight.ingest('system.access.audit')});
is(rows(q{SELECT read_until FROM dbinsight.ingest_state WHERE source = 'system.access.audit'}), '2026-06-15 13:00:00+00', 'the clock was ahead and was set back: what is still to come was not read');
$clock = '2026-06-15 18:00:00+00';
session(q{SELECT * FROM dbinsight.ingest('system.access.audit')});
session(q{SELECT * FROM dbinsight.ingest('system.access.audit', '2026-06-16', '2026-06-17')});
is(rows(q{SELECT read_until FROM dbinsight.ingest_state WHERE source = 'system.access.audit'}), '2026-06-15 18:00:00+00', 'a window in the future reads nothing and moves nothing');
$clock = '2026-06-20 00:00:00+00';
session(q{SELECT * FROM dbinsight.ingest('system.access.audit', '2026-06-18', '2026-06-19')});
is(rows(q{SELECT read_until FROM dbinsight.ingest_state WHERE source = 'system.access.audit'}), '2026-06-15 18:00:00+00', 'a window that leaves a gap does not hide it');

# ---- what is wrong with a row, and with a schema
$emulator->reset;
$emulator->script(match => 'audit', objects([ @event_columns, { name => 'novelty', type => 'INT' } ],
	[ @{ event('a3', '2026-06-19T10:00:00Z') }, '7' ], [ @{ event('a4', 'yesterday') }, '8' ], [ @{ event('a5', '2026-06-19T10:00:01Z', response => '{"status_code":"many"}') }, undef ],
	[ @{ event('a6', '2026-06-19T10:00:02Z', user => '{"email":"\\u0000"}') }, undef ]));
($out, $err) = session(q{SELECT rows_read, rows_written FROM dbinsight.ingest('system.access.audit', '2026-06-19')});
is($out, '4|1', 'rows that do not fit are set aside, the rest lands');
like($err, qr/WARNING: .*3 of 4 rows of "system.access.audit" were set aside/, '... with a warning');
is(rows(q{SELECT extra FROM dbinsight.fact_audit_logs WHERE event_id = 'a3'}), '{"novelty": 7}', 'a new column is kept');
is(rows(q{SELECT column_name FROM dbinsight.rejected_rows ORDER BY 1}), "event_time\nstatus_code\n", '... and why is said, of one that jsonb cannot hold too');

# ---- change logs, restatements
$emulator->reset;
my @job_columns = map { { name => $_, type => $_ eq 'change_time' ? 'TIMESTAMP' : 'STRING' } } qw(account_id workspace_id job_id name change_time);
$emulator->script(match => 'lakeflow`.`jobs`', objects(\@job_columns, [ 'acme', 'w', 'j', 'old', '2019-01-01T00:00:00Z' ], [ 'acme', 'w', 'j', 'new', '2026-06-01T00:00:00Z' ]));
rows(q{SELECT * FROM dbinsight.ingest('system.lakeflow.jobs')});
is(rows(q{SELECT job_name, is_current FROM dbinsight.dim_job ORDER BY change_time}), "old|f\nnew|t", 'a change log is read from its beginning, in one statement');
like((bounds())[-1], qr/^2016-.* \.\. 2026-/, 'ten years of it');
my @usage_columns = map { { name => $_->[0], type => $_->[1] } } ['record_id', 'STRING'], ['account_id', 'STRING'], ['workspace_id', 'STRING'], ['sku_name', 'STRING'], ['cloud', 'STRING'],
	['usage_start_time', 'TIMESTAMP'], ['usage_end_time', 'TIMESTAMP'], ['usage_date', 'DATE'], ['usage_unit', 'STRING'], ['usage_quantity', 'DECIMAL(38,18)'], ['record_type', 'STRING'], ['ingestion_date', 'DATE'];
my @usage = ('acme', 'w', 'SKU', 'AWS', '2026-06-18T10:00:00.000Z', '2026-06-18T11:00:00.000Z', '2026-06-18', 'DBU');
$emulator->script(match => 'billing`.`usage`', objects(\@usage_columns, [ 'u1', @usage, '10.000000000000000000', 'ORIGINAL', '2026-06-18' ]));
rows(q{SELECT * FROM dbinsight.ingest('system.billing.usage', '2026-06-18')});
is_deeply([ grep { /^2026-06-[12]\d \.\./ } bounds() ], [ '2026-06-18 .. 2026-06-19', '2026-06-19 .. 2026-06-20', '2026-06-20 .. 2026-06-21' ], 'a watermark that is a day: whole days');
$emulator->script(match => 'billing`.`usage`', objects(\@usage_columns, [ 'u2', @usage, '-10.0', 'RETRACTION', '2026-06-20' ], [ 'u3', @usage, '4', 'RESTATEMENT', '2026-06-20' ]));
rows(q{SELECT * FROM dbinsight.ingest('system.billing.usage')});
is(rows(q{SELECT sum(usage_quantity)::float8, count(*) FROM dbinsight.fact_usage}), '4|3', 'retractions and restatements end in the right sum');

# ---- all sources: one that fails, one that is not there, one we may not read; the others go on
$emulator->reset;
$emulator->script(objects(\@event_columns));
$emulator->script(match => 'audit', objects(\@event_columns, event('b1', '2026-06-19T12:00:00Z')));
$emulator->script(match => 'query`.`history', error => { message => '[DIVIDE_BY_ZERO] Division by zero. SQLSTATE: 22012', sql_state => '22012', error_code => 'BAD_REQUEST' });
$emulator->script(match => 'table_lineage', error => { message => '[TABLE_OR_VIEW_NOT_FOUND] The table or view cannot be found. SQLSTATE: 42P01', sql_state => '42P01', error_code => 'BAD_REQUEST' });
$emulator->script(match => 'inbound', error => { message => '[INSUFFICIENT_PERMISSIONS] No SELECT. SQLSTATE: 42501', sql_state => '42501', error_code => 'BAD_REQUEST' });
($out, $err) = session(q{UPDATE dbinsight.sources SET first_load = '7 days', slice = '7 days'; CALL dbinsight.ingest_due(true)});
like($err, qr/ERROR:  1 of \d+ sources were not ingested: system\.query\.history\nDETAIL:  The first one: .*Division by zero/, 'the failure is raised at the end');
is(() = $err =~ /WARNING: /g, 3, 'each of the three is told');
is(rows(q{SELECT count(*) FROM dbinsight.fact_audit_logs WHERE event_id = 'b1'}), '1', 'the others are committed');
is(rows(q{SELECT r.source, r.state, r.sqlstate FROM dbinsight.ingest_runs r WHERE r.state NOT IN ('succeeded') ORDER BY 1}),
	"system.access.inbound_network|unavailable|42501\nsystem.access.table_lineage|unavailable|42P01\nsystem.query.history|failed|22012", 'the runs say which');
($out, $err) = session('CALL dbinsight.ingest_due(true)');
is(() = $err =~ /WARNING: /g, 1, 'what is not to be had is told once');
is(rows(q{SELECT s.failures, s.unavailable_since IS NULL FROM dbinsight.ingest_state s WHERE s.source = 'system.query.history'}), '2|t', 'failures in a row are counted');
is(rows(q{SELECT last_error FROM dbinsight.ingest_status WHERE source_table = 'system.query.history'}) =~ /Division by zero/ ? 1 : 0, 1, 'ingest_status shows the error');
my $before = () = $emulator->statements;
($out, $err) = session('CALL dbinsight.ingest_due()');
is(scalar(grep { $_->{statement} !~ /history/ } ($emulator->statements)[ $before .. $before + 50 ] ? grep { defined } ($emulator->statements)[ $before .. $before + 50 ] : ()), 0,
	'what is not due is not asked for; what failed is');
$emulator->script(match => 'query`.`history', objects(\@event_columns));
session('CALL dbinsight.ingest_due()');
is(rows(q{SELECT s.failures, s.last_error IS NULL FROM dbinsight.ingest_state s WHERE s.source = 'system.query.history'}), '0|t', 'and it recovers');

# ---- a named source raises its own error, and nothing of it stays
$emulator->script(match => 'audit', error => { message => '[DIVIDE_BY_ZERO] Division by zero.', sql_state => '22012', error_code => 'BAD_REQUEST' });
($out, $err) = session(q{SELECT * FROM dbinsight.ingest('system.access.audit')});
like($err, qr/ERROR: .*Division by zero/, 'the error of a named source is the caller\'s');
($out, $err) = session(q{SELECT * FROM dbinsight.ingest('system.acess.audit')});
like($err, qr/system\.access\.audit/, 'a name that is not there: the nearest');
($out, $err) = session(q{SELECT * FROM dbinsight.ingest('profile.columns')});
like($err, qr/has no remote table\nHINT: /, 'a source that is loaded by hand');
($out, $err) = session(q{SELECT * FROM dbinsight.ingest('system.access.audit', '2026-06-02', '2026-06-01')});
like($err, qr/ERROR:  since must be before until/, 'a window that ends before it begins');

# ---- faults of the wire
$emulator->reset;
audit(event('c1', '2026-06-19T13:00:00Z'), event('c2', '2026-06-19T14:00:00Z'));
$emulator->fault(fault => 'status', status => 429, retry_after => 1, on => 'execute');
$emulator->fault(fault => 'reset', on => 'storage', times => 2);
is(rows(q{SELECT rows_written FROM dbinsight.ingest('system.access.audit', '2026-06-19 12:00+00')}), '2', 'a 429 and a connection that is lost: the rows come');
$emulator->reset;
audit(event('d1', '2026-06-19T15:00:00Z'), event('d2', '2026-06-19T16:00:00Z'));
$emulator->fault(fault => 'edit', on => 'any', set => { 'manifest.truncated' => JSON::PP::true() }, times => undef);
($out, $err) = session(q{SELECT rows_written FROM dbinsight.ingest('system.access.audit', '2026-06-19 12:00+00')});
like($err, qr/ERROR: /, 'a result that is cut short is an error');
is(rows(q{SELECT count(*) FROM dbinsight.fact_audit_logs WHERE event_id LIKE 'd%'}), '0', '... and leaves nothing');
unlike($node->safe_psql('postgres', q{SELECT string_agg(message || coalesce(hint, ''), '') FROM dbinsight.ingest_runs}) . PostgreSQL::Test::Utils::slurp_file($node->logfile), qr/\Q$token\E/, 'the token is in no run and no log');

# ---- a result that is too large: the slice is read in halves, as long as it can be
my @row = (columns => [ { name => 'row', type => 'STRING' } ]);
$emulator->reset;
audit(event('d1', '2026-06-19T15:00:00Z'), event('d2', '2026-06-19T16:00:00Z'));
$emulator->script(match => 'audit', @row, range => 2_000_000_000, pad => 90, chunk_rows => 200_000, times => 3); # 200 GB
($out, $err) = session(q{SELECT rows_read, rows_written FROM dbinsight.ingest('system.access.audit', '2026-06-19 12:00+00')});
is($out, '8|2', '200 GB thrice: what was asked for again in smaller windows comes whole');
is_deeply([ map { s/T|:00\.000000Z|2026-06-//gr } (bounds())[ -7 .. -1 ] ], [ '1912:00 .. 2000:00', '1912:00 .. 1918:00', '1912:00 .. 1915:00', '1912:00 .. 1913:30', '1913:30 .. 1915:00',
	'1915:00 .. 1918:00', '1918:00 .. 2000:00' ], '... in half, half of that, and the rest of each');
like($err, qr/NOTICE: .*the slice from 2026-06-19T12:00:00\.000000Z to 2026-06-20T00:00:00\.000000Z is too large and is read in halves/, '... which a NOTICE tells');
is(rows(q{SELECT state, slices, slices_done FROM dbinsight.ingest_runs ORDER BY id DESC LIMIT 1}), 'succeeded|4|4', '... and the run');
is(rows(q{SELECT read_until FROM dbinsight.ingest_state WHERE source = 'system.access.audit'}), '2026-06-20 00:00:00+00', '... and the whole window is read');
is(scalar(grep { $_->{operation} eq 'storage' && $_->{sent} > 1_000_000 } $emulator->requests), 0, 'of what is too large nothing was fetched');

$emulator->reset;
$emulator->script(match => 'audit', @row, range => 2_000_000_000, pad => 90, chunk_rows => 200_000);
($out, $err) = session(q{\set VERBOSITY verbose
	SELECT * FROM dbinsight.ingest('system.access.audit', '2026-06-19 23:56+00')});
like($err, qr/ERROR: +54000: .*the warehouse cut the result short/, 'what one minute has may be too large: an error');
is((bounds())[-1], '2026-06-19T23:56:00.000000Z .. 2026-06-19T23:57:00.000000Z', '... and only then');

$emulator->reset;
$emulator->script(match => 'audit', @row, range => 3000, pad => 100);
$emulator->fault(fault => 'edit', on => $_, set => { 'manifest.total_byte_count' => 1 }, times => undef) for qw(execute poll);
($out, $err) = session(q{\set VERBOSITY verbose
	SET dbinsight.max_result_bytes = '64kB'; SELECT * FROM dbinsight.ingest('system.access.audit', '2026-06-19 23:59+00')});
like($err, qr/ERROR: +54000: .*the result is larger than 64 kB.*HINT: .*dbinsight\.max_result_bytes/s, 'more than was announced: as much an error');
is(rows(q{SELECT string_agg(concat_ws(' ', low, high, since, until), ', ' ORDER BY since) FROM dbinsight._ingest_halves('DATE', '2026-06-01', '2026-06-04', '2026-06-01 05:00+00', '2026-06-03 20:00+00')}),
	'2026-06-01 2026-06-02 2026-06-01 05:00:00+00 2026-06-02 00:00:00+00, 2026-06-02 2026-06-04 2026-06-02 00:00:00+00 2026-06-03 20:00:00+00', 'days are halved at midnight');
is(rows(q{SELECT count(*) FROM dbinsight._ingest_halves('DATE', '2026-06-01', '2026-06-02', '2026-06-01 05:00+00', '2026-06-02 00:00+00')}), '0', 'one day is not');

# ---- what happens meanwhile: the source changes while its rows come; the next slice runs while one is written
my $ingest = q{SELECT rows_read, rows_written FROM dbinsight.ingest('system.access.audit', '2026-06-18', '2026-06-20');};
my $meanwhile = sub {
	my ($does) = @_;
	my $before = $emulator->statements;
	my $session = $node->background_psql('postgres', on_error_stop => 0);
	$session->query_until(qr/go/, "\\echo go\nSET dbinsight.now = '$clock'; $ingest\n");
	comes_true(sub { $emulator->statements > $before }) or die 'no statement is sent';
	$does->($before);
	$session->query_until(qr/end/, "\\echo end\n");
	my $said = $session->{stderr};
	$session->quit;
	return $said;
};
$emulator->reset;
$emulator->script(match => 'audit', objects(\@event_columns, event('e1', '2026-06-18T15:00:00Z')), seconds => 2);
$err = $meanwhile->(sub { $node->safe_psql('postgres', q{UPDATE dbinsight.sources SET mapping = mapping || '{"user_agent": "agent"}' WHERE source = 'system.access.audit'}) });
like($err, qr/ERROR: .*source "system\.access\.audit" or its gold table was changed while its rows were read/, 'rows typed by a mapping that has changed are not written');
is(rows(q{SELECT count(*) FROM dbinsight.fact_audit_logs WHERE event_id = 'e1'}), '0', '... none of them');

$emulator->reset;
audit(event('e1', '2026-06-18T15:00:00Z'), event('e2', '2026-06-18T15:00:01Z'));
my $loader = $node->background_psql('postgres');
$loader->query_safe(q{BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('dbinsight load of fact_audit_logs', 0))});
$node->safe_psql('postgres', q{UPDATE dbinsight.sources SET slice = '1 day' WHERE source = 'system.access.audit'});
my $ahead;
$err = $meanwhile->(sub {
	my ($before) = @_;
	$ahead = comes_true(sub { $emulator->statements == $before + 2 });
	$loader->quit;
});
ok($ahead, 'while one slice waits to be written, the statement of the next one is under way');
is(rows(q{SELECT state, slices, slices_done, rows_read, rows_written FROM dbinsight.ingest_runs ORDER BY id DESC LIMIT 1}), 'succeeded|2|2|4|2', '... and both are written') or diag $err;

# ---- two sessions, cancel, rights
$emulator->reset;
$emulator->script(match => 'audit', objects(\@event_columns), hold => JSON::PP::true());
my $held = $node->background_psql('postgres', on_error_stop => 0);
$held->query_until(qr/go/, "\\echo go\nSELECT count(*) FROM dbinsight.ingest('system.access.audit', now() - interval '1 hour');\n");
$node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 214}) or die 'nobody ingests';
($out, $err) = session(q{SELECT * FROM dbinsight.ingest('system.access.audit')});
like($err, qr/is being ingested by another session/, 'a source is ingested by one session at a time');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.relation = 'dbinsight.fact_audit_logs'::regclass AND a.query LIKE '%ingest(%' AND a.pid <> pg_backend_pid()}), '0',
	'while the network is waited for, the gold table is not locked');
comes_true(sub { scalar $emulator->statements }) or die 'no statement is sent';
$node->safe_psql('postgres', q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE '%ingest(%' AND pid <> pg_backend_pid()});
$held->quit;
ok(comes_true(sub { scalar grep { $_->{cancel_requests} } $emulator->statements }), 'a cancel reaches the warehouse');
$node->safe_psql('postgres', 'CREATE ROLE looker LOGIN IN ROLE dbinsight_reader');
(undef, undef, $err) = $node->psql('postgres', 'SELECT * FROM dbinsight.ingest()', extra_params => [ '-U', 'looker' ]);
like($err, qr/permission denied for function ingest/, 'a reader does not ingest');
(undef, undef, $err) = $node->psql('postgres', 'CALL dbinsight.ingest_due()', extra_params => [ '-U', 'looker' ]);
like($err, qr/permission denied for procedure ingest_due/, 'nor by the procedure');

done_testing();
