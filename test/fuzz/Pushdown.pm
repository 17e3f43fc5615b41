package Pushdown;

# Random queries that must give the same rows on local tables (schema here) and on foreign
# ones (schema there) that hold the same rows: Pushdown->new(seed => 1)->query.
# They are about the tables thing and part, made here, or about those that `tables` describes: account().
use strict;
use warnings;
use JSON::PP;

# Rows of the tables thing and part, as literals of Postgres; edge values by hand, the rest by chance.
my @STRINGS = ('', 'a', 'A', 'ab', 'aB', 'b', 'ba', "it's", '%', '_', 'a%b', 'a_b', '\\', 'a\\b', "\x{fc}", "\x{e9}A", "\x{1F600}x", ' a ', 'a ', '${x}', 'x:y',
	"tab\tx", "new\nline", '"', '`', '--', '/*', '^', 'a^b', 'zz');
my @FLOATS = ('0', '-0', '1', '-1.5', '2.5', '1e10', '0.1', 'NaN', 'Infinity', '-Infinity', '1e-7', '123456.789');
my @NUMBERS = ('0', '0.001', '-0.001', '1', '2.5', '-2.5', '3.50', '999999999.999', '-999999999.999', '0.5', '-0.5', '1.005');
my @WIDE = ('0', '1', '-1', '1234567890123456.123456789012345678', '0.000000000000000001', '0.100000000000000000', '99.99');
my @DATES = ('2025-01-01', '2024-12-31', '2024-02-29', '1969-12-31', '1970-01-01', '2025-03-09', '2025-03-30', '0001-01-01', '9999-12-31', '2023-01-01');
my @TIMES = ('2025-01-01 00:00:00Z', '2024-12-31 23:59:59.999999Z', '1969-12-31 23:59:59.999999Z', '1970-01-01 00:00:00Z', '2025-03-09 07:30:00.000001Z',
	'2025-03-09 06:59:59Z', '2025-03-30 01:30:00Z', '2024-02-29 12:00:00Z', '2023-01-01 00:00:00.5Z', '1582-10-10 05:00:00Z');
my @BIG = ('0', '1', '-1', '9223372036854775807', '-9223372036854775808', '1000', '-7', '4294967296');

sub new
{
	my ($class, %options) = @_;
	my $self = bless { seed => $options{seed}, state => $options{seed} * 2654435761 % 4294967296 }, $class;
	$self->{tables} = $options{tables} // [ thing_and_part() ];
	return $self;
}

# A generator of its own: the same numbers on every machine.
sub below
{
	my ($self, $n) = @_;
	$self->{state} = ($self->{state} * 1103515245 + 12345) % 2147483648;
	return int($self->{state} / 65536) % $n;
}

sub pick { my ($self, @of) = @_; return @of ? $of[ $self->below(scalar @of) ] : undef }
sub maybe { my ($self, $percent) = @_; return $self->below(100) < $percent }

sub quote { my ($text) = @_; $text =~ s/'/''/g; return "'$text'" }

# ---- rows

sub value
{
	my ($self, $type, @of) = @_;
	return "NULL::$type" if $self->maybe(12);
	return quote($self->pick(@of)) . "::$type";
}

sub thing
{
	my ($self, $id) = @_;
	return join(', ', $id, $self->value('text', 'red', 'green', 'blue', ''), $self->value('text', @STRINGS), $self->value('text', @STRINGS),
		$self->value('int', -3 .. 12), $self->value('int', 0, 1, 2, 5, 100, -2147483648, 2147483647), $self->value('bigint', @BIG), $self->value('float8', @FLOATS),
		$self->value('numeric', @NUMBERS), $self->value('numeric', @WIDE), $self->value('boolean', 'true', 'false'), $self->value('date', @DATES),
		$self->value('timestamptz', @TIMES), $self->value('jsonb', '{}', '{"k": "v"}', '{"k": "a", "n": null}', '{"n": "1", "k": "it\'s"}'));
}

sub part
{
	my ($self, $id) = @_;
	return join(', ', $id, $self->value('int', -3 .. 12), $self->value('text', @STRINGS), $self->value('numeric', @NUMBERS), $self->value('timestamptz', @TIMES));
}

# ---- expressions

# What is queried: name; columns of each type; small: integers that do not overflow; maps: columns of MAPs with
# keys of theirs; values of each type, ready to be written; patterns of LIKE; key: what orders the rows;
# joins: the other table, conditions, further ones, a column to group by, its key, a third table's condition.
sub thing_and_part
{
	return {
		name => 'thing',
		columns => { int => ['i', 'i', 'j', 'id'], big => ['l'], text => ['t', 't', 'color', 'u'], float => ['f'], num => ['n', 'n', 'm'], bool => ['b'], date => ['d'], time => ['ts'] },
		small => ['i', 'id'],
		maps => [ [ 'p', 'k', 'n', 'none' ] ],
		values => {
			int => [ -3 .. 11 ], big => [ map { "($_)::bigint" } @BIG[ 0 .. 2, 5 .. 7 ] ], text => [ map { quote($_) } @STRINGS ], float => [ map { quote($_) . '::float8' } @FLOATS ],
			num => [ map { "($_)::numeric" } @NUMBERS ], bool => [ 'true', 'false' ], date => [ map { 'date ' . quote($_) } @DATES ], time => [ map { 'timestamptz ' . quote($_) } @TIMES ] },
		patterns => ['a%', '%b', '_', '%\\%%', 'a\\_b', '%\\\\%', '%^%', "%\n%", '', 'a%b%', "it's", "%\x{fc}%"],
		key => ['id'],
		joins => [ { table => 'part', on => [ 'a.i = o.x', 'a.t = o.name', 'a.n = o.w', 'a.ts = o.at' ], more => [ 'o.x > 2', 'o.name IS NOT NULL', 'o.w <= a.n' ],
			group => 'x', counted => 'id', latest => 'd', key => ['id'], shown => [ 'name', 'w' ], third => 'q.x = a.i' } ] };
}

sub column
{
	my ($self, $type) = @_;
	my $columns = $self->{table}{columns}{$type};
	return $columns ? "$self->{alias}." . $self->pick(@$columns) : $self->constant($type);
}

sub constant { my ($self, $type) = @_; return $self->pick(@{ $self->{table}{values}{$type} }) }

# The text of one key of a MAP, or a text, where the table has none.
sub member
{
	my ($self) = @_;
	my ($map, @keys) = @{ $self->pick(@{ $self->{table}{maps} }) // [] } or return $self->column('text');
	return "($self->{alias}.$map ->> " . quote($self->pick(@keys)) . ')';
}

my %MAKERS = (
	int => [
		sub { '(' . $_[0]->small . ' ' . $_[0]->pick('+', '-', '*') . ' ' . $_[0]->small . ')' },
		sub { '(' . $_[0]->small . ' ' . $_[0]->pick('/', '%') . ' ' . $_[0]->pick(1, 2, 3, 7, -2, -3) . ')' },
		sub { $_[0]->pick('length', 'char_length', 'octet_length') . '(' . $_[0]->expr('text') . ')' },
		sub { 'strpos(' . $_[0]->expr('text') . ', ' . $_[0]->expr('text') . ')' },
		sub { '(' . $_[0]->column('date') . ' - ' . $_[0]->constant('date') . ')' },
	],
	big => [ sub { $_[0]->expr('int') . '::bigint' }, sub { '(' . $_[0]->column('big') . ' % ' . $_[0]->pick(2, 3, 10) . ')' } ],
	text => [
		sub { $_[0]->pick('lower', 'upper') . '(' . $_[0]->expr('text') . ' COLLATE "C")' },
		sub { 'substring(' . $_[0]->expr('text') . ', ' . (1 + $_[0]->below(3)) . ', ' . $_[0]->below(4) . ')' },
		sub { 'left(' . $_[0]->expr('text') . ', ' . $_[0]->below(4) . ')' },
		sub { $_[0]->pick('btrim', 'ltrim', 'rtrim') . '(' . $_[0]->expr('text') . ')' },
		sub { '(' . $_[0]->expr('text') . ' || ' . $_[0]->expr('text') . ')' },
		sub { 'replace(' . join(', ', $_[0]->expr('text'), $_[0]->constant('text'), $_[0]->constant('text')) . ')' },
		sub { $_[0]->member },
		sub { '(' . $_[0]->expr($_[0]->pick('int', 'big')) . ')::text' },
	],
	float => [ sub { 'abs(' . $_[0]->column('float') . ')' }, sub { $_[0]->column($_[0]->pick('int', 'big', 'num')) . '::float8' } ],
	num => [
		sub { '(' . $_[0]->plain('num') . ' ' . $_[0]->pick('+', '-', '*') . ' ' . $_[0]->plain('num') . ')' },
		sub { 'round(' . $_[0]->column('num') . ', ' . $_[0]->below(3) . ')' },
		sub { $_[0]->pick('abs', 'ceil', 'floor', '-') . '(' . $_[0]->column('num') . ')' },
		sub { $_[0]->column('int') . '::numeric' },
		sub { 'extract(' . $_[0]->pick('year', 'quarter', 'month', 'week', 'day', 'dow', 'isodow', 'doy') . ' FROM ' . $_[0]->column($_[0]->pick('date', 'time')) . ')' },
		sub { 'extract(' . $_[0]->pick('hour', 'minute', 'second', 'epoch') . ' FROM ' . $_[0]->column('time') . ')' },
	],
	date => [
		sub { '(' . $_[0]->column('date') . ' ' . $_[0]->pick('+', '-') . ' ' . $_[0]->below(40) . ')' },
		sub { $_[0]->column('time') . '::date' },
		sub { '(' . $_[0]->column('time') . " AT TIME ZONE 'UTC')::date" },
	],
	time => [
		sub { 'date_trunc(' . quote($_[0]->pick('second', 'minute', 'hour', 'day', 'week', 'month', 'quarter', 'year')) . ', ' . $_[0]->column('time') . $_[0]->pick('', ", 'UTC'") . ')' },
		sub { $_[0]->column('date') . '::timestamptz' },
	],
	bool => [
		sub { my $type = $_[0]->any; '(' . $_[0]->expr($type) . ' ' . $_[0]->pick('=', '<>', '<', '<=', '>', '>=') . ' ' . $_[0]->expr($type) . ')' },
		sub { my $type = $_[0]->any; '(' . $_[0]->expr($type) . ' ' . $_[0]->pick('=', '<>', '<', '<=', '>', '>=') . ' ' . $_[0]->constant($type) . ')' },
		sub { my $type = $_[0]->any; '(' . $_[0]->expr($type) . ' IS ' . $_[0]->pick('', 'NOT ') . 'DISTINCT FROM ' . $_[0]->expr($type) . ')' },
		sub { '(' . $_[0]->expr($_[0]->any) . ' IS ' . $_[0]->pick('', 'NOT ') . 'NULL)' },
		sub { my $type = $_[0]->any; '(' . $_[0]->expr($type) . $_[0]->pick(' IN (', ' NOT IN (') . join(', ', map { $_[0]->maybe(8) ? 'NULL' : $_[0]->constant($type) } 1 .. 3) . '))' },
		sub { '(' . $_[0]->expr('text') . ' ' . $_[0]->pick('LIKE', 'NOT LIKE') . ' ' . quote($_[0]->pick(@{ $_[0]{table}{patterns} })) . ')' },
		sub { 'starts_with(' . $_[0]->expr('text') . ', ' . $_[0]->constant('text') . ')' },
		sub { '(' . $_[0]->expr('bool') . ' ' . $_[0]->pick('AND', 'OR') . ' ' . $_[0]->expr('bool') . ')' },
		sub { '(NOT ' . $_[0]->expr('bool') . ')' },
		sub { '(' . $_[0]->expr('bool') . ' IS ' . $_[0]->pick('', 'NOT ') . $_[0]->pick('TRUE', 'FALSE', 'UNKNOWN') . ')' },
		sub { '(' . $_[0]->column('date') . ' ' . $_[0]->pick('<', '>=', '=') . ' ' . $_[0]->column('time') . ')' },
		sub { '(' . $_[0]->member . ' IS ' . $_[0]->pick('', 'NOT ') . 'NULL)' },
	],
);

# A type that has columns.
sub typed { my ($self, @types) = @_; return $self->pick(grep { $self->{table}{columns}{$_} } @types) }
sub any { return $_[0]->typed('int', 'int', 'big', 'text', 'text', 'text', 'float', 'num', 'date', 'time', 'bool') }

# Integers that stay small: overflow is an error here and a right number there, as the README says.
sub small { my ($self) = @_; return $self->maybe(60) && @{ $self->{table}{small} } ? "$self->{alias}." . $self->pick(@{ $self->{table}{small} }) : $self->constant('int') }
sub plain { my ($self, $type) = @_; return $self->maybe(60) ? $self->column($type) : $self->constant($type) }

sub expr
{
	my ($self, $type) = @_;
	return $self->column($type) if $self->{depth} >= 3 or $self->maybe(45);
	local $self->{depth} = $self->{depth} + 1;
	return $self->choice($type) if $self->maybe(20);
	return $self->pick(@{ $MAKERS{$type} })->($self);
}

sub choice
{
	my ($self, $type) = @_;
	my $kind = $self->below($type eq 'bool' ? 2 : 4);
	return 'coalesce(' . $self->expr($type) . ', ' . $self->constant($type) . ')' if $kind == 0;
	return 'CASE WHEN ' . $self->expr('bool') . ' THEN ' . $self->expr($type) . ($self->maybe(70) ? ' ELSE ' . $self->expr($type) : '') . ' END' if $kind == 1;
	return 'nullif(' . $self->expr($type) . ', ' . $self->constant($type) . ')' if $kind == 2;
	return ($type eq 'text' ? '(' : $self->pick('greatest(', 'least(')) . $self->expr($type) . ($type eq 'text' ? ' || ' : ', ') . $self->expr($type) . ')';
}

# What is compared: numbers without their scale, floating point to nine digits.
sub shown
{
	my ($type, $text) = @_;
	return "trim_scale($text)" if $type eq 'num';
	return $text;
}

sub aggregate
{
	my ($self) = @_;
	my $type = $self->any;
	my $filter = $self->maybe(25) ? ' FILTER (WHERE ' . $self->expr('bool') . ')' : '';
	my $distinct = $self->maybe(25) ? 'DISTINCT ' : '';
	my $kind = $self->below(9);
	return "count(*)$filter" if $kind == 0;
	return "count($distinct" . $self->expr($type) . ")$filter" if $kind == 1;
	return 'min(' . $self->expr($self->pick('int', 'date', 'time', 'num')) . ")$filter" if $kind == 2;
	return 'max(' . $self->expr('text') . ' COLLATE "C"' . ")$filter" if $kind == 3;
	return "sum($distinct" . $self->column($self->pick('int', 'big', 'num')) . ")$filter" if $kind == 4;
	return "avg($distinct" . $self->column($self->pick('int', 'big', 'num')) . ")$filter" if $kind == 5;
	return $self->pick('bool_and', 'bool_or', 'every') . '(' . $self->expr('bool') . ")$filter" if $kind == 6;
	return 'round(percentile_cont(' . $self->pick('0', '0.25', '0.5', '0.9', '1') . ') WITHIN GROUP (ORDER BY ' . $self->column($self->pick('int', 'num')) . ")$filter\::numeric, 6)" if $kind == 7;
	return 'percentile_disc(' . $self->pick('0', '0.3', '0.5', '0.95', '1') . ') WITHIN GROUP (ORDER BY ' . $self->column($self->pick('int', 'date', 'time', 'num')) . ")$filter";
}

# ---- queries: (text, whether the order of rows counts)

sub where { my ($self) = @_; return $self->maybe(75) ? ' WHERE ' . $self->pick(@{ $MAKERS{bool} })->($self) : '' }

# The columns that order the rows: keys_of(alias, key).
sub keys_of { my ($alias, $key) = @_; return join(', ', map { "$alias.$_" } @$key) }

sub rows_query
{
	my ($self) = @_;
	my @list = map { my $type = $self->any; shown($type, $self->expr($type)) } 1 .. 1 + $self->below(3);
	return ('SELECT ' . join(', ', keys_of('a', $self->{table}{key}), @list) . " FROM $self->{table}{name} a" . $self->where, 0);
}

sub sorted_query
{
	my ($self) = @_;
	my $type = $self->any;
	my $key = $self->expr($type);
	my $all = keys_of('a', $self->{table}{key});
	my $order = join(', ', "$key" . ($type eq 'text' ? ' COLLATE "C"' : '') . $self->pick('', ' DESC') . $self->pick('', ' NULLS FIRST', ' NULLS LAST'), $all);
	return ("SELECT $all, " . $self->column('text') . " FROM $self->{table}{name} a" . $self->where . " ORDER BY $order LIMIT " . $self->below(20) . $self->pick('', ' OFFSET 3'), 1);
}

sub grouped_query
{
	my ($self) = @_;
	my $type = $self->typed('int', 'text', 'date', 'time', 'bool', 'num');
	my $key = $self->maybe(85) ? $self->expr($type) : undef;
	$key = undef if defined $key and $key !~ /a\./; # a constant may be taken for a column's number
	my @aggregates = map { $self->aggregate } 1 .. 1 + $self->below(3);
	my $having = $self->maybe(25) ? ' HAVING count(*) ' . $self->pick('>', '=', '<=') . ' ' . (1 + $self->below(4)) : '';
	return ('SELECT ' . join(', ', (defined $key ? shown($type, $key) : ()), @aggregates) . " FROM $self->{table}{name} a" . $self->where . (defined $key ? " GROUP BY $key" : '') . $having, 0);
}

sub distinct_query
{
	my ($self) = @_;
	my $type = $self->typed('int', 'text', 'date', 'time', 'bool', 'big');
	return ('SELECT DISTINCT ' . $self->expr($type) . ', ' . $self->column('text') . " FROM $self->{table}{name} a" . $self->where, 0);
}

sub join_query
{
	my ($self) = @_;
	my $j = $self->pick(@{ $self->{table}{joins} }) // return $self->rows_query;
	my $name = $self->{table}{name};
	my $on = $self->pick(@{ $j->{on} });
	my $more = $self->maybe(40) ? ' AND ' . $self->expr('bool') : '';
	my $filter = $self->maybe(40) ? ' AND ' . $self->pick(@{ $j->{more} }) : '';
	my $kind = $self->below($j->{third} ? 7 : 6);
	my $mine = keys_of('a', $self->{table}{key});
	my $theirs = keys_of('o', $j->{key});
	return ("SELECT $mine FROM $name a WHERE " . $self->pick('', 'NOT ') . "EXISTS (SELECT 1 FROM $j->{table} o WHERE $on$more$filter)" . ($self->maybe(40) ? ' AND ' . $self->expr('bool') : ''), 0) if $kind <= 1;
	my $join = $self->pick('JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN');
	$more = $filter = '' if $join eq 'FULL JOIN';
	return ("SELECT o.$j->{group}, count(*), count(a.$j->{counted}), max(a.$j->{latest}) FROM $name a $join $j->{table} o ON $on$more$filter" . $self->where . " GROUP BY o.$j->{group}", 0) if $kind == 2;
	return ("SELECT $mine, $theirs, o.$j->{shown}[0] FROM $name a $join $j->{table} o ON $on$more$filter" . $self->where . " ORDER BY $mine, $theirs LIMIT 30", 1) if $kind == 3;
	return ("SELECT $mine, $theirs, q.id FROM $name a $join $j->{table} o ON $on$more$filter JOIN $j->{table} q ON $j->{third}" . $self->where, 0) if $kind == 6;
	return ("SELECT $mine, $theirs, a.$self->{table}{columns}{text}[0], o.$j->{shown}[-1] FROM $name a $join $j->{table} o ON $on$more$filter" . $self->where, 0);
}

sub query
{
	my ($self) = @_;
	local $self->{depth} = 0;
	local $self->{alias} = 'a';
	local $self->{table} = $self->pick(@{ $self->{tables} });
	my $shape = $self->pick('rows_query', 'rows_query', 'sorted_query', 'grouped_query', 'grouped_query', 'distinct_query', 'join_query', 'join_query');
	return $self->$shape;
}

# ---- the tables, and the function that compares

my $TABLES = <<'SQL';
CREATE TABLE here.thing (id int, color text COLLATE "C", t text COLLATE "C", u text COLLATE "C", i int, j int, l bigint, f float8,
	n numeric(12,3), m numeric(38,18), b boolean, d date, ts timestamptz, p jsonb);
CREATE TABLE here.part (id int, x int, name text COLLATE "C", w numeric(12,2), at timestamptz);
SQL
my $FUNCTIONS = <<'SQL';
CREATE FUNCTION public.rows_of(place text, query text, OUT rows text[], OUT failure text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('search_path', place, true);
	EXECUTE format('SELECT array_agg(r::text) FROM (%s) r', query) INTO rows;
EXCEPTION WHEN OTHERS THEN failure := SQLSTATE || ' ' || SQLERRM;
END $$;
-- NULL: alike.  An error of arithmetic may be one of only one side.
CREATE FUNCTION public.difference(query text, ordered boolean) RETURNS text LANGUAGE plpgsql AS $$
DECLARE a record; b record; extra text; missing text;
BEGIN
	a := public.rows_of('here', query);
	b := public.rows_of('there', query);
	IF a.failure ~ '^22' THEN RETURN NULL; END IF;
	IF a.failure IS NOT NULL OR b.failure IS NOT NULL THEN RETURN format('here: %s; there: %s', a.failure, b.failure); END IF;
	IF ordered AND a.rows IS NOT DISTINCT FROM b.rows THEN RETURN NULL; END IF;
	SELECT string_agg(r, ' ') INTO missing FROM (SELECT unnest(a.rows) EXCEPT ALL SELECT unnest(b.rows) ORDER BY 1 LIMIT 3) x(r);
	SELECT string_agg(r, ' ') INTO extra FROM (SELECT unnest(b.rows) EXCEPT ALL SELECT unnest(a.rows) ORDER BY 1 LIMIT 3) x(r);
	IF missing IS NULL AND extra IS NULL AND NOT ordered THEN RETURN NULL; END IF;
	RETURN format('missing: %s; extra: %s', missing, extra);
END $$;
-- Whether the warehouse does all of it: one scan, and nothing is filtered here.
CREATE FUNCTION public.is_shipped(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE line text; scans int := 0;
BEGIN
	PERFORM set_config('search_path', 'there', true);
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		IF line ~ 'Filter:|Join|Nested|Aggregate$|Group$|Sort$|Unique' AND line !~ 'Relations:' THEN RETURN false; END IF;
	END LOOP;
	RETURN true;
END $$;
SQL

sub functions { return $FUNCTIONS }

sub here
{
	my ($self, $things, $parts) = @_;
	my $sql = "CREATE SCHEMA here;\n$TABLES$FUNCTIONS";
	$sql .= 'INSERT INTO here.thing VALUES ' . join(', ', map { "($_)" } map { $self->thing($_) } 1 .. $things) . ";\n";
	$sql .= 'INSERT INTO here.part VALUES ' . join(', ', map { "($_)" } map { $self->part($_) } 1 .. $parts) . ";\n";
	return $sql;
}

# The same rows on the warehouse of server: text as bytes, times as numbers, so that nothing is read twice.
sub there
{
	my ($self, $server) = @_;
	my $number = sub { "CASE WHEN $_[0] IS NULL THEN 'NULL' ELSE format('CAST(''%s'' AS $_[1])', $_[0]) END" };
	my $text = sub { "CASE WHEN $_[0] IS NULL THEN 'NULL' ELSE format('CAST(X''%s'' AS STRING)', encode(convert_to($_[0], 'UTF8'), 'hex')) END" };
	my $time = sub { "CASE WHEN $_[0] IS NULL THEN 'NULL' ELSE format('timestamp_micros(%s)', (extract(epoch FROM $_[0]) * 1000000)::bigint) END" };
	my $map = q{coalesce((SELECT 'map(' || string_agg(format('''%s'', %s', key, coalesce('CAST(X''' || encode(convert_to(value, 'UTF8'), 'hex') || ''' AS STRING)', 'CAST(NULL AS STRING)')), ', ' ORDER BY key) || ')'
		FROM jsonb_each_text(p)), CASE WHEN p IS NULL THEN 'NULL' ELSE 'map()' END)};
	my $date = sub { "CASE WHEN $_[0] IS NULL THEN 'NULL' ELSE format('DATE''%s''', to_char($_[0], 'YYYY-MM-DD')) END" };
	my $things = join(", ', ', ", $number->('id', 'INT'), (map { $text->($_) } qw(color t u)), (map { $number->($_, 'INT') } qw(i j)), $number->('l', 'BIGINT'), $number->('f', 'DOUBLE'),
		$number->('n', 'DECIMAL(12,3)'), $number->('m', 'DECIMAL(38,18)'), $number->('b', 'BOOLEAN'), $date->('d'), $time->('ts'), $map);
	my $parts = join(", ', ', ", $number->('id', 'INT'), $number->('x', 'INT'), $text->('name'), $number->('w', 'DECIMAL(12,2)'), $time->('at'));
	my $run = sub { "SELECT FROM dbinsight._databricks_query('$server', $_[0]);\n" };
	return $run->(q{'CREATE TABLE main.default.thing (id INT, color STRING, t STRING, u STRING, i INT, j INT, l BIGINT, f DOUBLE, n DECIMAL(12,3), m DECIMAL(38,18), b BOOLEAN, d DATE, ts TIMESTAMP, p MAP<STRING, STRING>) USING parquet'})
		. $run->(q{'CREATE TABLE main.default.part (id INT, x INT, name STRING, w DECIMAL(12,2), at TIMESTAMP) USING parquet'})
		. $run->("(SELECT 'INSERT INTO main.default.thing VALUES ' || string_agg('(' || concat($things) || ')', ', ') FROM here.thing)")
		. $run->("(SELECT 'INSERT INTO main.default.part VALUES ' || string_agg('(' || concat($parts) || ')', ', ') FROM here.part)")
		. "CREATE SCHEMA there;\nIMPORT FOREIGN SCHEMA \"default\" LIMIT TO (thing, part) FROM SERVER $server INTO there;\n";
}

# ---- comparing

# Compares so many queries, and counts those that the warehouse does whole: "#12 query -- what differs".
sub differences
{
	my ($self, $sql, $queries) = @_;
	my $script = '';
	my $shipped = '';
	for (1 .. $queries)
	{
		my $n = ++$self->{compared};
		my ($query, $ordered) = $self->query;
		my $literal = quote($query);
		$script .= sprintf("SELECT '#%d ' || %s || ' -- ' || d FROM public.difference(%s, %s) d WHERE d IS NOT NULL;\n", $n, $literal, $literal, $ordered ? 'true' : 'false');
		$shipped .= "SELECT public.is_shipped($literal);\n";
	}
	utf8::encode($_) for $script, $shipped;
	my @differences = split /\n/, $sql->($script);
	$self->{shipped} += grep { $_ eq 't' } split /\n/, $sql->($shipped);
	return @differences;
}

# ---- an account: the system tables of the warehouse, and copies of them here

my @ACCOUNT = (
	{ name => 'usage', schema => 'billing', key => ['record_id'], join => 'list_prices', on => ['sku_name'], join_key => [ 'sku_name', 'cloud', 'currency_code', 'usage_unit', 'price_start_time' ],
		more => [ 'o.usage_unit = a.usage_unit', "o.currency_code = 'USD'", 'o.price_start_time <= a.usage_end_time' ], latest => 'usage_date' },
	{ name => 'audit', schema => 'access', key => ['event_id'], join => 'history', on => ['session_id'], join_key => ['statement_id'], more => [ 'o.start_time >= a.event_time', 'o.total_duration_ms > 100' ], latest => 'event_time' },
	{ name => 'history', schema => 'query', key => ['statement_id'], join => 'audit', on => ['session_id'], join_key => ['event_id'], more => [ "o.service_name = 'unityCatalog'", 'o.event_date = a.start_time::date' ], latest => 'start_time' },
	{ name => 'job_run_timeline', schema => 'lakeflow', key => [ 'workspace_id', 'run_id', 'period_start_time', 'period_end_time' ], join => 'jobs', on => ['job_id'], join_key => [ 'workspace_id', 'job_id', 'change_time' ],
		more => [ 'o.workspace_id = a.workspace_id', 'o.change_time <= a.period_start_time', 'o.delete_time IS NULL' ], latest => 'period_end_time' },
	{ name => 'node_timeline', schema => 'compute', key => [ 'workspace_id', 'instance_id', 'start_time' ], join => 'clusters', on => ['cluster_id'], join_key => [ 'workspace_id', 'cluster_id', 'change_time' ],
		more => [ 'o.change_time <= a.start_time', 'a.driver', "o.cluster_source = 'JOB'" ], latest => 'end_time' },
	{ name => 'list_prices', schema => 'billing' }, { name => 'jobs', schema => 'lakeflow' }, { name => 'clusters', schema => 'compute' });

my %CLASS = (
	integer => 'int', smallint => 'int', bigint => 'big', text => 'text', 'double precision' => 'float', numeric => 'num', boolean => 'bool', date => 'date',
	'timestamp with time zone' => 'time');
my %EDGES = (
	int => [ -3 .. 11 ], big => ['(0)::bigint'], text => [ "''", "'a'" ], float => [ "'0'::float8", "'NaN'::float8" ], num => [ '(0)::numeric', '(2.5)::numeric' ], bool => [ 'true', 'false' ],
	date => ["date '2026-06-14'"], time => ["timestamptz '2026-06-14 12:00:00Z'"]);

sub account_tables
{
	my ($server) = @_;
	return "CREATE SCHEMA here;\nCREATE SCHEMA there;\n$FUNCTIONS" . join('', map {
		qq{IMPORT FOREIGN SCHEMA "system.$_->{schema}" LIMIT TO ($_->{name}) FROM SERVER $server INTO there;\nCREATE TABLE here.$_->{name} AS TABLE there.$_->{name};\nANALYZE here.$_->{name};\n}
	} @ACCOUNT);
}

# What new() takes as `tables`; $sql->(query) gives the text that a query of one value returns.
sub account
{
	my ($sql) = @_;
	return [ map { describe($sql, $_) } grep { $_->{join} } @ACCOUNT ];
}

# Values that are there, in an order that is none of theirs.
sub some_values
{
	my ($sql, $table, $column) = @_;
	return @{ decode_json($sql->("SELECT coalesce(json_agg(v), '[]') FROM (SELECT $column\::text AS v FROM here.$table WHERE length($column\::text) <= 60 GROUP BY 1 ORDER BY md5($column\::text) LIMIT 8) s")) };
}

sub patterns_of
{
	my (@values) = @_;
	my @patterns = ('', '%', '%a%', '_%', '%\\_%');
	for my $value (@values)
	{
		my ($head, $tail) = map { s/([%_\\])/\\$1/gr } substr($value, 0, 4), substr($value, -3);
		push @patterns, "$head%", "%$tail";
	}
	return \@patterns;
}

sub keys_of_map
{
	my ($sql, $table, $column) = @_;
	return @{ decode_json($sql->("SELECT coalesce(json_agg(k), '[]') FROM (SELECT k FROM here.$table, jsonb_object_keys(CASE WHEN jsonb_typeof($column) = 'object' THEN $column END) k GROUP BY 1 ORDER BY md5(k) LIMIT 8) s")) };
}

sub describe
{
	my ($sql, $about) = @_;
	my $name = $about->{name};
	my $table = { name => $name, key => $about->{key}, columns => {}, small => [], maps => [], values => { map { $_ => [ @{ $EDGES{$_} } ] } keys %EDGES } };
	my @texts;
	for (@{ decode_json($sql->("SELECT json_agg(json_build_array(quote_ident(attname), format_type(atttypid, NULL)) ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'here.$name'::regclass AND attnum > 0")) })
	{
		my ($column, $type) = @$_;
		my $class = $CLASS{$type};
		my @keys = $type eq 'jsonb' ? keys_of_map($sql, $name, $column) : ();
		push @{ $table->{maps} }, [ $column, @keys, 'none' ] if @keys;
		next unless defined $class;
		my @values = some_values($sql, $name, $column) or next;
		push @{ $table->{columns}{$class} }, $column;
		push @{ $table->{values}{$class} }, map { quote($_) . ($class eq 'text' ? '' : "::$type") } @values;
		push @texts, @values if $class eq 'text';
		push @{ $table->{small} }, $column if $class eq 'int' and !grep { abs > 10000 } @values;
	}
	$table->{patterns} = patterns_of(@texts);
	$table->{joins} = [ { table => $about->{join}, on => [ map { "a.$_ = o.$_" } @{ $about->{on} } ], more => $about->{more}, group => $about->{join_key}[0],
		counted => $about->{key}[0], latest => $about->{latest}, key => $about->{join_key}, shown => [ $about->{join_key}[-1], $about->{join_key}[0] ] } ];
	return $table;
}

1;
