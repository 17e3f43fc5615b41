/*
 * slots.c: what a question says in values: periods, counts, thresholds,
 * severities, regulations, environments, people, addresses, names.
 */
#include "postgres.h"

#include <math.h>

#include "mb/pg_wchar.h"
#include "miscadmin.h"

#include "agents/understand.h"

/* Words a kind of thing is called by; the thing's name stands beside them. */
static const struct
{
	const char *stem;
	const char *kind;
} kind_words[] = {{"workspac", "workspace"},
				  {"environment", "workspace"},
				  {"env", "workspace"},
				  {"job", "job"},
				  {"workflow", "job"},
				  {"etl", "job"},
				  {"tabl", "table"},
				  {"dataset", "table"},
				  {"view", "table"},
				  {"schema", "schema"},
				  {"database", "schema"},
				  {"catalog", "schema"},
				  {"model", "model"},
				  {"predictor", "model"},
				  {"detector", "model"},
				  {"endpoint", "endpoint"},
				  {"pipelin", "pipeline"},
				  {"dlt", "pipeline"},
				  {"warehous", "warehouse"},
				  {"cluster", "cluster"},
				  {"sku", "sku"},
				  {"user", "user"},
				  {"account", "user"}};

const char *
dbi_kind_word(const char *stem)
{
	for (int i = 0; i < lengthof(kind_words); i++)
		if (strcmp(kind_words[i].stem, stem) == 0)
			return kind_words[i].kind;
	return NULL;
}

const char *
dbi_slot_type(const DbiSlot *slot)
{
	static const char *const names[] = {"date",     "top_n",      "threshold",   "number",
										"severity", "regulation", "environment", "user",
										"ip",       "name"};

	if (slot->kind == DBI_SLOT_NAME && slot->candidates != NIL)
		return ((DbiCandidate *) linitial(slot->candidates))->kind;
	return names[slot->kind];
}

/* ---- reading ---- */

typedef struct Scan
{
	DbiText *text;
	const DbiClock *clock;
	List *slots;
} Scan;

static const DbiToken *
at(Scan *s, int i)
{
	return i >= 0 && i < s->text->n ? &s->text->tokens[i] : NULL;
}

static bool
is(Scan *s, int i, const char *words)
{
	const DbiToken *t = at(s, i);

	return t && (t->kind == DBI_TOK_WORD || t->kind == DBI_TOK_CMP) && dbi_is_one_of(t->text, words);
}

static DbiSlot *
add_slot(Scan *s, DbiSlotKind kind, int from, int to)
{
	DbiSlot *slot = palloc0(sizeof(DbiSlot));

	slot->kind = kind;
	slot->from = from;
	slot->to = to;
	slot->origin = DBI_ORIGIN_TEXT;
	slot->span = dbi_span(s->text, from, to);
	slot->value = slot->span;
	for (int i = from; i < to; i++)
		s->text->tokens[i].slot = list_length(s->slots);
	s->slots = lappend(s->slots, slot);
	return slot;
}

/* Seconds of one of a unit of time that a threshold can have. */
static bool
seconds_of(const char *unit, double *seconds)
{
	static const struct
	{
		const char *words;
		double seconds;
	} known[] = {{" ms msec msecs millisecond milliseconds ", 0.001},
				 {" s sec secs second seconds ", 1},
				 {" m min mins minute minutes ", 60},
				 {" h hr hrs hour hours ", 3600},
				 {" d day days ", 86400},
				 {" w wk week weeks ", 604800}};

	if (*unit == '\0')
		return false;
	for (int i = 0; i < lengthof(known); i++)
		if (strstr(known[i].words, psprintf(" %s ", unit)) != NULL)
		{
			*seconds = known[i].seconds;
			return true;
		}
	return false;
}

/* The number at i with its unit; returns the tokens it takes. */
static int
read_quantity(Scan *s, int i, double *value, DbiUnit *unit)
{
	const DbiToken *t = at(s, i);
	double factor;
	int used;

	if (!t)
		return 0;
	*unit = DBI_UNIT_NONE;
	if (t->kind == DBI_TOK_NUMBER && t->unit[0] != '\0')
	{
		*value = t->number;
		if (strcmp(t->unit, "%") == 0)
			*unit = DBI_UNIT_PERCENT;
		else if (strcmp(t->unit, "$") == 0 || strcmp(t->unit, "usd") == 0)
			*unit = DBI_UNIT_MONEY;
		else if (strcmp(t->unit, "k") == 0)
			*value *= 1000;
		else if (strcmp(t->unit, "gb") == 0 || strcmp(t->unit, "gib") == 0)
			*unit = DBI_UNIT_GIB;
		else if (strcmp(t->unit, "tb") == 0 || strcmp(t->unit, "tib") == 0)
		{
			*unit = DBI_UNIT_GIB;
			*value *= 1024;
		}
		else if (seconds_of(t->unit, &factor))
		{
			*unit = DBI_UNIT_SECONDS;
			*value *= factor;
		}
		else
			return 0;
		return 1;
	}
	used = dbi_number_word(t, s->text->n - i, value);
	if (used == 0 && is(s, i, "a|an|one"))
	{
		*value = 1;
		used = 1;
	}
	if (used == 0)
		return 0;
	t = at(s, i + used);
	if (t && t->kind == DBI_TOK_WORD)
	{
		if (seconds_of(t->text, &factor) && strlen(t->text) > 1)
		{
			*unit = DBI_UNIT_SECONDS;
			*value *= factor;
			return used + 1;
		}
		if (is(s, i + used, "percent|pct"))
			*unit = DBI_UNIT_PERCENT;
		else if (is(s, i + used, "dollars|dollar|usd|bucks"))
			*unit = DBI_UNIT_MONEY;
		else if (is(s, i + used, "gb|gib|gigabytes|gigabyte"))
			*unit = DBI_UNIT_GIB;
		else
			return used;
		return used + 1;
	}
	return used;
}

/*
 * over 3 minutes, > 2h, longer than 30 seconds, at least 90%, above 4. "over"
 * and "within" before a number of days are a period, not a threshold.
 */
static int
read_threshold(Scan *s, int i)
{
	int p = i;
	double value;
	DbiUnit unit;
	int used;
	bool sure = true;
	DbiSlot *slot;

	if (is(s, p, ">|>=|<|<="))
		p++;
	else if (is(s, p,
				"more|longer|greater|slower|bigger|larger|higher|older|less|fewer|shorter|lower") &&
			 is(s, p + 1, "than"))
		p += 2;
	else if (is(s, p, "at") && is(s, p + 1, "least|most"))
		p += 2;
	else if (is(s, p, "exceeding|exceeds|exceed|above|beyond|below|under|minimum|min"))
		p++;
	else if (is(s, p, "over"))
	{
		sure = false;
		p++;
	}
	else
		return 0;
	used = read_quantity(s, p, &value, &unit);
	if (used == 0 || (!sure && unit == DBI_UNIT_SECONDS && value >= 86400))
		return 0;
	slot = add_slot(s, DBI_SLOT_THRESHOLD, i, p + used);
	slot->number = value;
	slot->unit = unit;
	return p + used - i;
}

/* A superlative that a count can stand before: slowest, worst, most. */
static bool
is_superlative(const DbiToken *t)
{
	size_t len;

	if (!t || t->kind != DBI_TOK_WORD)
		return false;
	len = strlen(t->text);
	return (len > 5 && strcmp(t->text + len - 3, "est") == 0 && strcmp(t->text, "request") != 0) ||
		   strcmp(t->text, "top") == 0 || strcmp(t->text, "most") == 0 ||
		   strcmp(t->text, "worst") == 0 || strcmp(t->text, "best") == 0;
}

static bool
is_time_unit(Scan *s, int i)
{
	return is(s, i,
			  "minute|minutes|min|mins|hour|hours|hr|hrs|day|days|week|weeks|month|months|quarter|quarters|year|years|"
			  "second|seconds|sec|secs|percent|pct|dollars|usd|times");
}

/* top 5, first ten, 5 slowest, last 20 runs, limit 10, show 5 jobs. */
static int
read_top_n(Scan *s, int i)
{
	int p = i;
	double value;
	int used;
	DbiSlot *slot;
	bool led = is(s, p, "top|first|last|limit|worst|best|latest|biggest|slowest|bottom");
	bool asked = !led && is(s, p, "show|list|give|find|get|me|see");

	if (led || asked)
		p++;
	if (asked && is(s, p, "me"))
		p++;
	if (is(s, p, "the"))
		p++;
	used = dbi_number_word(s->text->tokens + p, s->text->n - p, &value);
	if (used == 0 || value < 1 || value > 100000 || value != floor(value) ||
		is_time_unit(s, p + used) || s->text->tokens[p].slot >= 0)
		return 0;
	if (!led && !is_superlative(at(s, p + used)) &&
		!(asked && at(s, p + used) && at(s, p + used)->kind == DBI_TOK_WORD))
		return 0;
	slot = add_slot(s, DBI_SLOT_TOP_N, led ? i : p, p + used);
	slot->number = value;
	slot->value = psprintf("%.0f", value);
	return p + used - i;
}

static const struct
{
	const char *word;
	const char *severity;
	bool alone; /* needs no noun beside it */
} severities[] = {{"critical", "critical", true}, {"sev1", "critical", true},
				  {"sev0", "critical", true},     {"p1", "critical", true},
				  {"p0", "critical", true},       {"urgent", "critical", false},
				  {"blocker", "critical", false}, {"high", "high", false},
				  {"severe", "high", true},       {"sev2", "high", true},
				  {"p2", "high", true},           {"serious", "high", false},
				  {"important", "high", false},   {"major", "high", false},
				  {"medium", "medium", false},    {"moderate", "medium", false},
				  {"sev3", "medium", true},       {"p3", "medium", true},
				  {"low", "low", false},          {"minor", "low", false},
				  {"sev4", "low", true},          {"p4", "low", true},
				  {"informational", "info", true}};

#define SEVERITY_NOUNS                                                                                  \
	"severity|severities|priority|risk|level|sev|alert|alerts|incident|incidents|event|events|finding|" \
	"findings|violation|violations|issue|issues|threat|threats|alarm|alarms|security|open|active|compliance|or"

/* high-severity, severity high, critical alerts, sev 1, "high or above". */
static int
read_severity(Scan *s, int i)
{
	int p = i;
	bool named = is(s, i, "severity|sev|priority") && at(s, i + 1);
	DbiSlot *slot;

	if (named)
		p++;
	if (named && is(s, p, "of|is|at|least"))
		p++;
	if (named && (is(s, i, "sev") || is(s, i, "priority")) && at(s, p) &&
		at(s, p)->kind == DBI_TOK_NUMBER && at(s, p)->number >= 0 && at(s, p)->number <= 4)
	{
		static const char *const by_number[] = {"critical", "critical", "high", "medium", "low"};

		slot = add_slot(s, DBI_SLOT_SEVERITY, i, p + 1);
		slot->value = by_number[(int) s->text->tokens[p].number];
		return p + 1 - i;
	}
	for (int k = 0; k < lengthof(severities); k++)
	{
		if (!is(s, p, severities[k].word))
			continue;
		if (!named && !severities[k].alone && !is(s, p + 1, SEVERITY_NOUNS))
			return 0;
		if (is(s, p + 1, "path|section|success"))
			return 0;
		if (!named && is(s, p + 1, "severity|priority|sev|level"))
			p++;
		if (is(s, p + 1, "or|and") && is(s, p + 2, "above|higher|worse|more|up|over"))
			p += 2;
		slot = add_slot(s, DBI_SLOT_SEVERITY, i, p + 1);
		slot->value = severities[k].severity;
		return p + 1 - i;
	}
	return 0;
}

static const struct
{
	const char *words; /* tokens with spaces between */
	const char *regulation;
} regulations[] = {{"gdpr", "GDPR"},
				   {"hipaa", "HIPAA"},
				   {"soc 2", "SOC2"},
				   {"soc2", "SOC2"},
				   {"soc ii", "SOC2"},
				   {"soc", "SOC2"},
				   {"pci dss", "PCI"},
				   {"pci", "PCI"},
				   {"iso 27001", "ISO27001"},
				   {"iso27001", "ISO27001"},
				   {"iso", "ISO27001"},
				   {"sox", "SOX"},
				   {"sarbanes oxley", "SOX"},
				   {"ccpa", "CCPA"},
				   {"nist", "NIST"},
				   {"fedramp", "FEDRAMP"},
				   {"general data protection regulation", "GDPR"}};

/* Tokens the phrase takes at i, or 0. */
static int
phrase_at(Scan *s, int i, const char *phrase)
{
	int used = 0;
	const char *p = phrase;

	while (*p)
	{
		size_t len = strcspn(p, " ");
		const DbiToken *t = at(s, i + used);

		if (!t || strlen(t->text) != len || strncmp(t->text, p, len) != 0)
			return 0;
		used++;
		p += len;
		while (*p == ' ')
			p++;
	}
	return used;
}

static int
read_regulation(Scan *s, int i)
{
	for (int k = 0; k < lengthof(regulations); k++)
	{
		int used = phrase_at(s, i, regulations[k].words);

		if (used > 0)
		{
			DbiSlot *slot = add_slot(s, DBI_SLOT_REGULATION, i, i + used);

			slot->value = regulations[k].regulation;
			return used;
		}
	}
	return 0;
}

static const struct
{
	const char *word;
	const char *environment;
	bool alone; /* false: only as "in test", "the test workspace" */
} environments[] = {{"production", "production", true},
					{"prod", "production", true},
					{"prd", "production", true},
					{"staging", "staging", true},
					{"stage", "staging", false},
					{"stg", "staging", true},
					{"preprod", "preprod", true},
					{"development", "development", true},
					{"dev", "development", true},
					{"test", "test", false},
					{"testing", "test", false},
					{"qa", "qa", true},
					{"uat", "uat", true},
					{"sandbox", "sandbox", true}};

static int
read_environment(Scan *s, int i)
{
	for (int k = 0; k < lengthof(environments); k++)
	{
		bool noun;
		int from = i;
		int to = i + 1;
		DbiSlot *slot;

		if (!is(s, i, environments[k].word))
			continue;
		noun = is(s, i + 1, "workspace|workspaces|environment|env|environments");
		if (!environments[k].alone && !noun && !is(s, i - 1, "in|for|on|from"))
			return 0;
		/* "workspace prod" and "prod-eu" are names, not environments. */
		if (is(s, i - 1, "workspace") ||
			(at(s, i + 1) && at(s, i + 1)->glued && at(s, i + 1)->kind != DBI_TOK_PUNCT))
			return 0;
		if (noun)
			to++;
		slot = add_slot(s, DBI_SLOT_ENVIRONMENT, from, to);
		slot->value = s->text->tokens[i].text;
		return to - i;
	}
	return 0;
}

static int
read_typed(Scan *s, int i)
{
	const DbiToken *t = at(s, i);
	DbiSlot *slot;

	if (t->kind == DBI_TOK_EMAIL)
		slot = add_slot(s, DBI_SLOT_USER, i, i + 1);
	else if (t->kind == DBI_TOK_IP)
		slot = add_slot(s, DBI_SLOT_IP, i, i + 1);
	else
		return 0;
	slot->value = t->text;
	return 1;
}

static int
read_period(Scan *s, int i)
{
	DbiPeriod period;
	int used = dbi_parse_period(s->text->tokens + i, s->text->n - i, s->clock, &period);
	DbiSlot *slot;

	if (used == 0)
		return 0;
	for (int k = i; k < i + used; k++)
		if (s->text->tokens[k].slot >= 0)
			return 0;
	slot = add_slot(s, DBI_SLOT_DATE, i, i + used);
	slot->period = period;
	return used;
}

/* Numbers nothing else took: "min_runs 3" finds them by the argument's name. */
static int
read_number(Scan *s, int i)
{
	double value;
	DbiUnit unit;
	int used;
	DbiSlot *slot;

	if (at(s, i)->kind == DBI_TOK_WORD)
		return 0;
	used = read_quantity(s, i, &value, &unit);
	if (used == 0)
		return 0;
	/* "job 7001" names a job. */
	if (used == 1 && at(s, i)->unit[0] == '\0' && at(s, i - 1) &&
		at(s, i - 1)->kind == DBI_TOK_WORD &&
		at(s, i - 1)->text[strlen(at(s, i - 1)->text) - 1] != 's' &&
		dbi_kind_word(at(s, i - 1)->stem))
	{
		slot = add_slot(s, DBI_SLOT_NAME, i, i + 1);
		return 1;
	}
	slot = add_slot(s, DBI_SLOT_NUMBER, i, i + used);
	slot->number = value;
	slot->unit = unit;
	return used;
}

/* A quoted stretch, a name with _ or dots, an id; what it is is for entities.c. */
static int
read_name(Scan *s, int i)
{
	const DbiToken *t = at(s, i);
	const char *start = s->text->source + t->start;
	DbiSlot *slot;

	if (t->kind != DBI_TOK_IDENT && t->kind != DBI_TOK_QUOTED && t->kind != DBI_TOK_ID)
		return 0;
	slot = add_slot(s, DBI_SLOT_NAME, i, i + 1);
	/* As it was written: the token has it in lower case. */
	if (t->kind == DBI_TOK_QUOTED)
	{
		start += pg_mblen(start);
		slot->value = pnstrdup(start, strlen(t->text));
	}
	else
		slot->value = pnstrdup(start, t->end - t->start);
	return 1;
}

List *
dbi_find_slots(DbiText *text, const DbiClock *clock)
{
	static int (*const readers[])(Scan *, int) = {read_typed,       read_regulation, read_threshold,
												  read_top_n,       read_period,     read_severity,
												  read_environment, read_name,       read_number};
	Scan s = {text, clock, NIL};
	int i = 0;

	while (i < text->n)
	{
		int used = 0;

		CHECK_FOR_INTERRUPTS();
		if (text->tokens[i].slot < 0)
			for (int k = 0; used == 0 && k < lengthof(readers); k++)
				used = readers[k](&s, i);
		i += used > 0 ? used : 1;
	}
	return s.slots;
}
