/*
 * text.c: from the bytes of a question to tokens.
 *
 * Works in the server encoding: ASCII is read letter by letter, anything else
 * is a letter of a word, except signs that only separate (typographic quotes,
 * dashes, emoji, direction marks). Lengths come from pg_mblen, so a character
 * is never cut.
 */
#include "postgres.h"

#include <ctype.h>
#include <math.h>

#include "mb/pg_wchar.h"
#include "miscadmin.h"

#include "agents/understand.h"

/* A word longer than this is no word; only its start is compared. */
#define MAX_EDIT_LENGTH 40

/* A whole number with more digits than this is an id, not a quantity. */
#define MAX_QUANTITY_DIGITS 9

typedef enum CharClass
{
	CH_SPACE,
	CH_LETTER, /* letters, digits, underscore, other scripts */
	CH_JOINER, /* joins letters inside a chunk: . @ - / : ' % */
	CH_QUOTE,
	CH_PUNCT
} CharClass;

/* Class of a sign outside ASCII, by its code point. */
static CharClass
wide_class(pg_wchar c, char *plain)
{
	*plain = '\0';
	if (c == 0x2018 || c == 0x2019 || c == 0x02BC)
	{
		*plain = '\'';
		return CH_JOINER;
	}
	if (c == 0x201C || c == 0x201D || c == 0xAB || c == 0xBB)
	{
		*plain = '"';
		return CH_QUOTE;
	}
	if (c >= 0x2010 && c <= 0x2015)
	{
		*plain = '-';
		return CH_JOINER;
	}
	if (c == 0xFF1F || c == 0x061F || c == 0x037E)
	{
		*plain = '?';
		return CH_PUNCT;
	}
	if (c < 0xAA || c == 0xBF || (c >= 0x2000 && c <= 0x2BFF) || (c >= 0x3000 && c <= 0x303F) ||
		(c >= 0xFE00 && c <= 0xFE0F) || c == 0xFEFF || (c >= 0xE000 && c <= 0xF8FF) || c >= 0x1F000)
		return CH_SPACE;
	return CH_LETTER;
}

/* Class, length and ASCII stand-in of the character at s. */
static CharClass
read_char(const char *s, const char *end, int *len, char *plain)
{
	unsigned char c = (unsigned char) *s;

	*len = 1;
	*plain = (char) c;
	if (c < 0x80)
	{
		if (isalnum(c) || c == '_')
			return CH_LETTER;
		if (c <= ' ' || c == 0x7F)
			return CH_SPACE;
		if (strchr(".@-/:'%", c) != NULL)
			return CH_JOINER;
		if (c == '"' || c == '`')
			return CH_QUOTE;
		return CH_PUNCT;
	}
	*len = Min(pg_mblen(s), (int) (end - s));
	if (GetDatabaseEncoding() == PG_UTF8)
	{
		CharClass class = wide_class(utf8_to_unicode((const unsigned char *) s), plain);

		return class;
	}
	*plain = '\0';
	return CH_LETTER;
}

char *
dbi_lower(const char *s)
{
	char *r = pstrdup(s);

	for (char *p = r; *p; p++)
		*p = pg_ascii_tolower((unsigned char) *p);
	return r;
}

/* Whether the word is one of "a|b|c". */
bool
dbi_is_one_of(const char *word, const char *words)
{
	const char *p = words;

	for (;;)
	{
		const char *w = word;

		while (*w && *p == *w)
		{
			p++;
			w++;
		}
		if (*w == '\0' && (*p == '|' || *p == '\0'))
			return true;
		while (*p != '|')
			if (*p++ == '\0')
				return false;
		p++;
	}
}

char *
dbi_span(const DbiText *text, int from, int to)
{
	if (from < 0 || to <= from)
		return pstrdup("");
	return pnstrdup(text->source + text->tokens[from].start,
					text->tokens[to - 1].end - text->tokens[from].start);
}

static bool
has_vowel(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (strchr("aeiouy", s[i]) != NULL)
			return true;
	return false;
}

static bool
ends(const char *s, size_t len, const char *suffix)
{
	size_t n = strlen(suffix);

	return len > n && memcmp(s + len - n, suffix, n) == 0;
}

/* Takes -ing or -ed off, then the letter that was doubled for it. */
static size_t
strip_suffix(char *s, size_t len, size_t suffix)
{
	size_t rest = len - suffix;

	if (rest < 2 || !has_vowel(s, rest))
		return len;
	if (rest >= 3 && s[rest - 1] == s[rest - 2] && strchr("lsz", s[rest - 1]) == NULL)
		rest--;
	return rest;
}

/*
 * A light stem: plural, -ing, -ed, final e. Forms and questions go through the
 * same cut, so it need not be a word.
 */
char *
dbi_stem(const char *word)
{
	char *s = pstrdup(word);
	size_t len = strlen(s);

	if (len < 4)
		return s;
	if (ends(s, len, "ies") && len > 4)
	{
		s[len - 3] = 'y';
		len -= 2;
	}
	else if (ends(s, len, "sses") || ends(s, len, "shes") || ends(s, len, "ches") ||
			 ends(s, len, "xes"))
		len -= 2;
	else if (ends(s, len, "s") && !ends(s, len, "ss") && !ends(s, len, "us") && !ends(s, len, "is"))
		len--;
	if (len > 4 && ends(s, len, "ing"))
		len = strip_suffix(s, len, 3);
	else if (len > 4 && ends(s, len, "ied"))
	{
		s[len - 3] = 'y';
		len -= 2;
	}
	else if (len > 4 && ends(s, len, "ed") && !ends(s, len, "eed"))
		len = strip_suffix(s, len, 2);
	if (len > 3 && s[len - 1] == 'e')
		len--;
	s[len] = '\0';
	return s;
}

/* The letters of a word, a bit each: an edit adds one at most and takes one away at most. */
uint32
dbi_letters(const char *word)
{
	uint32 letters = 0;

	for (int i = 0; i < MAX_EDIT_LENGTH && word[i] != '\0'; i++)
		letters |= (uint32) 1 << (word[i] & 31);
	return letters;
}

int
dbi_edit_distance(const char *a, const char *b, int limit)
{
	int la = (int) strnlen(a, MAX_EDIT_LENGTH);
	int lb = (int) strnlen(b, MAX_EDIT_LENGTH);
	int row[3][MAX_EDIT_LENGTH + 1];

	if (abs(la - lb) > limit)
		return limit + 1;
	for (int j = 0; j <= lb; j++)
		row[0][j] = j;
	for (int i = 1; i <= la; i++)
	{
		int *cur = row[i % 3];
		int *prev = row[(i + 2) % 3];
		int *before = row[(i + 1) % 3];
		int best;

		best = cur[0] = i;
		for (int j = 1; j <= lb; j++)
		{
			int cost = a[i - 1] != b[j - 1];

			cur[j] = Min(Min(prev[j] + 1, cur[j - 1] + 1), prev[j - 1] + cost);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				cur[j] = Min(cur[j], before[j - 2] + 1);
			best = Min(best, cur[j]);
		}
		if (best > limit)
			return limit + 1;
	}
	return Min(row[la % 3][lb], limit + 1);
}

/* ---- tokens ---- */

typedef struct Builder
{
	DbiText *text;
	int size;
	int last_end; /* where the token before ended */
	char *buf;    /* room for the longest chunk */
	int *origin;  /* beside buf: where each byte, and the end, stands in the source */
} Builder;

static DbiToken *
add_token(Builder *b, DbiTokenKind kind, const char *word, int start, int end)
{
	DbiToken *t;

	if (b->text->n == b->size)
	{
		b->size *= 2;
		b->text->tokens = repalloc(b->text->tokens, b->size * sizeof(DbiToken));
	}
	t = &b->text->tokens[b->text->n++];
	memset(t, 0, sizeof(DbiToken));
	t->kind = kind;
	t->text = word;
	t->stem = kind == DBI_TOK_WORD ? dbi_stem(word) : word;
	t->start = start;
	t->end = end;
	t->unit = "";
	t->glued = start > 0 && start == b->last_end;
	t->chunk_start = start;
	t->chunk_end = end;
	t->slot = -1;
	b->last_end = end;
	return t;
}

static bool
all_digits(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isdigit((unsigned char) s[i]))
			return false;
	return n > 0;
}

static bool
is_email(const char *s)
{
	const char *at = strchr(s, '@');
	const char *dot = at ? strchr(at, '.') : NULL;

	return at && at > s && strchr(at + 1, '@') == NULL && dot && dot > at + 1 && dot[1] != '\0' &&
		   strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789._%+-@") == strlen(s);
}

static bool
is_ipv4(const char *s)
{
	int parts[4];
	int mask;
	char rest;
	int n = sscanf(s, "%3d.%3d.%3d.%3d/%2d%c", &parts[0], &parts[1], &parts[2], &parts[3], &mask,
				   &rest);

	if (strspn(s, "0123456789./") != strlen(s) || (n != 4 && n != 5) ||
		(n == 4 && strchr(s, '/') != NULL))
		return false;
	for (int i = 0; i < 4; i++)
		if (parts[i] > 255)
			return false;
	return n == 4 || mask <= 32;
}

static bool
is_ipv6(const char *s)
{
	int colons = 0;

	for (const char *p = s; *p; p++)
		colons += *p == ':';
	return colons >= 2 && strspn(s, "0123456789abcdef:/") == strlen(s) &&
		   strpbrk(s, "0123456789") != NULL && (strstr(s, "::") != NULL || colons == 7);
}

static bool
is_uuid(const char *s)
{
	if (strlen(s) != 36)
		return false;
	for (int i = 0; i < 36; i++)
	{
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? s[i] != '-' : !isxdigit((unsigned char) s[i]))
			return false;
	}
	return true;
}

/* Three groups of digits with one kind of separator, or year and month. */
static bool
is_date(const char *s)
{
	int a;
	int b;
	int c;
	int end = 0;
	char first[2];
	char second[2];

	if (!isdigit((unsigned char) *s) || strspn(s, "0123456789-/.") != strlen(s))
		return false;
	if (sscanf(s, "%4d%1[-/.]%2d%1[-/.]%4d%n", &a, first, &b, second, &c, &end) == 5 &&
		s[end] == '\0')
		return first[0] == second[0] && (a >= 1000 || c >= 1000) && a > 0 && b > 0 && c > 0;
	end = 0;
	return sscanf(s, "%4d%1[-/]%2d%n", &a, first, &b, &end) == 3 && s[end] == '\0' && a >= 1900 &&
		   a <= 2100 && b >= 1 && b <= 12;
}

/* 12, 1,250.5, 30d, 95%: a number with an optional unit of letters. */
static bool
read_number(const char *s, double *number, const char **unit)
{
	char digits[40];
	size_t n = 0;
	size_t i;

	for (i = 0; s[i] && n < sizeof(digits) - 1; i++)
	{
		if (isdigit((unsigned char) s[i]) || (s[i] == '.' && isdigit((unsigned char) s[i + 1])))
			digits[n++] = s[i];
		else if (s[i] != ',' || !isdigit((unsigned char) s[i + 1]))
			break;
	}
	if (n == 0 || !isdigit((unsigned char) digits[0]))
		return false;
	digits[n] = '\0';
	*number = strtod(digits, NULL);
	if (strspn(s + i, "abcdefghijklmnopqrstuvwxyz%") != strlen(s + i) || strlen(s + i) > 8)
		return false;
	*unit = s + i;
	return isfinite(*number);
}

static void
add_number(Builder *b, const char *word, double number, const char *unit, int start, int end)
{
	DbiToken *t;

	if (*unit == '\0' && strlen(word) > MAX_QUANTITY_DIGITS && all_digits(word, strlen(word)))
	{
		add_token(b, DBI_TOK_ID, word, start, end);
		return;
	}
	t = add_token(b, DBI_TOK_NUMBER, word, start, end);
	t->number = number;
	t->unit = unit;
}

/* A dotted name: parts of letters, digits, _ and -, at least one letter. */
static bool
is_dotted(const char *s)
{
	bool dot = false;
	bool letter = false;

	for (const char *p = s; *p; p++)
	{
		if (*p == '.')
		{
			if (p == s || p[1] == '\0' || p[1] == '.')
				return false;
			dot = true;
		}
		else if (!isalnum((unsigned char) *p) && *p != '_' && *p != '-' && (unsigned char) *p < 0x80)
			return false;
		letter = letter || isalpha((unsigned char) *p);
	}
	return dot && letter && strchr(s, '/') == NULL;
}

/* Shorthand of chats as it is said; what is in a name stays as it is. */
static const char *
spelled_out(const char *word)
{
	static const char *const shorthand[][2] = {{"abt", "about"},         {"b4", "before"},
											   {"bc", "because"},        {"bw", "bandwidth"},
											   {"envs", "environments"}, {"mth", "month"},
											   {"mths", "months"},       {"perf", "performance"},
											   {"perms", "permissions"}, {"prev", "previous"},
											   {"qtr", "quarter"},       {"thru", "through"},
											   {"util", "utilization"},  {"ws", "workspace"},
											   {"yday", "yesterday"},    {"yest", "yesterday"}};

	for (int k = 0; k < lengthof(shorthand); k++)
		if (strcmp(word, shorthand[k][0]) == 0)
			return shorthand[k][1];
	return word;
}

/* A chunk without a form of its own: words, split at its joiners. */
static void
add_words(Builder *b, const char *chunk, int chunk_start, int chunk_end)
{
	size_t len = strlen(chunk);
	size_t from = 0;

	for (size_t i = 0; i <= len; i++)
	{
		if (i < len && strchr(".@-/:%", chunk[i]) == NULL)
			continue;
		if (i > from)
		{
			char *word = pnstrdup(chunk + from, i - from);
			double number;
			const char *unit;
			DbiToken *t;

			if (read_number(word, &number, &unit) && (*unit == '\0' || strlen(unit) <= 4))
				add_number(b, word, number, unit, b->origin[from], b->origin[i]);
			else
				add_token(b, strchr(word, '_') ? DBI_TOK_IDENT : DBI_TOK_WORD,
						  from == 0 && i == len ? spelled_out(word) : word, b->origin[from],
						  b->origin[i]);
			t = &b->text->tokens[b->text->n - 1];
			t->glued = from > 0;
			t->chunk_start = chunk_start;
			t->chunk_end = chunk_end;
		}
		if (i < len && chunk[i] == '/' && i > 0 && i + 1 < len)
			add_token(b, DBI_TOK_PUNCT, "/", b->origin[i], b->origin[i] + 1);
		from = i + 1;
	}
}

/* "month's" is "month", "don't" is "dont"; returns what is left of its length. */
static size_t
drop_apostrophes(char *s, int *origin, size_t len)
{
	size_t n = 0;

	if (len > 2 && s[len - 2] == '\'' && (s[len - 1] == 's' || s[len - 1] == 'd'))
		len -= 2;
	for (size_t i = 0; i < len; i++)
		if (s[i] != '\'')
		{
			origin[n] = origin[i];
			s[n++] = s[i];
		}
	origin[n] = origin[len];
	s[n] = '\0';
	return n;
}

static void
add_chunk(Builder *b, char *chunk, int start)
{
	size_t len = strlen(chunk);
	int end;
	double number;
	const char *unit;

	while (len > 0 && strchr(".:-/'@", chunk[len - 1]) != NULL)
		chunk[--len] = '\0';
	len = drop_apostrophes(chunk, b->origin, len);
	if (len == 0)
		return;
	end = b->origin[len];
	if (is_email(chunk))
		add_token(b, DBI_TOK_EMAIL, chunk, start, end);
	else if (is_uuid(chunk))
		add_token(b, DBI_TOK_ID, chunk, start, end);
	else if (is_ipv4(chunk) || is_ipv6(chunk))
		add_token(b, DBI_TOK_IP, chunk, start, end);
	else if (is_date(chunk))
		add_token(b, DBI_TOK_DATE, chunk, start, end);
	else if (read_number(chunk, &number, &unit))
		add_number(b, chunk, number, unit, start, end);
	else if (is_dotted(chunk) || (strchr(chunk, '_') != NULL && strpbrk(chunk, "./:@%") == NULL))
		add_token(b, DBI_TOK_IDENT, chunk, start, end);
	else
		add_words(b, chunk, start, end);
}

/* End of a quoted stretch with something in it that opened at s, or NULL. */
static const char *
closing_quote(const char *s, const char *end, char quote)
{
	int len;
	char plain;
	bool letters = false;

	for (const char *p = s; p < end && p - s < 200; p += len)
	{
		letters = read_char(p, end, &len, &plain) == CH_LETTER || letters;
		if (plain == quote)
			return letters ? p : NULL;
		if (plain == '\n')
			return NULL;
	}
	return NULL;
}

static void
add_punct(Builder *b, const char *s, const char *end, const char *base)
{
	int start = (int) (s - base);

	if (*s == '<' || *s == '>' || *s == '=')
	{
		int len = s + 1 < end && s[1] == '=' ? 2 : 1;

		add_token(b, DBI_TOK_CMP, pnstrdup(s, len), start, start + len);
	}
	else
		add_token(b, DBI_TOK_PUNCT, pnstrdup(s, 1), start, start + 1);
}

/* "_(PHOTON)" belongs to the name it ends: bytes from the bracket to its end, or 0. */
static int
bracketed_part(const char *s, const char *p, const char *end)
{
	int n = 1;

	if (*p != '(' || p == s || p[-1] != '_')
		return 0;
	while (p + n < end && (isalnum((unsigned char) p[n]) || p[n] == '_'))
		n++;
	return n > 1 && p + n < end && p[n] == ')' ? n + 1 : 0;
}

/* Reads a chunk of letters and joiners into the buffer; returns where it ends. */
static const char *
read_chunk(Builder *b, const char *s, const char *end, const char *base)
{
	char *buf = b->buf;
	int n = 0;
	const char *p = s;

	while (p < end)
	{
		int len;
		char plain;
		CharClass class = read_char(p, end, &len, &plain);
		int bracket = bracketed_part(s, p, end);

		/* A comma inside a number belongs to it. */
		if (*p == ',' && p > s && isdigit((unsigned char) p[-1]) && p + 1 < end &&
			isdigit((unsigned char) p[1]))
			class = CH_JOINER;
		if (bracket > 0)
		{
			for (; bracket > 0; bracket--)
			{
				b->origin[n] = (int) (p - base);
				buf[n++] = pg_ascii_tolower((unsigned char) *p++);
			}
			continue;
		}
		if (class != CH_LETTER && class != CH_JOINER)
			break;
		if (plain != '\0')
		{
			b->origin[n] = (int) (p - base);
			buf[n++] = pg_ascii_tolower((unsigned char) plain);
		}
		else
			for (int i = 0; i < len; i++)
			{
				b->origin[n] = (int) (p - base) + i;
				buf[n++] = p[i];
			}
		p += len;
	}
	b->origin[n] = (int) (p - base);
	buf[n] = '\0';
	return p;
}

/* One step of the scan: a token or a separator; returns where it ends. */
static const char *
scan_one(Builder *b, const char *s, const char *end, const char *base)
{
	int len;
	char plain;
	CharClass class = read_char(s, end, &len, &plain);
	const char *close;
	const char *stop;

	if (class == CH_SPACE)
		return s + len;
	if ((class == CH_QUOTE || plain == '\'') && (close = closing_quote(s + len, end, plain)) != NULL)
	{
		char *inside = pnstrdup(s + len, close - s - len);
		int close_len;

		(void) read_char(close, end, &close_len, &plain);
		add_token(b, DBI_TOK_QUOTED, dbi_lower(inside), (int) (s - base),
				  (int) (close + close_len - base));
		return close + close_len;
	}
	if (class == CH_QUOTE)
		return s + len;
	if (*s == '$' && s + 1 < end && isdigit((unsigned char) s[1]))
	{
		int first = b->text->n;

		stop = scan_one(b, s + 1, end, base);
		/* The full stop of "$5." is a token too. */
		b->text->tokens[first].unit = "$";
		b->text->tokens[first].start--;
		return stop;
	}
	if (class == CH_PUNCT || (class == CH_JOINER && plain != '@'))
	{
		if ((unsigned char) *s < 0x80)
			add_punct(b, s, end, base);
		else if (plain == '?')
			add_token(b, DBI_TOK_PUNCT, "?", (int) (s - base), (int) (s + len - base));
		return s + len;
	}
	stop = read_chunk(b, s, end, base);
	add_chunk(b, pstrdup(b->buf), (int) (s - base));
	/* A full stop after a chunk ends a sentence. */
	if (stop > s && stop[-1] == '.')
		add_token(b, DBI_TOK_PUNCT, ".", (int) (stop - 1 - base), (int) (stop - base));
	return stop;
}

DbiText *
dbi_tokenize(const char *source)
{
	Builder b;
	const char *end = source + strlen(source);
	const char *s = source;

	b.text = palloc0(sizeof(DbiText));
	b.text->source = source;
	b.size = 64;
	b.text->tokens = palloc(b.size * sizeof(DbiToken));
	b.last_end = -1;
	b.buf = palloc(end - source + 1);
	b.origin = palloc(sizeof(int) * (end - source + 1));
	while (s < end)
	{
		CHECK_FOR_INTERRUPTS();
		s = scan_one(&b, s, end, source);
	}
	return b.text;
}
