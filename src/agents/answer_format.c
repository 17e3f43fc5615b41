/*
 * answer_format.c: how values are printed. One formatter for the whole answer.
 */
#include "postgres.h"

#include <math.h>

#include "mb/pg_wchar.h"

#include "agents/answer_text.h"

#define MAX_TEXT_BYTES 200 /* of one value inside a sentence or a cell */

/* Digits of a whole number in threes. */
static char *
thousands(const char *digits)
{
	StringInfoData s;
	int n = strlen(digits);

	initStringInfo(&s);
	for (int i = 0; i < n; i++)
	{
		if (i > 0 && (n - i) % 3 == 0)
			appendStringInfoChar(&s, ',');
		appendStringInfoChar(&s, digits[i]);
	}
	return s.data;
}

/* |number| with decimals, thousands separated, and no ".00" tail when cut is set. */
static char *
decimal(double number, int decimals, bool cut)
{
	char *s = psprintf("%.*f", decimals, fabs(number));
	char *point = strchr(s, '.');
	char *whole;

	if (point == NULL)
		return thousands(s);
	*point = '\0';
	whole = thousands(s);
	if (cut)
	{
		char *end = point + strlen(point + 1);

		while (end > point && *end == '0')
			*end-- = '\0';
		if (end == point)
			return whole;
	}
	return psprintf("%s.%s", whole, point + 1);
}

/* Two decimals below 1000 dollars, whole dollars above. */
static char *
money(double x)
{
	x = fabs(x);
	if (x >= 9999999.5)
		return psprintf("$%sM", decimal(x / 1e6, 2, false));
	return psprintf("$%s", decimal(x, x >= 999.995 ? 0 : 2, false));
}

/* One decimal; a little is not nothing, so what rounds to 0 keeps two digits, down to 0.0001%. */
static char *
percent(double x)
{
	double a = fabs(x);

	if (a > 0 && a < 0.05)
		return psprintf("%s%%", decimal(x, a >= 0.01 ? 2 : a >= 0.001 ? 3 : 4, true));
	return psprintf("%s%%", decimal(x, a >= 999.95 ? 0 : 1, true));
}

/* The two largest units of a duration in seconds. */
static char *
duration(double s)
{
	double whole;

	s = fabs(s);
	if (s == 0)
		return pstrdup("0 s");
	if (s < 0.9995)
		return psprintf("%.0f ms", s * 1000);
	if (s < 59.95)
		return psprintf("%s s", decimal(s, 1, true));
	whole = rint(s);
	if (whole < 3600)
		return fmod(whole, 60) >= 1 ? psprintf("%.0f min %.0f s", floor(whole / 60), fmod(whole, 60))
									: psprintf("%.0f min", whole / 60);
	whole = rint(s / 60);
	if (whole < 48 * 60)
		return fmod(whole, 60) >= 1 ? psprintf("%.0f h %.0f min", floor(whole / 60), fmod(whole, 60))
									: psprintf("%.0f h", whole / 60);
	whole = rint(s / 3600);
	return fmod(whole, 24) >= 1
			   ? psprintf("%s d %.0f h", decimal(floor(whole / 24), 0, false), fmod(whole, 24))
			   : psprintf("%s d", decimal(whole / 24, 0, false));
}

static char *
volume(double bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
	int u = 0;

	bytes = fabs(bytes);
	while (bytes >= 1023.95 && u < 5)
		bytes /= 1024, u++;
	return psprintf("%s %s", decimal(bytes, u == 0 ? 0 : 1, true), units[u]);
}

/* Three significant digits at least, at most four decimals. */
static char *
number(double x)
{
	double a = fabs(x);

	return decimal(x, a >= 100 ? 1 : a >= 1 ? 2 : 4, true);
}

/* The absolute value by its kind. */
static char *
magnitude(DbiKind kind, const DbiCell *cell)
{
	double x = cell->number;

	if (isnan(x) || isinf(x))
		return pstrdup("unbounded");
	switch (kind)
	{
		case DBI_COUNT:
			return decimal(x, 0, false);
		case DBI_PLAIN:
			return x == rint(x) ? psprintf("%.0f", fabs(x)) : number(x);
		case DBI_USD:
			return money(x);
		case DBI_PCT:
			return percent(x);
		case DBI_SECONDS:
			return duration(x);
		case DBI_MS:
			return x != 0 && fabs(x) < 1000 ? psprintf("%s ms", decimal(x, 0, false))
											: duration(x / 1000);
		case DBI_MINUTES:
			return duration(x * 60);
		case DBI_HOURS:
			return duration(x * 3600);
		case DBI_BYTES:
			return volume(x);
		case DBI_GIB:
			return fabs(x) < 0.001 ? pstrdup("0 GiB") : volume(x * 1024.0 * 1024 * 1024);
		case DBI_TIB:
			return fabs(x) < 0.000001 ? pstrdup("0 TiB") : volume(x * 1024.0 * 1024 * 1024 * 1024);
		case DBI_MBPS:
			return psprintf("%s Mbit/s", number(x));
		default:
			return number(x);
	}
}

/* -0.00 is 0.00: the sign counts only when a digit shows it. */
static bool
shows_digits(const char *s)
{
	return strpbrk(s, "123456789") != NULL;
}

static char *
printed(DbiKind kind, const DbiCell *cell)
{
	if (cell->isnull)
		return pstrdup("—");
	if (dbi_kind_numeric(kind))
	{
		char *s = magnitude(kind, cell);

		return cell->number < 0 && shows_digits(s) ? psprintf("-%s", s) : s;
	}
	if (kind == DBI_TIME && !isinf(cell->number))
		return psprintf("%s UTC", cell->text);
	return dbi_markdown(cell->text, MAX_TEXT_BYTES);
}

char *
dbi_markdown(const char *s, int max_bytes)
{
	int len = strlen(s);
	int kept = pg_mbcliplen(s, len, max_bytes);
	StringInfoData out;

	initStringInfo(&out);
	for (int i = 0; i < kept; i++)
	{
		unsigned char c = s[i];

		if (c < ' ' || c == 0x7f)
			appendStringInfoChar(&out, ' ');
		else
		{
			/* the backslash also keeps ://, which would become a link by itself */
			if (strchr("\\`*[]<>|", c) || (c == ':' && i + 1 < kept && s[i + 1] == '/'))
				appendStringInfoChar(&out, '\\');
			appendStringInfoChar(&out, c);
		}
	}
	if (kept < len)
		appendStringInfoString(&out, "…");
	return out.data;
}

/* What dbi_markdown() was given, but for the cut. */
char *
dbi_unescape(const char *s)
{
	char *plain = pstrdup(s);
	char *to = plain;

	for (const char *from = s; *from; from++)
	{
		if (*from == '\\' && from[1])
			from++;
		*to++ = *from;
	}
	*to = '\0';
	return plain;
}

/* "run/runs": the word for a number. */
static char *
plural(const char *words, int len, double n)
{
	const char *slash = memchr(words, '/', len);

	return fabs(n) == 1 ? pnstrdup(words, slash - words)
						: pnstrdup(slash + 1, words + len - slash - 1);
}

static char *
change(DbiKind kind, const DbiCell *cell)
{
	char *s = magnitude(kind, cell);

	if (!shows_digits(s))
		return pstrdup("unchanged");
	return psprintf("%s %s", cell->number < 0 ? "down" : "up", s);
}

/* FAILED_RUN → failed run */
static char *
words(const char *s)
{
	char *w = pstrdup(s);

	for (char *p = w; *p; p++)
		*p = *p == '_' ? ' ' : pg_ascii_tolower((unsigned char) *p);
	return w;
}

/* The first few elements, the others counted. */
static char *
enumerate(const DbiCell *cell, int most)
{
	StringInfoData s;
	int shown = cell->nitems > most + 1 ? most : cell->nitems;

	initStringInfo(&s);
	for (int i = 0; i < shown; i++)
	{
		bool last = i == cell->nitems - 1;

		appendStringInfo(&s, "%s%s",
						 i == 0 ? ""
						 : last ? " and "
								: ", ",
						 dbi_markdown(cell->items[i], MAX_TEXT_BYTES));
	}
	if (shown < cell->nitems)
		appendStringInfo(&s, " and %d more", cell->nitems - shown);
	return s.data;
}

typedef struct FormatKind
{
	const char *name;
	DbiKind kind;
} FormatKind;

static const FormatKind format_kinds[] = {{"usd", DBI_USD},
										  {"pct", DBI_PCT},
										  {"n", DBI_NUMBER},
										  {"count", DBI_COUNT},
										  {"plain", DBI_PLAIN},
										  {"s", DBI_SECONDS},
										  {"ms", DBI_MS},
										  {"min", DBI_MINUTES},
										  {"h", DBI_HOURS},
										  {"bytes", DBI_BYTES},
										  {"gib", DBI_GIB},
										  {"tib", DBI_TIB},
										  {NULL}};

static bool
format_is(const char *f, int len, const char *name)
{
	return strlen(name) == len && strncmp(f, name, len) == 0;
}

typedef struct Printing
{
	DbiKind kind;
	DbiCell cell;
	char *text; /* once a format has made text of it */
} Printing;

static void
apply(Printing *p, const char *f, int len)
{
	for (const FormatKind *k = format_kinds; k->name; k++)
		if (format_is(f, len, k->name))
		{
			p->kind = k->kind;
			return;
		}
	if (format_is(f, len, "share"))
	{
		p->kind = DBI_PCT;
		p->cell.number *= 100;
	}
	else if (format_is(f, len, "abs"))
		p->cell.number = fabs(p->cell.number);
	else if (format_is(f, len, "signed"))
	{
		p->text = printed(p->kind, &p->cell);
		if (p->cell.number > 0 && shows_digits(p->text))
			p->text = psprintf("+%s", p->text);
	}
	else if (format_is(f, len, "change"))
		p->text = change(p->kind, &p->cell);
	else if (format_is(f, len, "words"))
		p->text = words(p->text ? p->text : dbi_markdown(p->cell.text, MAX_TEXT_BYTES));
	else if (format_is(f, len, "named"))
		p->text =
			strchr(p->cell.text, ' ') ? psprintf("\"%s\"", p->cell.text) : pstrdup(p->cell.text);
	else if (format_is(f, len, "bold"))
		p->text = psprintf("**%s**", p->text ? p->text : printed(p->kind, &p->cell));
	else if (format_is(f, len, "date"))
		p->text = pnstrdup(p->cell.text, Min(strlen(p->cell.text), 10));
	else if (format_is(f, len, "time"))
		p->text = pstrdup(strlen(p->cell.text) > 11 ? p->cell.text + 11 : p->cell.text);
	else if (format_is(f, len, "exactpct"))
		p->text = psprintf("%s%%", decimal(p->cell.number, 3, true));
	else if (format_is(f, len, "all"))
		p->text = enumerate(&p->cell, 20);
	else if (len > 2 && strncmp(f, "w ", 2) == 0 && memchr(f, '/', len))
		p->text = plural(f + 2, len - 2, p->cell.number);
	else if (memchr(f, '/', len))
		p->text = psprintf("%s %s", printed(p->kind, &p->cell), plural(f, len, p->cell.number));
	else
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("unknown format \"%s\" in a template", pnstrdup(f, len)),
				errhint(
					"Formats: usd, pct, n, count, plain, s, ms, min, h, bytes, gib, tib, abs, signed, change, words, named, bold, date, time, share, exactpct, all, one/many, w one/many."));
}

static void
apply_all(Printing *p, const char *formats)
{
	for (const char *f = formats; f && *f;)
	{
		const char *end = strchr(f, '|');
		int len = end ? end - f : strlen(f);

		apply(p, f, len);
		f = end ? end + 1 : NULL;
	}
}

void
dbi_check_formats(const char *formats)
{
	Printing p = {.kind = DBI_NUMBER, .cell = {.text = "1"}};

	apply_all(&p, formats);
}

char *
dbi_format(const DbiValue *v, const char *formats)
{
	Printing p = {.kind = v->kind, .cell = v->cell};

	if (v->cell.isnull)
		return pstrdup("—");
	if (v->kind == DBI_LIST)
		p.text = enumerate(&v->cell, 3);
	/* computed numbers have no text of their own */
	if (p.cell.text == NULL)
		p.cell.text = "";
	apply_all(&p, formats);
	return p.text ? p.text : printed(p.kind, &p.cell);
}
