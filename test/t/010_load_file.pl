# load_file(): newline-delimited JSON and arrays, positions of what is wrong, who may read.
use strict;
use warnings;
use File::Temp qw(tempdir);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION dbinsight');
my $dir = PostgreSQL::Test::Utils::tempdir;

sub file
{
	my ($name, $content) = @_;
	open my $f, '>:raw', "$dir/$name" or die $!;
	print $f $content;
	close $f;
	return "$dir/$name";
}

sub load
{
	my ($path, $role) = @_;
	my $set = $role ? "SET ROLE $role;" : '';
	my ($rc, $out, $err) = $node->psql('postgres', "$set SELECT dbinsight.load_file('system.access.audit', '$path')");
	$err =~ s/\Q$dir\E\///g;
	return ($out, $err);
}

my $event = '{"event_id": "%s", "event_time": "2025-03-01T00:00:00Z"}';
my ($out, $err) = load(file('two.ndjson', sprintf("$event\n$event\n", 'a', 'b')));
is($out, '2', 'newline-delimited rows');
($out) = load("$dir/two.ndjson");
is($out, '0', 'the same file changes nothing');
($out) = load(file('array.json', sprintf("[\n $event ,\n$event]\n", 'c', 'd')));
is($out, '2', 'an array over lines');
($out, $err) = load(file('crlf.ndjson', sprintf("$event\r\n\r\n$event", 'e', 'f')));
is($out, '2', 'CRLF, empty lines, no newline at the end');
($out, $err) = load(file('empty.json', ''));
is($out, '0', 'an empty file');

# Larger than the chunk it is read in: rows are cut anywhere, also inside a character.
my $long = join '', map { sprintf("{\"event_id\": \"é%d\", \"event_time\": \"2025-03-01T00:00:00Z\", \"user_agent\": \"%s\"}\n", $_, 'ü' x 100) } 1 .. 2000;
($out, $err) = load(file('long.ndjson', $long));
is($out, '2000', 'rows cut by the read buffer');

my %wrong = (
	'comma.ndjson' => [ sprintf("$event\n{\"a\": 1,}\n", 'x1'), qr/line 2, character \d+ of "comma.ndjson" is not JSON/ ],
	'cut.json' => [ sprintf("[$event,\n{\"event_id\": \"x", 'x2'), qr/line 2, character \d+ of "cut.json" is not JSON: the value does not end/ ],
	'open.json' => [ sprintf("[$event", 'x3'), qr/is not JSON: the array does not end/ ],
	'after.json' => [ sprintf("[$event] more", 'x4'), qr/text after the end of the array/ ],
	'nocomma.json' => [ sprintf("[$event\n $event]", 'x5', 'x6'), qr/line 2, character 2 of .*a comma or the end of the array was expected/ ],
	'latin.json' => [ sprintf("$event\n{\"event_id\": \"caf\xe9\"}\n", 'x7'), qr/line 2, character 18 of "latin.json" is not JSON: invalid UTF-8/ ],
	'outside.json' => [ sprintf("$event\né\n", 'x8'), qr/line 2, character 1 of "outside.json" is not JSON/ ],
	'binary' => [ "\xff\xfe\x00\x01", qr/line 1, character 1 of "binary" is not JSON/ ],
	'wide.json' => [ '{"a": [' . '[],' x 1_100_000 . '1]}', qr/more than a million brackets and commas/ ],
	'deep.json' => [ ('[' x 2) . ('{"a":' x 100), qr/is not JSON/ ]);
foreach my $name (sort keys %wrong)
{
	($out, $err) = load(file($name, $wrong{$name}[0]));
	like($err, $wrong{$name}[1], "$name names the position");
	like($err, qr/Nothing was loaded/, "$name loads nothing");
}
is($node->safe_psql('postgres', "SELECT count(*) FROM dbinsight.fact_audit_logs WHERE event_id LIKE 'x%'"), '0', 'nothing of the broken files landed');

# JSON that the database cannot hold is a bad row, not a bad file.
($out, $err) = load(file('nul.ndjson', sprintf("$event\n{\"event_id\": \"\\u0000\"}\n7\n{\"event_id\": 1e999999}\n", 'g')));
is($out, '1', 'the good row beside one that cannot be stored');
is($node->safe_psql('postgres', 'SELECT count(*) FROM dbinsight.rejected_rows'), '3', 'all bad rows set aside');

($out, $err) = load("$dir/nowhere");
like($err, qr/could not open file/, 'a missing file');
($out, $err) = load($dir);
like($err, qr/is not a regular file/, 'a folder');

$node->safe_psql('postgres', 'CREATE ROLE loader IN ROLE dbinsight_admin; CREATE ROLE reader IN ROLE dbinsight_reader');
($out, $err) = load("$dir/two.ndjson", 'loader');
like($err, qr/permission denied to read files on the server/, 'an admin without pg_read_server_files');
$node->safe_psql('postgres', 'GRANT pg_read_server_files TO loader');
($out, $err) = load("$dir/two.ndjson", 'loader');
is($out, '0', 'an admin with it');
($out, $err) = load("$dir/two.ndjson", 'reader');
like($err, qr/permission denied for function load_file/, 'a reader');

# A file's rows are read from their text, load_rows()' from jsonb: whatever is odd in them, they are the same rows.
my @odd = map { "{\"event_id\": \"odd$_->[0]\", \"event_time\": \"2025-03-02T00:00:00Z\", $_->[1]}" } (
	[1, '"version": 2.0, "status": {"a": null, "b": [1, {"c": null}]}, "user_identity": {"email": "a@b.c", "more": 1, "none": null, "deep": {"x": [null]}}'],
	[2, '"action_name": "one", "action_name": "two", "left": 1, "left": 2, "account_id": "x", "account_id": null'],
	[3, '"user_identity": {"email": "a"}, "user_identity": {"subject_name": "b"}, "gone": 1, "gone": null'],
	[4, '"user_agent": "tab\t line\n quote\" back\\\\ slash\/", "session_id": "\u00e9\ud83d\ude00", "\u0061ction_name": "escaped", "": "no name", "a b": {}'],
	[5, '"user_agent": true, "session_id": {"a": [1, 2]}, "request_id": 1.50, "account_id": 1e3, "audit_level": -0, "other": 12345678901234567890.123456789'],
	[6, '"response": "{\"status_code\": \"200\", \"left\": 1}", "request_params": "{\"a\": 1}"'],
	[7, '"response": "no JSON"'], [8, '"response": 7'], [9, '"response": {"status_code": "many"}'], [10, '"response": null, "request_params": {}, "identity_metadata": []'],
	[11, '"request_params": {"workspace_id": "9", "nested": {"deep": [[], {}, null, "x"]}}, "workspace_id": "0", "response": {"statusCode": 403, "result": "{}"}'],
	[12, '"event_date": "", "status": ' . ('[' x 40) . (']' x 40)], [13, '"status": ' . ('[' x 70) . (']' x 70)], [14, '"response": {"status_code": 1e2}, "event_date": "2025-03-02"'],
	[15, '"user_agent": "a\u0000b"'], [16, '"user_identity": {}, "response": {"left": {"over": 1}}'], [17, '"user_agent": "\ud83d"'], [18, '"user_agent": "a' . ('x' x 5000) . '"']);
my $odd_rows = q{SELECT to_jsonb(f) FROM dbinsight.fact_audit_logs f WHERE event_id LIKE 'odd%' ORDER BY event_id; SELECT reason, column_name, "row" FROM dbinsight.rejected_rows ORDER BY row_hash;};
my $forget = q{DELETE FROM dbinsight.fact_audit_logs WHERE event_id LIKE 'odd%'; DELETE FROM dbinsight.rejected_rows;};
# What jsonb cannot hold would not reach load_rows().
my $odd_file = file('odd.json', '[' . join(",\n", (grep { !/odd1[357]"/ } @odd), '3', '"x"', 'null', '[]', '{}', '{"event_id": "odd20"}') . ']');
my @ways = map { $node->safe_psql('postgres', "SET client_min_messages = error; $forget SELECT $_; $odd_rows") }
	("dbinsight.load_file('system.access.audit', '$odd_file')", "dbinsight.load_rows('system.access.audit', pg_read_file('$odd_file')::jsonb)");
is($ways[0], $ways[1], 'odd rows are the same as text and as jsonb');
like($ways[0], qr/^11\n/, 'most of them are good');
my $bad_file = file('odd-bad.ndjson', join("\n", grep { /odd1[57]"/ } @odd));
is($node->safe_psql('postgres', "SET client_min_messages = error; $forget SELECT dbinsight.load_file('system.access.audit', '$bad_file'); SELECT count(*) FROM dbinsight.rejected_rows"), "0\n2",
	'what jsonb cannot hold is set aside');

# A database that is not UTF-8: text is converted at the border or set aside.
$node->safe_psql('postgres', "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
$node->safe_psql('latin', 'CREATE EXTENSION dbinsight');
my $f = file('latin.ndjson', "{\"event_id\": \"caf\xc3\xa9\", \"event_time\": \"2025-03-01T00:00:00Z\"}\n");
is($node->safe_psql('latin', "SELECT dbinsight.load_file('system.access.audit', '$f'); SELECT length(event_id) FROM dbinsight.fact_audit_logs"), "1\n4", 'LATIN1');

$node->stop;
done_testing();
