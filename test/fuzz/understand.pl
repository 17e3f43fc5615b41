# understand.pl: inputs for one part of the understanding of questions, until the time is up.
#   normaliser  whole questions, through explain_ask()
#   dates       phrases for periods, through _read_period()
#   entities    questions with names of the account, through plan() and explain_ask()
# Inputs are mutants of what is known: shipped examples, conversations of the gate that may be looked at, phrases from a
# grammar, the account's own names. One that is understood in a way not seen before is kept and mutated on; these are
# written to --keep, a JSON string a line, as test/fuzz/corpus holds a slice of them. An input that is valid text must be read without an error, twice the same, and soon.
use strict;
use warnings;
use utf8;
use FindBin;
use Encode qw(encode_utf8 decode_utf8);
use Getopt::Long;
use JSON::PP;

my %opt = (psql => 'psql', seed => 1, time => 600, batch => 150, slow => 3000, connstr => 'dbname=postgres', target => 'normaliser');
GetOptions(\%opt, 'psql=s', 'seed=i', 'time=i', 'batch=i', 'slow=i', 'connstr=s', 'target=s', 'keep=s', 'dir=s')
	or die "usage: understand.pl --target normaliser|dates|entities --dir FOLDER [--keep FILE]\n";
binmode(STDOUT, ':utf8');
srand($opt{seed});

sub pick { return $_[ int(rand(@_)) ] }
sub chance { return rand() < $_[0] }

# ---- the server ----

sub run_sql
{
	my ($sql) = @_;
	my $file = "$opt{dir}/$opt{target}.sql";
	open(my $out, '>:utf8', $file) or die "$file: $!";
	print $out $sql;
	close $out;
	open(my $in, '-|:utf8', "$opt{psql} -XAtq -v ON_ERROR_STOP=1 -d '$opt{connstr}' -f '$file' 2>&1") or die "psql: $!";
	my @lines = <$in>;
	close $in;
	chomp @lines;
	return ($? == 0, @lines);
}

sub ask_list
{
	my ($sql) = @_;
	my ($ok, @lines) = run_sql($sql);
	die "could not read what is known: @lines\n" unless $ok;
	return @lines;
}

sub quoted
{
	my ($s) = @_;
	$s =~ s/'/''/g;
	$s =~ s/\\/\\\\/g;
	$s =~ s/\n/\\n/g;
	$s =~ s/\r/\\r/g;
	return "E'$s'";
}

# What is understood, in a few words: inputs that share them are of one kind.
my %SIGN = (
	normaliser => q{concat_ws(' ', substring(e from 'kind: (\w+)'), substring(e from 'intent: (\w+)'), least(regexp_count(e, E'\n  "'), 3),
		(SELECT string_agg(DISTINCT s[1], ' ') FROM regexp_matches(e, E'\n  (date|threshold|top_n|severity|regulation|[a-z]+)(?: "|:)', 'g') s),
		(SELECT string_agg(DISTINCT s[1], ' ') FROM regexp_matches(substring(e from E'\nroutes: ([^\n]*)'), '([a-z]+) [0-9]', 'g') s))},
	entities => q{concat_ws(' ', substring(e from 'kind: (\w+)'),
		(SELECT string_agg(DISTINCT s[1] || coalesce(s[2], ''), ' ') FROM regexp_matches(e, E'\n  ([a-z]+) "[^\n]*?(not in the account|or |$)', 'g') s),
		(SELECT string_agg(DISTINCT s[1], ' ') FROM regexp_matches(e, E'\n    ([a-z_]+ = |rows narrowed to [a-z]+)', 'g') s))},
	dates => q{concat_ws(' ', p.kind, width_bucket(p.last_day - p.first_day + 1, ARRAY[1, 2, 7, 8, 28, 32, 89, 93, 365, 367]), p.hours IS NULL,
		width_bucket(p.first_day - dbinsight.today(), ARRAY[-10000, -400, -90, -31, -8, -7, -1, 0, 1]), p.last_day >= dbinsight.today(),
		(SELECT string_agg(DISTINCT regexp_replace(w, '^[0-9]+$', '9'), ' ') FROM regexp_matches(lower(q), '[[:alpha:]]{3,}|[0-9]+', 'g') m, unnest(m) w WHERE length(w) < 12 AND p.kind IS NOT NULL))});

my $JUDGE = <<'SQL';
CREATE TEMP TABLE input (n int, q text);
%s
SET client_min_messages = error;
CREATE FUNCTION pg_temp.judge() RETURNS TABLE (n int, finding text, sign text) LANGUAGE plpgsql AS $judge$
DECLARE
	q text; began timestamptz; e text; again text; state text; p record; r record; ms numeric;
BEGIN
	FOR n, q IN SELECT i.n, i.q FROM input i ORDER BY i.n LOOP
		finding := NULL; sign := NULL; began := clock_timestamp();
		BEGIN
			%s
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE;
			IF state <> '22023' OR btrim(q, E' \t\r\n') <> '' THEN finding := state || ' ' || sqlerrm; END IF;
		END;
		ms := 1000 * extract(epoch FROM clock_timestamp() - began);
		IF finding IS NULL AND ms > %d THEN finding := round(ms) || ' ms'; END IF;
		RETURN NEXT;
	END LOOP;
END $judge$;
SELECT n || E'\t' || coalesce(translate(finding, E'\n\t', '  '), '') || E'\t' || coalesce(md5(sign), '') FROM pg_temp.judge();
SQL

my %READ = (
	dates => q{SELECT * INTO p FROM dbinsight._read_period(q, 'Asia/Kolkata');
			SELECT * INTO r FROM dbinsight._read_period(q, 'Asia/Kolkata');
			IF p::text <> r::text THEN finding := 'read differently the second time'; END IF;
			IF (p.kind IS NULL) <> (p.first_day IS NULL) OR (p.kind IS NULL) <> (p.last_day IS NULL) THEN finding := 'a kind without days';
			ELSIF p.last_day < p.first_day THEN finding := 'ends before it begins';
			ELSIF p.hours <= 0 THEN finding := 'reaches back ' || p.hours || ' hours'; END IF;
			sign := %s;});
for my $target ('normaliser', 'entities')
{
	$READ{$target} = q{e := dbinsight.explain_ask(q); again := dbinsight.explain_ask(q);
			IF e <> again THEN finding := 'understood differently the second time'; END IF;
			IF e LIKE '%%' || chr(65533) || '%%' AND q NOT LIKE '%%' || chr(65533) || '%%' THEN finding := 'a character was cut'; END IF;
			PERFORM jsonb_typeof(arguments) FROM dbinsight.plan(q);
			sign := %s;};
}

my @CLOCKS = ('2026-06-15T12:00:00Z', '2024-02-29T23:59:59Z', '2025-01-01T00:00:00Z', '2025-03-30T01:30:00Z', '2026-12-31T18:30:00Z');

sub statements
{
	my ($inputs) = @_;
	my $rows = join(",\n", map { "($_, " . quoted($inputs->[$_]) . ')' } 0 .. $#$inputs);
	my $clock = $opt{target} eq 'dates' ? pick(@CLOCKS) : $CLOCKS[0];
	(my $read = $READ{ $opt{target} }) =~ s/%s/$SIGN{ $opt{target} }/;
	$read =~ s/%%/%/g;
	return "SET dbinsight.now = '$clock';\nSET statement_timeout = '5min';\n" . sprintf($JUDGE, "INSERT INTO input VALUES $rows;", $read, $opt{slow});
}

# ---- what is known ----

my (@seeds, @words, @names);
my @SIGNS = ("\x{301}", "\x{200F}", "\x{202E}", "\x{2066}", "\x{1F47E}", "\x{1F1EA}\x{1F1FA}", "\x{FEFF}", "’", "“", "—", "٣", "？", "İ", "ß", "א", "中文", "\x{10FFFD}", "\x{AD}", "\x{A0}",
	"e\x{301}" x 20, "ﬁ", "Ⅻ", "½", "①", "\x{2028}", "\x{1}", "\x{7f}", "\x{1b}[31m");
my @UNITS = qw(hour hours day days week weeks month months quarter quarters year years fortnight minute minutes weekend weekday business decade sprint);
my @MONTHS = qw(january february march april may june july august september october november december jan feb sept dec);
my @DAYS = qw(monday tuesday wednesday thursday friday saturday sunday mon tue sun);
my @NUMBERS = (qw(0 1 2 3 5 7 13 29 30 31 32 90 99 366 1000 2024 2025 2026 10000 99999999999 -1 1.5 1e9 0x10 007), 'a couple of', 'few', 'several', 'half a', 'twenty four', 'a dozen', '1,000', '٣');

sub a_date
{
	return pick(
		sprintf('%04d-%02d-%02d', pick(2023 .. 2027, 1, 9999), pick(0 .. 13), pick(0 .. 32)), sprintf('%02d/%02d/%04d', pick(0 .. 13), pick(0 .. 32), pick(2023 .. 2027)),
		pick(1 .. 32) . pick('', 'st', 'nd', 'rd', 'th') . pick(' ', ' of ') . pick(@MONTHS), pick(@MONTHS) . ' ' . pick(0 .. 32) . pick('', ' 2025', ', 2026', 'th'), pick(@DAYS),
		pick('q', 'Q', 'quarter ') . pick(0 .. 5) . pick('', ' 2025', '/26'), pick(@MONTHS) . pick('', ' 2024'), pick(qw(today yesterday now tonight noon midnight)), pick(2020 .. 2030),
		'the ' . pick(qw(first second third last)) . pick(' ', ' full ') . pick(@UNITS) . ' of ' . pick(@MONTHS, pick(@UNITS)), pick('beginning', 'end', 'middle') . ' of ' . pick('last ', 'this ', '') . pick(@UNITS));
}

sub a_period
{
	return pick(
		pick(qw(last past previous prior next this coming trailing)) . ' ' . pick(@NUMBERS, '') . ' ' . pick(@UNITS), pick(@NUMBERS) . ' ' . pick(@UNITS) . pick(' ago', ' back', ' before ' . a_date()),
		pick('since', 'until', 'before', 'after', 'on', 'by', 'as of', 'from') . ' ' . a_date(), pick('between', 'from') . ' ' . a_date() . pick(' and ', ' to ', ' - ', '..', ' through ', ' till ') . a_date(),
		a_date(), pick(qw(mtd ytd qtd wtd overnight recently lately)), pick(@UNITS) . ' to date', pick('over', 'during', 'in', 'within', 'for') . ' the ' . pick(qw(last past)) . ' ' . pick(@NUMBERS) . pick('', ' ') . pick(qw(d h w m y days hrs mins)),
		pick(@UNITS) . ' ' . pick('before', 'after') . ' last', 'week of ' . a_date(), pick(@DAYS) . pick(' morning', ' night', ' afternoon', ' evening', ' last week'));
}

# A name as a person might get it wrong.
sub a_name
{
	my $name = pick(@names);
	for (1 .. rand(3))
	{
		my $at = int(rand(length $name));
		my $how = int(rand(9));
		if ($how == 0) { $name = uc $name }
		elsif ($how == 1) { substr($name, $at, 1) = '' if length $name > 1 }
		elsif ($how == 2) { $name =~ tr/_\-./  _/ }
		elsif ($how == 3) { $name = substr($name, 0, 1 + $at) }
		elsif ($how == 4) { $name = pick("'", '"', '`', '“', '*', '[') . $name . pick("'", '"', '`', '”', '*', ']', "'s") }
		elsif ($how == 5) { substr($name, $at, 0) = pick(@SIGNS, '%', '_', '\\', '.', '..', '@', '/') }
		elsif ($how == 6) { $name .= pick('.', '_', '@', '-', ' and ') . pick(@names) }
		elsif ($how == 7) { $name =~ s/(\w)(\w)/$2$1/ }
		else { $name = pick(qw(job workspace table model endpoint pipeline warehouse cluster user schema sku)) . ' ' . $name }
	}
	return $name;
}

# ---- mutants ----

sub mutant
{
	my @w = split / /, $opt{target} eq 'dates' && chance(0.5) ? a_period() : pick(@seeds);
	for (1 .. 1 + rand(5))
	{
		my $at = int(rand(@w + 1));
		my $i = @w ? $at % @w : -1;
		my $how = int(rand(14));
		if ($how == 0) { splice @w, $at, 0, pick(@SIGNS) }
		elsif ($how == 1) { splice @w, $at, 0, pick(@words) if @words }
		elsif ($how == 2) { splice @w, $at, 0, split / /, a_period() }
		elsif ($how == 3 && $i >= 0) { splice @w, $i, 1 }
		elsif ($how == 4 && $i >= 0) { $w[$i] = pick(@words, @NUMBERS, @UNITS) }
		elsif ($how == 5 && $i >= 0) { substr($w[$i], rand(length $w[$i]), 1) = pick('a' .. 'z', '', '', @SIGNS) if length $w[$i] }
		elsif ($how == 6 && $i > 0) { @w[ $i - 1, $i ] = @w[ $i, $i - 1 ] }
		elsif ($how == 7) { push @w, pick('and', 'vs', ',', '.', ';', 'but not', 'instead of', '?'), split / /, pick(@seeds) }
		elsif ($how == 8 && $i >= 0) { $w[$i] = pick(uc $w[$i], ucfirst $w[$i], $w[$i] . "'s", "\"$w[$i]\"", $w[$i] . pick(',', '.', '?!', '...', ':', ';')) }
		elsif ($how == 9 && $i > 0) { splice @w, $i - 1, 2, $w[ $i - 1 ] . pick('', '-', '/', '_', '.', '@', ':') . $w[$i] }
		elsif ($how == 10) { splice @w, $at, 0, pick('top ', 'first ', 'over ', 'more than ', '> ', 'under ', 'at least ') . pick(@NUMBERS), pick('', '%', 'gb', 'usd', 'minutes', '$', 'ms', 'x') }
		elsif ($how == 11 && @names) { splice @w, $at, 0, a_name() }
		elsif ($how == 12 && @w > 2) { @w = @w[ 0 .. $at - 1 ] if $at > 0 }
		elsif (@w) { splice @w, $at, 0, ($w[$i]) x pick(2, 3, 30) }
	}
	push @w, a_name() if $opt{target} eq 'entities' && @names && chance(0.6);
	my $s = join pick(' ', ' ', ' ', ' ', '  ', "\n", "\t"), grep { defined } @w;
	$s = $s x (1 + 8300 / (length($s) + 1)) if chance(0.005);
	$s = substr($s, 0, 20000);
	$s =~ tr/\0//d;
	return $s;
}

# ---- ----

open(my $known, '<:utf8', "$FindBin::Bin/../gate/dialogues_known.tsv") or die "dialogues_known.tsv: $!";
push @seeds, map { chomp; (split /\t/)[-1] } <$known>;
push @seeds, ask_list(q{SELECT DISTINCT translate(e, E'\n', ' ') COLLATE "C" FROM dbinsight.agent_tools, unnest(examples) e ORDER BY 1});
push @seeds, map { a_period() } 1 .. 300 if $opt{target} eq 'dates';
@words = ask_list(q{SELECT DISTINCT replace(form, '=', '') COLLATE "C" FROM dbinsight.concept_forms WHERE form <> '' ORDER BY 1});
@names = ask_list(q{SELECT DISTINCT n COLLATE "C" FROM (SELECT job_name FROM dbinsight.current_job UNION ALL SELECT workspace_name FROM dbinsight.dim_workspace UNION ALL SELECT warehouse_name FROM dbinsight.current_warehouse
	UNION ALL SELECT table_full_name FROM dbinsight.current_table UNION ALL SELECT cluster_name FROM dbinsight.current_cluster UNION ALL SELECT DISTINCT sku_name FROM dbinsight.dim_sku) x(n) WHERE n <> '' AND n !~ E'\n' ORDER BY 1})
	unless $opt{target} eq 'dates';

my (%seen, %findings, @kept);
my ($until, $tried, $last) = (time + $opt{time}, 0, time);
$| = 1;

sub found
{
	my ($what, $input) = @_;
	(my $kind = $what) =~ s/\d+/0/g;
	return if $findings{ substr($kind, 0, 60) }++;
	print "$what\n    " . quoted(length $input > 600 ? substr($input, 0, 600) . ' …' : $input) . "\n";
	push @kept, $input;
}

while (time < $until)
{
	my @inputs = map { mutant() } 1 .. $opt{batch};
	my ($ok, @lines) = run_sql(statements(\@inputs));
	if (!$ok)
	{
		# Which one it was: each alone.
		print "a batch ended: @lines[-1 .. -1]\n";
		sleep 5;
		for my $input (@inputs)
		{
			my ($fine, @words) = run_sql(statements([$input]));
			found("ends the session: " . ($words[-1] // ''), $input) if !$fine;
			sleep 5 if !$fine;
		}
	}
	for (@lines)
	{
		my ($n, $finding, $sign) = /^(\d+)\t([^\t]*)\t(\w*)$/ or next;
		$tried++;
		found($finding, $inputs[$n]) if $finding ne '';
		next if $sign eq '' || $seen{$sign}++;
		push @seeds, $inputs[$n] if length $inputs[$n] < 400;
		push @kept, $inputs[$n] if length $inputs[$n] < 3000;
	}
	if (time - $last > 60)
	{
		printf "%d tried, %d kinds, %d findings\n", $tried, scalar(keys %seen), scalar(keys %findings);
		$last = time;
	}
}
if ($opt{keep})
{
	my $json = JSON::PP->new->allow_nonref->ascii;
	open(my $out, '>', $opt{keep}) or die "$opt{keep}: $!";
	print $out $json->encode($_) . "\n" for @kept;
	close $out;
}
printf "%s: %d inputs, %d kinds of understanding, %d kinds of findings\n", $opt{target}, $tried, scalar(keys %seen), scalar(keys %findings);
exit(%findings ? 1 : 0);
