# referee.pl: texts for the judge of answers, until the time is up.
# Mutants of sentences, tables and noise over two results are judged by _ground(). Whatever comes, judging must not raise,
# must give the same twice, each claim a stretch of the text, and take no more than --slow milliseconds, a text of 100 kB
# five times that. At the end one that takes long is cancelled, and must be heard.
use strict;
use warnings;
use utf8;
use Getopt::Long;
use Time::HiRes 'time';

my %opt = (psql => 'psql', seed => 1, time => 300, batch => 40, slow => 2000, connstr => 'dbname=postgres');
GetOptions(\%opt, 'psql=s', 'seed=i', 'time=i', 'batch=i', 'slow=i', 'connstr=s', 'dir=s', 'target=s', 'keep=s') or die "usage: referee.pl --dir FOLDER\n";
srand($opt{seed});

sub pick { return $_[ int(rand(@_)) ] }
sub chance { return rand() < $_[0] }

my $RESULTS = <<'JSON';
[{"agent": "zoo", "tool": "get_meals", "arguments": {}, "row_count": 4, "ok": true, "noun": "animal/animals", "context": ["last week (2025-03-03 to 2025-03-09)"], "fresh": ["zoo.meals 2025-03-09 10:00"],
 "given": [["days", "count", true, "7"], ["start_date", "date", true, "2025-03-03"], ["end_date", "date", true, "infinity"]],
 "columns": [["animal", "text"], ["diet", "text"], ["meals", "count"], ["cost_usd", "usd"], ["prior_cost_usd", "usd"], ["share_pct", "pct"], ["wait_s", "seconds"], ["is_new", "bool"], ["fed_at", "time"], ["foods", "list"], ["keeper", "text"]],
 "rows": [["giraffe", "leaves", 5, 40.25, 30, 72.2, 95, false, "2025-03-09 10:15:00", ["hay", "oats"], "ann.lee@zoo.example"], ["zebra", "grass", 6, 12.50, 25, 22.4, 40, true, "2025-03-08 09:00:00", [], "svc-feed"],
          ["penguin", "fish", 7, 3.00, 0, 5.4, 1e300, false, "infinity", ["fish"], null], ["old_bear (2)", "fish = 2", null, -1e308, 1e-300, null, null, null, null, null, "ann.lee@zoo.example"]]},
 {"agent": "zoo", "tool": "get_meals", "arguments": {}, "row_count": 9, "ok": true, "noun": "", "columns": [["animal", "text"], ["diet", "text"], ["meals", "count"], ["cost_usd", "usd"], ["prior_cost_usd", "usd"], ["share_pct", "pct"], ["wait_s", "seconds"], ["is_new", "bool"], ["fed_at", "time"], ["foods", "list"], ["keeper", "text"]],
 "rows": [["giraffe", "leaves", 4, 20, 1, 2, 3, true, "2025-03-02 10:15:00", ["hay"], "svc-feed"]]}]
JSON

my @said = ('The giraffe ate for $40.25, up from $20.', '3 new animals were fed last week.', 'No animal is new.', 'All animals eat fish.', 'Only the zebra eats grass.', 'The second largest cost is $12.50 (zebra).',
	'**old_bear (2)** cost more than **giraffe**.', '| Animal | Cost |' . "\n| --- | ---: |\n| giraffe | \$40.25 |\n| zebra | \$12.50 |", 'hay, oats and 2 more', '2025-03-09 10:15 UTC was yesterday.', '5 h 7 h', '`get_meals(days => 7)` 4 rows',
	'The cheapest is ann.lee@zoo.example, most often fish = 2 (typically 1).', 'Spend fell by 37% to $12.50: less than $25 against $30.', "1. one\n2. two", 'giraffe, zebra and penguin cost $40.25, $12.50 and $3.00', 'None of the animals is new; every one of them costs $5 a day.');
my @bits = ("\n", "\n|", '|', '| --- |', '`', '**', '$', '€', '%', '-', '+', '.', ',', ';', ':', '(', ')', '\\', '\\_', '_', '"', "'", '1e400', '9' x 400, '0.' . '0' x 300 . '1', '1,000,000,000,000', '-$5 k', ' percent', ' GiB', ' h', ' min', 'no ', 'none of the ',
	'all ', 'only ', 'from ', 'than ', 'against ', 'to ', 'the largest ', 'most often ', 'yesterday ', 'last week ', '2025-02-30', '9999-99-99', '2025-03-09T10:15', '24:99', 'é', '日本', '😀', "\x{200b}", "\x{2013}", "\x{2026}", "\t", "\r", "\x{1}", '…', '[[r1.1.cost_usd]]', 'giraffe ',
	'zebra ', 'fish ', 'new ', 'production ', 'ann.lee@zoo.example', 'x' x 3000, 'and ', ' 7', '$40.25', '40.25%', 'A.B. ', 'e.g. ');

sub text
{
	my $text = join(chance(0.5) ? ' ' : "\n", map { pick(@said) } 1 .. 1 + int(rand(chance(0.2) ? 30 : 4)));
	for (1 .. int(rand(12)))
	{
		my $at = int(rand(length($text) + 1));
		my $n = chance(0.7) ? int(rand(3)) : int(rand(30));
		$n = length($text) - $at if $at + $n > length($text);
		substr($text, $at, $n) = chance(0.6) ? pick(@bits) : chance(0.3) ? chr(1 + int(rand(0xd700))) : '';
	}
	return $text;
}

# 100 kB of one thing over and over, with or without an end.
sub long_text
{
	my $piece = chance(0.5) ? pick(@said) . pick(' ', "\n", '') : join('', map { pick(@bits, @said) } 1 .. 1 + int(rand(5)));
	return substr($piece x (1 + int(100_000 / length($piece))), 0, 100_000);
}

sub quoted { my ($s) = @_; $s =~ s/\0//g; $s =~ s/'/''/g; return "'$s'" }

sub run_sql
{
	my ($sql, %how) = @_;
	my $file = "$opt{dir}/referee.sql";
	open(my $out, '>:utf8', $file) or die "$file: $!";
	print $out $sql;
	close $out;
	my $options = $how{options} // '';
	open(my $in, '-|:utf8', "PGOPTIONS='$options' $opt{psql} -XAtq -d '$opt{connstr}' -f '$file' 2>&1") or die "psql: $!";
	my @lines = <$in>;
	close $in;
	chomp @lines;
	return @lines;
}

my $SETUP = "SET client_min_messages = warning; SET standard_conforming_strings = on;\nCREATE TEMP TABLE r AS SELECT " . quoted($RESULTS) . "::jsonb AS results; CREATE TEMP TABLE t (n int, said text);\n";
my $JUDGE = <<'SQL';
DO $$
DECLARE
	x record;
	began timestamptz;
	g jsonb;
	again jsonb;
	took numeric;
BEGIN
	FOR x IN SELECT t.n, t.said, r.results FROM t, r ORDER BY n LOOP
		BEGIN
			began := clock_timestamp();
			g := dbinsight._ground('what did the animals eat?', x.results::text, x.said);
			took := round(1000 * extract(epoch FROM clock_timestamp() - began), 1);
			IF length(x.said) < 20000 THEN
				again := dbinsight._ground('what did the animals eat?', x.results::text, x.said);
				IF g <> again THEN RAISE WARNING 'finding: % differs', x.n; END IF;
			END IF;
			IF EXISTS (SELECT FROM jsonb_array_elements(g -> 'spans') s WHERE strpos(x.said, s ->> 0) = 0) THEN RAISE WARNING 'finding: % claims what is not in the text', x.n; END IF;
			RAISE WARNING 'took % % %', took, length(x.said), x.n;
		EXCEPTION WHEN OTHERS THEN
			RAISE WARNING 'finding: % raises % %', x.n, SQLSTATE, SQLERRM;
		END;
	END LOOP;
END $$;
SQL

my ($until, $texts, $findings, $longest, $longest_of) = (time + $opt{time}, 0, 0, 0, 0);
while (time < $until)
{
	my @texts = ((map { text() } 1 .. $opt{batch}), long_text());
	my @lines = run_sql($SETUP . join('', map { "INSERT INTO t VALUES ($_, " . quoted($texts[$_]) . ");\n" } 0 .. $#texts) . $JUDGE);
	$texts += @texts;
	my $judged = 0;
	for (@lines)
	{
		my $bad;
		if (/took ([\d.]+) (\d+) (\d+)/)
		{
			$judged++;
			($longest, $longest_of) = ($1, $2) if $1 > $longest;
			$bad = "$3 took $1 ms for $2 letters" if $1 > ($2 < 20000 ? 1 : 5) * $opt{slow};
			print substr($texts[$3], 0, 300), "\n" if $bad;
		}
		elsif (/finding: (\d+)/) { $bad = $_; binmode(STDOUT, ':utf8'); print substr($texts[$1], 0, 2000), "\n" }
		elsif (/ERROR|FATAL|server closed|connection/) { $bad = $_ }
		if ($bad) { $findings++; print "finding: $bad\n" }
	}
	if ($judged < @texts) { $findings++; print "finding: $judged of " . scalar(@texts) . " were judged; " . ($lines[-1] // 'no word') . "\n" }
	last if $findings > 20;
}
my $began = time;
my @lines = run_sql($SETUP . "INSERT INTO t SELECT 1, repeat('The giraffe ate for \$40.25, 12 meals and the zebra. ', 40000);\nSELECT dbinsight._ground('q', r.results::text, t.said) FROM t, r;\n", options => '-c statement_timeout=500');
if (!grep { /statement timeout/ } @lines or time - $began > 5) { $findings++; print "finding: a cancel is not heard within 5 s\n" }
printf "%d texts judged, the longest took %.0f ms (%d letters), %d findings\n", $texts, $longest, $longest_of, $findings;
exit($findings > 0);
