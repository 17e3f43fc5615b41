/*
 * ground_text.c: a Markdown text as tokens: words, figures with their unit and
 * printed precision, dates, names.
 */
#include "postgres.h"

#include <ctype.h>
#include <math.h>

#include "lib/stringinfo.h"

#include "agents/ground_parts.h"

typedef struct Suffix
{
	const char *word;
	DbiUnitClass unit;
	double factor;
} Suffix;

#define KIB 1024.0
#define MIB (KIB * 1024)
#define GIB (MIB * 1024)
#define TIB (GIB * 1024)

/* Longer words first: the first that fits is taken. Seconds and bytes are the bases. */
static const Suffix suffixes[] = {{"Mbit/s", UNIT_MBPS, 1},    {"Mbps", UNIT_MBPS, 1},
								  {"Gbit/s", UNIT_MBPS, 1000}, {"KiB", UNIT_BYTES, KIB},
								  {"MiB", UNIT_BYTES, MIB},    {"GiB", UNIT_BYTES, GIB},
								  {"TiB", UNIT_BYTES, TIB},    {"PiB", UNIT_BYTES, TIB *KIB},
								  {"KB", UNIT_BYTES, 1e3},     {"kB", UNIT_BYTES, 1e3},
								  {"MB", UNIT_BYTES, 1e6},     {"GB", UNIT_BYTES, 1e9},
								  {"TB", UNIT_BYTES, 1e12},    {"B", UNIT_BYTES, 1},
								  {"percent", UNIT_PCT, 1},    {"dollars", UNIT_USD, 1},
								  {"USD", UNIT_USD, 1},        {"EUR", UNIT_OTHER, 1},
								  {"GBP", UNIT_OTHER, 1},      {"ms", UNIT_SECONDS, 0.001},
								  {"min", UNIT_SECONDS, 60},   {"s", UNIT_SECONDS, 1},
								  {"h", UNIT_SECONDS, 3600},   {"d", UNIT_SECONDS, 86400},
								  {NULL, UNIT_NONE, 0}};

/* These change the size of the figure, not what it measures. */
static const Suffix scales[] = {{"thousand", UNIT_NONE, 1e3}, {"million", UNIT_NONE, 1e6},
								{"billion", UNIT_NONE, 1e9},  {"k", UNIT_NONE, 1e3},
								{"K", UNIT_NONE, 1e3},        {"M", UNIT_NONE, 1e6},
								{NULL, UNIT_NONE, 0}};

static bool
in_word(unsigned char c)
{
	return isalnum(c) || c == '_' || c >= 0x80;
}

/* A typographic dash or ellipsis is no letter, though its bytes are above ASCII. */
static int
symbol(const char *p, const char *end)
{
	return end - p >= 3 && (unsigned char) p[0] == 0xe2 &&
				   ((unsigned char) p[1] == 0x80 || (unsigned char) p[1] == 0x82 ||
					(unsigned char) p[1] == 0x88)
			   ? 3
			   : 0;
}

char *
dbi_ground_plain(const char *s, int len)
{
	char *plain = palloc(len + 1);
	int n = 0;

	for (int i = 0; i < len; i++)
	{
		if (s[i] == '\\' && i + 1 < len)
			i++;
		plain[n++] = pg_ascii_tolower((unsigned char) s[i]);
	}
	plain[n] = '\0';
	return plain;
}

char *
dbi_ground_key(const char *s)
{
	StringInfoData key;

	initStringInfo(&key);
	while (*s)
	{
		const char *end = s;
		bool plain = true;
		char *word;

		while (*end && !isspace((unsigned char) *end) && *end != '_' && *end != '-')
		{
			plain = plain && isalpha((unsigned char) *end);
			end++;
		}
		if (end > s)
		{
			word = pnstrdup(s, end - s);
			for (char *p = word; *p; p++)
				*p = pg_ascii_tolower((unsigned char) *p);
			appendStringInfo(&key, "%s%s", key.len > 0 ? " " : "", plain ? dbi_stem(word) : word);
			pfree(word);
		}
		s = *end ? end + 1 : end;
	}
	return key.data;
}

static DbiGlyphToken *
add(DbiTokens *tokens, DbiGlyph kind, const char *from, const char *to)
{
	DbiGlyphToken *t = &tokens->t[tokens->n++];

	memset(t, 0, sizeof(DbiGlyphToken));
	t->kind = kind;
	t->start = from - tokens->text;
	t->len = to - from;
	t->word = dbi_ground_plain(from, to - from);
	t->key = kind == GLYPH_WORD || kind == GLYPH_NAME || kind == GLYPH_DATE ? dbi_ground_key(t->word)
																			: t->word;
	return t;
}

/* Digits, in threes or not, and a fraction; the end, and the number of decimals. */
static const char *
number_end(const char *p, const char *end, int *decimals)
{
	*decimals = 0;
	while (p < end && (isdigit((unsigned char) *p) ||
					   (*p == ',' && end - p > 3 && isdigit((unsigned char) p[1]) &&
						isdigit((unsigned char) p[2]) && isdigit((unsigned char) p[3]))))
		p++;
	if (p + 1 < end && *p == '.' && isdigit((unsigned char) p[1]))
		for (p++; p < end && isdigit((unsigned char) *p); p++)
			(*decimals)++;
	return p;
}

static double
read_number(const char *from, const char *to)
{
	char *digits = palloc(to - from + 1);
	int n = 0;

	for (const char *p = from; p < to; p++)
		if (*p != ',')
			digits[n++] = *p;
	digits[n] = '\0';
	return strtod(digits, NULL);
}

static const Suffix *
suffix_at(const Suffix *list, const char *p, const char *end)
{
	for (const Suffix *s = list; s->word; s++)
	{
		int len = strlen(s->word);

		if (end - p >= len && strncmp(p, s->word, len) == 0 && (p + len == end || !in_word(p[len])))
			return s;
	}
	return NULL;
}

/* What follows the digits: %, a scale, a unit; smaller units of a duration join it. */
static const char *
read_unit(DbiGlyphToken *t, const char *p, const char *end)
{
	const char *next = p < end && *p == ' ' ? p + 1 : p;
	const Suffix *s;
	double unit;

	if ((s = suffix_at(scales, next, end)) != NULL)
	{
		t->value *= s->factor;
		t->slack *= s->factor;
		p = next + strlen(s->word);
		next = p < end && *p == ' ' ? p + 1 : p;
	}
	if (p < end && *p == '%')
	{
		t->unit = t->unit == UNIT_NONE ? UNIT_PCT : UNIT_OTHER;
		return p + 1;
	}
	if (next < end && *next == '%')
	{
		t->unit = t->unit == UNIT_NONE ? UNIT_PCT : UNIT_OTHER;
		return next + 1;
	}
	if (t->unit != UNIT_NONE || (s = suffix_at(suffixes, next, end)) == NULL)
		return p;
	t->unit = s->unit;
	t->value *= s->factor;
	t->slack *= s->factor;
	p = next + strlen(s->word);
	unit = s->factor;
	while (t->unit == UNIT_SECONDS && p + 1 < end && *p == ' ' && isdigit((unsigned char) p[1]))
	{
		int decimals;
		const char *e = number_end(p + 1, end, &decimals);

		if (e >= end || *e != ' ' || (s = suffix_at(suffixes, e + 1, end)) == NULL ||
			s->unit != UNIT_SECONDS || s->factor >= unit)
			break;
		unit = s->factor;
		t->value += read_number(p + 1, e) * unit;
		t->slack = 0.5 * pow(10, -decimals) * unit;
		p = e + 1 + strlen(s->word);
	}
	return p;
}

/* [+-][$]digits[unit] */
static const char *
take_number(DbiTokens *tokens, const char *p, const char *digits, const char *end)
{
	int decimals;
	const char *e = number_end(digits, end, &decimals);
	DbiGlyphToken *t = add(tokens, GLYPH_NUMBER, p, e);

	t->sign = *p == '+' || *p == '-' ? *p : 0;
	t->value = read_number(digits, e);
	t->slack = 0.5 * pow(10, -decimals);
	if (digits > p && digits[-1] == '$')
		t->unit = UNIT_USD;
	else if (digits > p && digits[-1] != *p)
		t->unit = UNIT_OTHER;
	e = read_unit(t, e, end);
	t->len = e - p;
	t->word = dbi_ground_plain(p, t->len);
	return e;
}

/* The digits of a number that starts at p, after sign and currency; NULL when there is none. */
static const char *
digits_of(const char *p, const char *end)
{
	if (p < end && (*p == '+' || *p == '-'))
		p++;
	if (p < end && *p == '$')
		p++;
	else if (end - p > 3 && strncmp(p, "€", 3) == 0)
		p += 3;
	else if (end - p > 2 && strncmp(p, "£", 2) == 0)
		p += 2;
	return p < end && isdigit((unsigned char) *p) ? p : NULL;
}

static bool
digits(const char *p, const char *end, int n)
{
	if (end - p < n)
		return false;
	for (int i = 0; i < n; i++)
		if (!isdigit((unsigned char) p[i]))
			return false;
	return true;
}

static const char *
take_date(DbiTokens *tokens, const char *p, const char *end)
{
	const char *e = p + 10;
	DbiGlyphToken *t;

	if (end - e >= 6 && (*e == ' ' || *e == 'T') && digits(e + 1, end, 2) && e[3] == ':' &&
		digits(e + 4, end, 2))
		e += 6;
	t = add(tokens, GLYPH_DATE, p, e);
	t->word[10] = e - p > 10 ? ' ' : '\0';
	return end - e >= 4 && strncmp(e, " UTC", 4) == 0 ? e + 4 : e;
}

/* A run of letters, digits and what holds them together in names. */
static const char *
run_end(const char *p, const char *end)
{
	const char *start = p;

	while (p < end)
	{
		if (symbol(p, end))
			break;
		if (in_word(*p))
			p++;
		else if (*p == '\\' && p + 1 < end && (p[1] == '_' || p[1] == '\\'))
			p += 2;
		else if (p > start && p + 1 < end && strchr(".@-/'", *p) && in_word(p[1]) &&
				 !symbol(p + 1, end))
			p++;
		else
			break;
	}
	return p;
}

/* A number stands alone: what touches it must not make a name of it. */
static bool
is_number(const char *p, const char *e, const char *end)
{
	int decimals;
	const char *n = number_end(p, end, &decimals);

	if (n >= e)
		return true;
	if (suffix_at(scales, n, end) || suffix_at(suffixes, n, end))
		return true;
	return false;
}

static const char *
take_run(DbiTokens *tokens, const char *p, const char *end)
{
	const char *e = run_end(p, end);
	bool letter = false;
	bool odd = false;

	for (const char *c = p; c < e; c++)
	{
		letter = letter || isalpha((unsigned char) *c) || (unsigned char) *c >= 0x80;
		odd = odd || isdigit((unsigned char) *c) || strchr("_.@", *c);
	}
	if (isdigit((unsigned char) *p) && is_number(p, e, end))
		return take_number(tokens, p, p, end);
	add(tokens, letter && !odd ? GLYPH_WORD : GLYPH_NAME, p, e);
	return e;
}

DbiTokens *
dbi_ground_tokens(const char *text, int from, int to)
{
	DbiTokens *tokens = palloc0(sizeof(DbiTokens));

	tokens->t = palloc(sizeof(DbiGlyphToken));
	dbi_ground_more_tokens(tokens, text, from, to);
	return tokens;
}

void
dbi_ground_more_tokens(DbiTokens *tokens, const char *text, int from, int to)
{
	const char *end = text + to;
	bool code = false;

	tokens->text = text;
	tokens->t = repalloc_huge(tokens->t, sizeof(DbiGlyphToken) * (tokens->n + to - from + 1));
	for (const char *p = text + from; p < end;)
	{
		bool starts = p == text + from || !in_word(p[-1]);
		const char *d = starts ? digits_of(p, end) : NULL;
		int before = tokens->n;

		if (*p == '`')
			code = !code, p++;
		else if (digits(p, end, 4) && end - p >= 10 && p[4] == '-' && digits(p + 5, end, 2) &&
				 p[7] == '-' && digits(p + 8, end, 2) &&
				 (end - p == 10 || !in_word(p[10]) || p[10] == 'T'))
			p = take_date(tokens, p, end);
		else if (digits(p, end, 2) && end - p >= 5 && p[2] == ':' && digits(p + 3, end, 2))
		{
			add(tokens, GLYPH_CLOCK, p, p + 5);
			p += 5;
		}
		else if (d && d > p)
			p = take_number(tokens, p, d, end);
		else if (in_word(*p) && !symbol(p, end))
			p = take_run(tokens, p, end);
		else if (*p == '\n')
			add(tokens, GLYPH_LINE, p, p + 1), p++;
		else if (strchr(".,;:()|!?", *p))
			add(tokens, GLYPH_MARK, p, p + 1), p++;
		else
			p += Max(symbol(p, end), 1);
		if (tokens->n > before)
			tokens->t[tokens->n - 1].code = code;
	}
}
