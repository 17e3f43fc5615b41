/*
 * plan_change.c: follow-ups that say nothing but what should be different:
 * "only prod", "and last week?", "90 pls", "workspaces only", "other
 * direction", "twice the period". The call before is made again with it.
 *
 * Every word must be accounted for: a name, a period, a value of an argument
 * of the tool that was called, a word that only joins, or a word of what was
 * asked before. One that is not makes it a question of its own.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"

#include "agents/planner.h"

/* Words that join a change to what it changes. */
#define JOINING                                                                                                          \
	"and|or|but|so|also|too|as|well|then|now|just|only|same|again|likewise|instead|rather|what|whats|how|about|with|"    \
	"without|for|in|on|at|of|to|from|by|per|into|the|a|an|this|that|these|those|it|its|them|one|ones|please|pls|plz|"    \
	"thanks|thx|ok|okay|k|good|great|fine|right|yes|yep|yeah|no|nope|not|sorry|oops|actually|hm|hmm|hey|i|we|you|me|us|" \
	"can|could|would|will|should|do|does|did|is|are|was|were|be|let|lets|see|show|give|get|take|make|go|look|run|"       \
	"repeat|redo|try|use|set|say|said|meant|mean|wanted|want|need|like|say|back|over|out|up|down|till|until|past|last|"  \
	"previous|next|coming|ahead|within|during|since|window|period|range|span|time|timeframe|horizon|days|hours|"         \
	"hour|limit|threshold|cutoff|min|minimum|max|more|less|least|most|longer|shorter|wider|wide|widen|extend|expand|"    \
	"narrow|narrower|restrict|filter|drill|zoom|focus|change|switch|replace|exclude|there|here|ago|top|first|thing|"     \
	"things|part|side|list|level|even|still|my|our|detail|details|detailed|specifically|particular|especially|"          \
	"compare|comparison|versus|vs|against|those|which|any|all|else|other|another|way|question|answer|result|results|"    \
	"include|including|add|plus|keep|beyond|above|below|under|than|if|were|stick|limited|limit|max|maximum|at|"          \
	"might|may|correction|typo|wait|total|due|enough|figures|numbers|rows|entries|bump|raise|lower|increase|decrease|"   \
	"push|pull|turn|put|cut|shrink|stretch|broaden|tighten|loosen|relax|reduce|cap|bar|number|stricter|strict|looser|"   \
	"interested|mind|actual|really|once|same|similar|equally|ditto|idem|next|following|after|before|later|earlier|her|"  \
	"his|him|their|they|he|she|who|where|when|whole|full|entire|complete|story|picture|worst|best|biggest|largest|"      \
	"slowest|longest|highest|oldest|newest|latest|most|heaviest|looking|talking|about|regarding|concerning|case|"        \
	"separately|seems|let|us|anything|anyone|only|alone|view|scope|based|starting|ending|until|up"

/* How far back a scaled period may reach: what the tools take. */
#define MOST_HOURS 9600.0

/* So few words are hardly a question of their own. */
#define SHORT_CHANGE 6
/* Words that may be left over in a change. */
#define MOST_LEFT_OVER 3
/* Evidence of a question that stands by itself. */
#define CLEAR_EVIDENCE 3.0

typedef struct Change
{
	DbiPlanner *p;
	bool *covered; /* by token */
	bool value;    /* a name, a period or a number is different */
	bool word;     /* a word of an argument is, or why is asked */
	double factor; /* of the period, 0: as it is */
	bool flip;     /* the other one of two words */
} Change;

static void
cover(Change *c, int from, int to)
{
	for (int i = Max(from, 0); i < to; i++)
		c->covered[i] = true;
}

static int
tool_index(DbiPlanner *p, const DbiFrameClause *f)
{
	int agent = dbi_find_agent(p->lex, f->agent);

	for (int t = 0; t < p->lex->ntools; t++)
		if (p->lex->tools[t].agent == agent && strcmp(p->lex->tools[t].name, f->tool) == 0)
			return t;
	return -1;
}

/* ---- what is different ---- */

static void
cover_slots(Change *c)
{
	ListCell *lc;

	foreach(lc, c->p->slots)
	{
		DbiSlot *slot = lfirst(lc);

		cover(c, slot->from, slot->to);
		if (slot->kind != DBI_SLOT_DATE || slot->period.kind != DBI_PERIOD_RECENT)
			c->value = true;
		/* "recommender endpoint", "workspace prod" */
		if (slot->from > 0 && dbi_kind_word(c->p->text->tokens[slot->from - 1].stem))
			cover(c, slot->from - 1, slot->from);
		if (slot->to < c->p->text->n && dbi_kind_word(c->p->text->tokens[slot->to].stem))
			cover(c, slot->to, slot->to + 1);
	}
}

/* Values of the arguments of the tool that was called, and the words its name is made of. */
static void
cover_arguments(Change *c, const DbiTool *tool)
{
	DbiText *text = c->p->text;
	char *names = pstrdup(tool->name);
	char *save;
	DbiWordHit hit;

	for (int a = 0; a < tool->narguments; a++)
	{
		const DbiArgument *arg = &tool->arguments[a];

		if (dbi_find_argument_word(c->p->lex, tool->name, arg, text, c->p->slots, 0, text->n, &hit))
		{
			cover(c, hit.from, hit.to);
			c->word = true;
		}
		for (int w = 0; w < arg->nwords; w++)
			for (int i = 0; i < text->n; i++)
				if (strcmp(text->tokens[i].text, dbi_lower(arg->words[w])) == 0)
				{
					cover(c, i, i + 1);
					c->word = true;
				}
		for (int i = 0; i < text->n; i++)
			if (strcmp(text->tokens[i].text, arg->name) == 0)
				cover(c, i, i + 1);
	}
	for (char *w = strtok_r(names, "_", &save); w; w = strtok_r(NULL, "_", &save))
		for (int i = 0; i < text->n; i++)
			if (text->tokens[i].kind == DBI_TOK_WORD &&
				strcmp(text->tokens[i].stem, dbi_stem(w)) == 0)
				cover(c, i, i + 1);
}

static void
cover_span(Change *c, const char *span)
{
	const DbiText *text = c->p->text;
	const char *at = strstr(text->source, span);

	for (int i = 0; at && i < text->n; i++)
		if (text->tokens[i].start >= at - text->source &&
			text->tokens[i].end <= at - text->source + (int) strlen(span))
			cover(c, i, i + 1);
	c->value = true;
}

/* Names that are looked for only when a tool wants one: schemas, SKUs, tags. */
static void
cover_late_names(Change *c, const DbiTool *tool)
{
	DbiText *text = c->p->text;
	const char *span;

	for (int a = 0; a < tool->narguments; a++)
	{
		const char *name = tool->arguments[a].name;

		if (strcmp(name, "schema") == 0 &&
			dbi_schema_in(c->p->lex, text, c->p->slots, 0, text->n, &span))
			cover_span(c, span);
		if (strncmp(name, "sku", 3) == 0 && dbi_sku_in(c->p->lex, text, 0, text->n, &span))
			cover_span(c, span);
		if (strstr(name, "tag") != NULL)
			for (int i = 1; i < text->n; i++)
				if (dbi_is_one_of(text->tokens[i - 1].text, "by|per") && text->tokens[i].slot < 0 &&
					dbi_is_tag_key(text->tokens[i].text))
					cover_span(c, dbi_span(text, i, i + 1));
	}
}

/*
 * What is wide again: a kind of thing ("all workspaces"), everything ("" for
 * "all of them"), words of arguments only ("-" for "all its runs"), or NULL.
 */
static const char *
widened_kind(const DbiText *text)
{
	for (int i = 0; i < text->n; i++)
	{
		const char *next = i + 1 < text->n ? text->tokens[i + 1].text : "";

		if (dbi_is_one_of(text->tokens[i].text,
						  "everything|everybody|everyone|everywhere|overall|altogether|anybody|anyone"))
			return "";
		if (!dbi_is_one_of(text->tokens[i].text, "all|every|any"))
			continue;
		for (int k = i + 1; k < text->n && k <= i + 2; k++)
			if (dbi_kind_word(text->tokens[k].stem))
				return dbi_kind_word(text->tokens[k].stem);
		return next[0] == '\0' || dbi_is_one_of(next, "of|in|then|please|pls|together|?|.") ? ""
																							: "-";
	}
	return NULL;
}

/* Whether the call before was narrowed to something, so that it can be widened. */
static bool
was_narrowed(DbiPlanner *p)
{
	ListCell *lc;

	foreach(lc, p->frame->slots)
		if (((DbiSlot *) lfirst(lc))->kind != DBI_SLOT_DATE)
			return true;
	foreach(lc, p->frame->clauses)
	{
		DbiFrameClause *f = lfirst(lc);
		ListCell *a;

		foreach(a, f->args)
			if (strspn(((DbiPlanArg *) lfirst(a))->value, "0123456789.-") !=
				strlen(((DbiPlanArg *) lfirst(a))->value))
				return true;
	}
	return false;
}

/* "twice the period", "longer", "the other direction". */
static void
find_operations(Change *c)
{
	static const struct
	{
		const char *words;
		double factor;
	} scales[] = {{"double|doubled|twice", 2}, {"triple|thrice", 3}, {"half|halve", 0.5}};
	DbiText *text = c->p->text;

	for (int i = 0; i < text->n; i++)
	{
		for (int k = 0; k < lengthof(scales); k++)
			if (text->tokens[i].slot < 0 && dbi_is_one_of(text->tokens[i].text, scales[k].words))
			{
				c->factor = scales[k].factor;
				cover(c, i, i + 1);
			}
		if (dbi_is_one_of(text->tokens[i].text, "opposite|reverse|reversed") ||
			(dbi_is_one_of(text->tokens[i].text, "other") && i + 1 < text->n &&
			 dbi_is_one_of(text->tokens[i + 1].text, "direction|way|side|end")))
		{
			c->flip = true;
			cover(c, i, Min(i + 2, text->n));
		}
		if (dbi_is_one_of(text->tokens[i].text, "direction|around|round"))
			cover(c, i, i + 1);
	}
	if (widened_kind(text) && was_narrowed(c->p) && dbi_count_words(text) <= SHORT_CHANGE)
	{
		c->value = true;
		for (int i = 0; i < text->n; i++)
			if (dbi_kind_word(text->tokens[i].stem) ||
				dbi_is_one_of(text->tokens[i].text,
							  "everything|everybody|everyone|everywhere|overall|altogether|anybody|severity|severities|states"))
				cover(c, i, i + 1);
	}
	if (c->factor > 0 || c->flip)
		c->value = true;
}

/* ---- words that are accounted for without a change ---- */

static void
cover_joining(Change *c)
{
	DbiText *text = c->p->text;
	ListCell *lc;

	for (int i = 0; i < text->n; i++)
	{
		const DbiToken *t = &text->tokens[i];

		if (t->kind == DBI_TOK_PUNCT || t->kind == DBI_TOK_CMP || dbi_is_one_of(t->text, JOINING) ||
			dbi_is_stop(c->p->lex, t->text, t->stem))
			cover(c, i, i + 1);
	}
	foreach(lc, c->p->clauses)
	{
		DbiClause *clause = lfirst(lc);
		ListCell *h;

		foreach(h, clause->hits)
		{
			DbiHit *hit = lfirst(h);
			const DbiConcept *concept = &c->p->lex->concepts[hit->concept];

			if (hit->from < 0)
				continue;
			if (concept->kind == DBI_CONCEPT_FOLLOW || strcmp(concept->name, "polite") == 0)
				cover(c, hit->from, hit->to);
			if (dbi_is_one_of(concept->name, "why|compare"))
			{
				cover(c, hit->from, hit->to);
				c->word = true;
			}
		}
	}
}

static bool
is_concept_of_frame(const DbiFrameClause *f, const char *concept)
{
	ListCell *lc;

	foreach(lc, f->concepts)
		if (strcmp(lfirst(lc), concept) == 0)
			return true;
	return false;
}

/* Words of the question before; more than one of them may be a new one. */
static void
cover_topic(Change *c, const DbiFrameClause *f)
{
	DbiHit *only = NULL;
	ListCell *lc;
	ListCell *h;

	foreach(lc, c->p->clauses)
		foreach(h, ((DbiClause *) lfirst(lc))->hits)
		{
			DbiHit *hit = lfirst(h);

			if (hit->from < 0 || c->covered[hit->from] ||
				!is_concept_of_frame(f, c->p->lex->concepts[hit->concept].name))
				continue;
			if (only && only->from != hit->from)
				return;
			only = hit;
		}
	if (only)
		cover(c, only->from, only->to);
}

static bool
is_covered(const Change *c)
{
	for (int i = 0; i < c->p->text->n; i++)
		if (!c->covered[i])
			return false;
	return true;
}

static void
read_change(Change *c, DbiPlanner *p)
{
	ListCell *lc;

	memset(c, 0, sizeof(*c));
	c->p = p;
	c->covered = palloc0(sizeof(bool) * Max(p->text->n, 1));
	cover_slots(c);
	find_operations(c);
	cover_joining(c);
	foreach(lc, p->frame->clauses)
	{
		int tool = tool_index(p, lfirst(lc));

		if (tool < 0)
			continue;
		cover_arguments(c, &p->lex->tools[tool]);
		if (!is_covered(c))
			cover_late_names(c, &p->lex->tools[tool]);
		if (!is_covered(c))
			cover_topic(c, lfirst(lc));
	}
}

/* ---- making it so ---- */

static DbiSlot *
replaced_by(DbiPlanner *p, int number, DbiSlot *slot)
{
	DbiSlot *old = list_nth(p->slots, number);

	slot->from = old->from;
	slot->to = old->to;
	slot->span = slot->value = old->span;
	slot->origin = DBI_ORIGIN_TEXT;
	lfirst(list_nth_cell(p->slots, number)) = slot;
	return slot;
}

/* The argument of a tool that says how far it looks, or NULL. */
static const DbiArgument *
window_of(const DbiTool *tool)
{
	for (int a = 0; a < tool->narguments; a++)
	{
		const char *name = tool->arguments[a].name;
		size_t len = strlen(name);

		if (strncmp(name, "min", 3) != 0 && strncmp(name, "max", 3) != 0 &&
			((len >= 4 && strcmp(name + len - 4, "days") == 0) ||
			 (len >= 5 && strcmp(name + len - 5, "hours") == 0)))
			return &tool->arguments[a];
	}
	return NULL;
}

static DbiPlanArg *
kept_argument(const DbiFrameClause *f, const char *name)
{
	ListCell *lc;

	foreach(lc, f->args)
		if (strcmp(((DbiPlanArg *) lfirst(lc))->name, name) == 0)
			return lfirst(lc);
	return NULL;
}

static void
set_length(DbiPlanner *p, DbiSlot *slot, const DbiArgument *window, double value)
{
	bool hours = strstr(window->name, "hours") != NULL;

	slot->kind = DBI_SLOT_DATE;
	slot->period.kind = strstr(window->name, "horizon") ? DBI_PERIOD_FUTURE : DBI_PERIOD_ROLLING;
	slot->period.grain = hours ? DBI_GRAIN_HOUR : DBI_GRAIN_DAY;
	slot->period.hours = value * (hours ? 1 : 24);
	slot->period.end = p->clock.today;
	slot->period.start = p->clock.today - (int) ceil(slot->period.hours / 24) + 1;
	if (slot->period.kind == DBI_PERIOD_FUTURE)
	{
		slot->period.start = p->clock.today;
		slot->period.end = p->clock.today + (int) value - 1;
	}
}

/* An argument that a number is a limit of, where a limit is spoken of: "threshold 2.5". */
static const DbiArgument *
limit_of(DbiPlanner *p, const DbiTool *tool)
{
	bool spoken = false;

	for (int i = 0; i < p->text->n; i++)
		spoken =
			spoken ||
			dbi_is_one_of(p->text->tokens[i].text,
						  "threshold|cutoff|sensitivity|score|stricter|strict|looser|minimum|min|least");
	for (int a = 0; spoken && a < tool->narguments; a++)
		if (strstr(tool->arguments[a].name, "threshold") != NULL ||
			strncmp(tool->arguments[a].name, "min_", 4) == 0)
			return &tool->arguments[a];
	return NULL;
}

static bool
takes_rows(const DbiTool *tool)
{
	for (int a = 0; a < tool->narguments; a++)
		if (strcmp(tool->arguments[a].name, "top_n") == 0)
			return true;
	return false;
}

static bool
speaks_of_rows(DbiPlanner *p)
{
	for (int i = 0; i < p->text->n; i++)
		if (dbi_is_one_of(p->text->tokens[i].text,
						  "rows|row|entries|results|items|top|first|list|best|worst|show|enough|names"))
			return true;
	return false;
}

/* A number that stands alone is of the argument that was last a number: "90 pls", "five will do". */
static void
place_number(DbiPlanner *p, DbiFrameClause *f, const DbiTool *tool, int number, double value)
{
	const DbiArgument *window = window_of(tool);
	const DbiArgument *limit = limit_of(p, tool);
	DbiSlot *made = palloc0(sizeof(DbiSlot));
	bool counted = kept_argument(f, "top_n") != NULL || (takes_rows(tool) && speaks_of_rows(p));

	if (limit)
	{
		DbiPlanArg *a = palloc0(sizeof(DbiPlanArg));

		a->name = limit->name;
		a->value = psprintf("%.12g", value);
		a->origin = DBI_ORIGIN_TEXT;
		f->args = lcons(a, f->args);
		return;
	}
	if (window && !counted && value >= 1 && value <= MOST_HOURS)
		set_length(p, made, window, value);
	else
	{
		made->kind = DBI_SLOT_TOP_N;
		made->number = value;
	}
	made = replaced_by(p, number, made);
	if (made->kind == DBI_SLOT_TOP_N)
		made->value = psprintf("%.0f", value);
}

/* "five will do" is a number too, when nothing else is said. */
static void
add_number_word(DbiPlanner *p)
{
	double value;

	for (int i = 0; i < p->text->n; i++)
	{
		DbiSlot *slot;
		int used = p->text->tokens[i].slot < 0
					   ? dbi_number_word(p->text->tokens + i, p->text->n - i, &value)
					   : 0;

		if (used == 0 || p->text->tokens[i].kind != DBI_TOK_WORD ||
			strcmp(p->text->tokens[i].text, "one") == 0)
			continue;
		slot = palloc0(sizeof(DbiSlot));
		slot->kind = DBI_SLOT_NUMBER;
		slot->from = i;
		slot->to = i + used;
		slot->span = slot->value = dbi_span(p->text, i, i + used);
		slot->number = value;
		for (int k = i; k < i + used; k++)
			p->text->tokens[k].slot = list_length(p->slots);
		p->slots = lappend(p->slots, slot);
		return;
	}
}

static bool
is_taken_by_words(DbiPlanner *p, const DbiTool *tool, const DbiSlot *slot)
{
	DbiWordHit hit;

	for (int a = 0; a < tool->narguments; a++)
		if (dbi_find_argument_word(p->lex, tool->name, &tool->arguments[a], p->text, p->slots, 0,
								   p->text->n, &hit) &&
			hit.number >= slot->from && hit.number < slot->to)
			return true;
	return false;
}

static void
place_numbers(DbiPlanner *p, DbiFrameClause *f, const DbiTool *tool)
{
	for (int i = 0; i < list_length(p->slots); i++)
	{
		DbiSlot *slot = list_nth(p->slots, i);

		if ((slot->kind == DBI_SLOT_NUMBER || slot->kind == DBI_SLOT_THRESHOLD) &&
			slot->unit == DBI_UNIT_NONE && !is_taken_by_words(p, tool, slot))
			place_number(p, f, tool, i, slot->number);
	}
}

static const struct
{
	const char *words;
	DbiGrain grain;
	int days;
} units[] = {{"day", DBI_GRAIN_DAY, 1},          {"week", DBI_GRAIN_WEEK, 7},
			 {"fortnight", DBI_GRAIN_WEEK, 14},  {"month", DBI_GRAIN_MONTH, 30},
			 {"quarter", DBI_GRAIN_QUARTER, 90}, {"year", DBI_GRAIN_YEAR, 365}};

static int
unit_at(const DbiText *text, int i)
{
	for (int k = 0; i >= 0 && i < text->n && k < lengthof(units); k++)
		if (text->tokens[i].slot < 0 && dbi_is_one_of(text->tokens[i].text, units[k].words))
			return k;
	return -1;
}

static void
add_period(DbiPlanner *p, const DbiPeriod *period, int from, int to)
{
	DbiSlot *slot = dbi_made_period(NULL, period, dbi_span(p->text, from, to));

	slot->from = from;
	slot->to = to;
	for (int k = from; k < to; k++)
		p->text->tokens[k].slot = list_length(p->slots);
	p->slots = lappend(p->slots, slot);
}

/*
 * Periods that only mean something beside the one before: "a month", "the
 * whole week", "the day after", "the following week".
 */
static void
add_relative_period(DbiPlanner *p)
{
	DbiSlot *was = dbi_frame_period(p);
	DbiText *text = p->text;

	for (int i = 0; i < text->n && dbi_period_slots(p->slots) == NIL; i++)
	{
		int k = unit_at(text, i);
		const char *before = i > 0 ? text->tokens[i - 1].text : "";
		const char *after = i + 1 < text->n ? text->tokens[i + 1].text : "";
		DbiPeriod q;

		if (k < 0)
			continue;
		memset(&q, 0, sizeof(q));
		q.grain = units[k].grain;
		if (was && (dbi_is_one_of(after, "after|later") || dbi_is_one_of(before, "following|next")))
		{
			bool later = dbi_is_one_of(after, "after|later");

			q.kind = DBI_PERIOD_CALENDAR;
			q.start = q.grain == DBI_GRAIN_DAY
						  ? was->period.end + 1
						  : dbi_step(dbi_first_of(was->period.end, q.grain), q.grain, 1);
			q.end = Min(dbi_step(q.start, q.grain, 1) - 1, Max(p->clock.today, q.start));
			if (q.start > p->clock.today)
				return;
			add_period(p, &q, later ? i : i - 1, later ? i + 2 : i + 1);
		}
		else if (dbi_is_one_of(before, "a|an|whole|full|entire|complete|one"))
		{
			q.kind = DBI_PERIOD_ROLLING;
			q.hours = 24.0 * units[k].days;
			q.end = p->clock.today;
			q.start = q.end - units[k].days + 1;
			add_period(p, &q, i - 1, i + 1);
		}
	}
}

/* The period of before, so many times as long. */
static void
scale_period(DbiPlanner *p, double factor)
{
	DbiSlot *was = dbi_frame_period(p);
	DbiSlot *slot;
	int days;

	if (!was || dbi_period_slots(p->slots) != NIL)
		return;
	slot = dbi_made_period(was, &was->period, was->span);
	days = (int) ceil((was->period.end - was->period.start + 1) * factor);
	slot->period.note = NULL;
	slot->period.hours = Min(was->period.hours * factor, MOST_HOURS);
	if (was->period.kind == DBI_PERIOD_FUTURE)
		slot->period.end = was->period.start + days - 1;
	else
		slot->period.start = was->period.end - days + 1;
	slot->span = slot->value =
		psprintf("%s to %s", dbi_date_text(slot->period.start), dbi_date_text(slot->period.end));
	slot->origin = DBI_ORIGIN_TEXT;
	p->slots = lappend(p->slots, slot);
}

/* Of two words for an argument, both aside, the one that it did not have. */
static void
flip_words(DbiFrameClause *f, const DbiTool *tool)
{
	for (int a = 0; a < tool->narguments; a++)
	{
		const DbiArgument *arg = &tool->arguments[a];
		DbiPlanArg *kept = kept_argument(f, arg->name);
		const char *other = NULL;
		int others = 0;

		for (int w = 0; kept && w < arg->nwords; w++)
			if (strcmp(arg->words[w], kept->value) != 0 &&
				!dbi_is_one_of(arg->words[w], "both|all|any"))
			{
				other = arg->words[w];
				others++;
			}
		if (others == 1)
			kept->value = other;
	}
}

/* "all workspaces", "for everybody": what was narrowed is wide again. */
static void
drop_narrowing(DbiPlanner *p, DbiFrameClause *f, const DbiTool *tool)
{
	List *args = NIL;
	List *slots = NIL;
	ListCell *lc;
	const char *kind = widened_kind(p->text);

	if (!kind)
		return;
	foreach(lc, p->frame->slots)
	{
		DbiSlot *slot = lfirst(lc);

		if (slot->kind == DBI_SLOT_DATE ||
			(kind[0] && strcmp(dbi_slot_type(slot), kind) != 0 &&
			 !(dbi_is_workspace(slot) && strcmp(kind, "workspace") == 0)))
			slots = lappend(slots, slot);
	}
	foreach(lc, f->args)
	{
		DbiPlanArg *kept = lfirst(lc);
		bool text = false;
		bool words = false;

		for (int a = 0; a < tool->narguments; a++)
			if (strcmp(tool->arguments[a].name, kept->name) == 0)
			{
				text = tool->arguments[a].type == TEXTOID;
				words = tool->arguments[a].nwords > 0;
			}
		if (!text || (kind[0] && !words && strncmp(kept->name, kind, strlen(kind)) != 0))
			args = lappend(args, kept);
	}
	p->frame->slots = slots;
	f->args = args;
}

/* The clause of the frame again: its agent and its tool, whatever the new words are like. */
static DbiClause *
same_clause(DbiPlanner *p, const DbiFrameClause *f, int tool)
{
	DbiClause *clause = dbi_read_clause(p->lex, p->text, p->slots, 0, p->text->n);
	ListCell *lc;

	foreach(lc, f->concepts)
	{
		int concept = dbi_find_concept(p->lex, lfirst(lc));
		DbiHit *hit;

		if (concept < 0)
			continue;
		hit = palloc(sizeof(DbiHit));
		hit->concept = concept;
		hit->weight = 1;
		hit->from = hit->to = -1;
		clause->hits = lappend(clause->hits, hit);
	}
	dbi_score_clause(p->lex, p->text, p->slots, clause, p->only_agent, p->lex->tools[tool].agent,
					 tool);
	clause->best_agent = p->lex->tools[tool].agent;
	clause->best_tool = tool;
	clause->evidence = Max(clause->evidence, DBI_OWN_EVIDENCE);
	clause->confidence = Max(clause->confidence, 0.9);
	return clause;
}

/* ---- words that are left over ---- */

static bool
is_all_covered(const Change *c, const DbiHit *hit)
{
	for (int i = hit->from; i < hit->to; i++)
		if (!c->covered[i])
			return false;
	return true;
}

/* Whether words that are not accounted for, or a phrase ("who may read"), speak for a subject. */
static bool
has_subject(const Change *c)
{
	ListCell *lc;
	ListCell *h;

	foreach(lc, c->p->clauses)
		foreach(h, ((DbiClause *) lfirst(lc))->hits)
		{
			DbiHit *hit = lfirst(h);
			const DbiConcept *concept = &c->p->lex->concepts[hit->concept];

			if (hit->from < 0 || is_all_covered(c, hit))
				continue;
			if ((concept->kind == DBI_CONCEPT_TOPIC && concept->weights != NIL) ||
				concept->kind == DBI_CONCEPT_SCOPE || strcmp(concept->name, "trend") == 0)
				return true;
		}
	return false;
}

/* "per team", "by day": another cut through the rows is another question. */
static bool
cuts_otherwise(const Change *c)
{
	for (int i = 1; i < c->p->text->n; i++)
		if (!c->covered[i] && dbi_is_one_of(c->p->text->tokens[i - 1].text, "by|per|each|every"))
			return true;
	return false;
}

static int
left_over(const Change *c)
{
	int n = 0;

	for (int i = 0; i < c->p->text->n; i++)
		n += !c->covered[i];
	return n;
}

/* Whether the words by themselves would call what was called before. */
static bool
speaks_for_same(DbiPlanner *p)
{
	DbiFrameClause *f = llast(p->frame->clauses);
	DbiClause *clause = p->clauses ? linitial(p->clauses) : NULL;

	return list_length(p->clauses) == 1 && clause->best_tool >= 0 &&
		   strcmp(p->lex->tools[clause->best_tool].name, f->tool) == 0;
}

/*
 * Words nobody knows change nothing ("bump it to 48h") as long as they are few
 * beside what is different, and nothing is like a question of its own.
 */
static bool
is_change(const Change *c)
{
	int words = dbi_count_words(c->p->text);
	int rest = left_over(c);

	if (rest == 0)
		return true;
	if (speaks_for_same(c->p))
		return words <= SHORT_CHANGE;
	return c->value && rest <= MOST_LEFT_OVER && !has_subject(c) && !cuts_otherwise(c) &&
		   dbi_best_evidence(c->p) < CLEAR_EVIDENCE;
}

/* "mask them" may be an order; "only warehouses" is none. */
static bool
has_object(const DbiText *text)
{
	for (int i = 1; i < text->n; i++)
		if (dbi_is_one_of(text->tokens[i].text, "them|it|those|these|him|her"))
			return true;
	return false;
}

DbiChanges
dbi_only_changes(DbiPlanner *p)
{
	Change c;

	if (p->frame->clauses == NIL || dbi_count_words(p->text) > DBI_FOLLOW_UP_WORDS)
		return DBI_CHANGES_NOTHING;
	add_relative_period(p);
	add_number_word(p);
	read_change(&c, p);
	p->cuts_otherwise = cuts_otherwise(&c);
	if (!(c.value || c.word) || !is_change(&c))
		return DBI_CHANGES_NOTHING;
	return c.value || !has_object(p->text) ? DBI_CHANGES_VALUE : DBI_CHANGES_WORD;
}

bool
dbi_plan_change(DbiPlanner *p)
{
	List *clauses = NIL;
	ListCell *lc;
	Change c;

	read_change(&c, p);
	dbi_take_kind_from_frame(p);
	foreach(lc, p->frame->clauses)
	{
		DbiFrameClause *f = lfirst(lc);
		int tool = tool_index(p, f);

		if (tool < 0 || (p->only_agent >= 0 && p->lex->tools[tool].agent != p->only_agent))
			continue;
		drop_narrowing(p, f, &p->lex->tools[tool]);
		place_numbers(p, f, &p->lex->tools[tool]);
		if (c.flip)
			flip_words(f, &p->lex->tools[tool]);
		clauses = lappend(clauses, same_clause(p, f, tool));
	}
	if (clauses == NIL)
		return false;
	if (c.factor > 0)
		scale_period(p, c.factor);
	p->plan->follow_up = true;
	p->change_only = true;
	p->clauses = clauses;
	foreach(lc, clauses)
		dbi_plan_clause(p, lfirst(lc), DBI_INHERIT_ALL);
	return true;
}
