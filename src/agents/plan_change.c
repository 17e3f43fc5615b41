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

#include "catalog/pg_type.h"

#include "agents/plan_change.h"

/* Words that join a change to what it changes. */
#define JOINING                                                                                                              \
	"and|or|but|so|also|too|as|well|then|now|just|only|same|again|likewise|instead|rather|what|whats|how|about|with|"        \
	"without|for|in|on|at|of|to|from|by|per|into|the|a|an|this|that|these|those|it|its|them|one|ones|please|pls|plz|"        \
	"thanks|thx|ok|okay|k|good|great|fine|right|yes|yep|yeah|no|nope|not|sorry|oops|actually|hm|hmm|hey|i|we|you|me|us|"     \
	"can|could|would|will|should|do|does|did|is|are|was|were|be|let|lets|see|show|give|get|take|make|go|look|run|"           \
	"repeat|redo|try|use|set|say|said|meant|mean|wanted|want|need|like|say|back|over|out|up|down|till|until|past|last|"      \
	"previous|next|coming|ahead|within|during|since|window|period|range|span|time|timeframe|horizon|days|hours|"             \
	"hour|limit|threshold|cutoff|min|minimum|max|more|less|least|most|longer|shorter|wider|wide|widen|extend|expand|"        \
	"narrow|narrower|restrict|filter|drill|zoom|focus|change|switch|replace|exclude|there|here|ago|top|first|thing|"         \
	"things|part|side|list|level|even|still|my|our|detail|details|detailed|specifically|particular|especially|"              \
	"compare|comparison|versus|vs|against|those|which|any|all|else|other|another|way|question|answer|result|results|"        \
	"gimme|gimmie|include|including|add|plus|keep|beyond|above|below|under|than|if|were|stick|limited|limit|max|maximum|at|" \
	"might|may|correction|typo|wait|total|due|enough|figures|numbers|rows|entries|bump|raise|lower|increase|decrease|"       \
	"push|pull|turn|put|cut|shrink|stretch|broaden|tighten|loosen|relax|reduce|cap|bar|number|stricter|strict|looser|"       \
	"interested|mind|actual|really|once|same|similar|equally|ditto|idem|next|following|after|before|later|earlier|her|"      \
	"his|him|their|they|he|she|who|where|when|whole|full|entire|complete|story|picture|worst|best|biggest|largest|"          \
	"slowest|longest|highest|oldest|newest|latest|most|heaviest|looking|talking|about|regarding|concerning|case|"            \
	"separately|seems|let|us|anything|anyone|only|alone|view|scope|based|starting|ending|until|up"

/* So few words are hardly a question of their own. */
#define SHORT_CHANGE 6
/* The same question once more with something else in it is hardly longer than this. */
#define SAME_QUESTION 10
/* Words that may be left over in a change. */
#define MOST_LEFT_OVER 3
/* Evidence of a question that stands by itself. */
#define CLEAR_EVIDENCE 3.0

static void
cover(DbiChange *c, int from, int to)
{
	for (int i = Max(from, 0); i < to; i++)
		c->covered[i] = true;
}

int
dbi_change_tool_index(DbiPlanner *p, const DbiFrameClause *f)
{
	int agent = dbi_find_agent(p->lex, f->agent);

	for (int t = 0; t < p->lex->ntools; t++)
		if (p->lex->tools[t].agent == agent && strcmp(p->lex->tools[t].name, f->tool) == 0)
			return t;
	return -1;
}

/* ---- what is different ---- */

static void
cover_slots(DbiChange *c)
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

/* Whether the word is an argument's name, or the last part of it: "state" of result_state. */
static bool
is_name_of(const DbiArgument *arg, const DbiToken *t)
{
	const char *part = strrchr(arg->name, '_');

	return strcmp(dbi_stem(part ? part + 1 : arg->name), t->stem) == 0;
}

static bool
has_number(DbiPlanner *p)
{
	ListCell *lc;

	foreach(lc, p->slots)
	{
		DbiSlotKind kind = ((DbiSlot *) lfirst(lc))->kind;

		if (kind == DBI_SLOT_NUMBER || kind == DBI_SLOT_THRESHOLD)
			return true;
	}
	return false;
}

/* "10% cpu cutoff": beside a number the words of a limit's name, "cpu" of cpu_threshold. */
static void
cover_limit_words(DbiChange *c, const DbiTool *tool)
{
	for (int a = 0; a < tool->narguments; a++)
	{
		char *name = pstrdup(tool->arguments[a].name);
		char *save;

		if (strstr(name, "threshold") == NULL && strncmp(name, "min_", 4) != 0)
			continue;
		for (char *w = strtok_r(name, "_", &save); w; w = strtok_r(NULL, "_", &save))
			for (int i = 0; i < c->p->text->n; i++)
				if (c->p->text->tokens[i].slot < 0 &&
					strcmp(c->p->text->tokens[i].stem, dbi_stem(w)) == 0)
				{
					cover(c, i, i + 1);
					c->named[i] = true;
				}
	}
}

/* Values of the arguments of the tool that was called, and the words its name is made of. */
static void
cover_arguments(DbiChange *c, const DbiTool *tool)
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
			for (int i = hit.from; i < hit.to; i++)
				c->named[i] = true;
			c->word = true;
			c->value = c->value || strstr(arg->name, "severity") != NULL;
		}
		for (int w = 0; w < arg->nwords; w++)
			for (int i = 0; i < text->n; i++)
				if (strcmp(text->tokens[i].text, dbi_lower(arg->words[w])) == 0)
				{
					cover(c, i, i + 1);
					c->word = true;
				}
		for (int i = 0; i < text->n; i++)
			if (strcmp(text->tokens[i].text, arg->name) == 0 ||
				(i > 0 && dbi_is_one_of(text->tokens[i - 1].text, "all|every|any") &&
				 is_name_of(arg, &text->tokens[i])))
				cover(c, i, i + 1);
	}
	if (has_number(c->p))
		cover_limit_words(c, tool);
	for (char *w = strtok_r(names, "_", &save); w; w = strtok_r(NULL, "_", &save))
		for (int i = 0; i < text->n; i++)
			if (text->tokens[i].kind == DBI_TOK_WORD &&
				strcmp(text->tokens[i].stem, dbi_stem(w)) == 0 &&
				!(i > 0 && dbi_is_one_of(text->tokens[i - 1].text, "not|never|no|without")))
				cover(c, i, i + 1);
}

static void
cover_span(DbiChange *c, const char *span)
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
cover_late_names(DbiChange *c, const DbiTool *tool)
{
	DbiText *text = c->p->text;
	const char *span;

	for (int a = 0; a < tool->narguments; a++)
	{
		const char *name = tool->arguments[a].name;

		if (strcmp(name, "schema") == 0 &&
			dbi_schema_in(c->p->lex, text, c->p->slots, 0, text->n, &span))
			cover_span(c, span);
		if (strncmp(name, "sku", 3) == 0 && dbi_sku_in(c->p->lex, text, 0, text->n, NULL, &span))
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
const char *
dbi_change_widened_kind(const DbiText *text)
{
	for (int i = 0; i < text->n; i++)
	{
		const char *next = i + 1 < text->n ? text->tokens[i + 1].text : "";

		if (dbi_is_one_of(text->tokens[i].text,
						  "everything|everybody|everyone|everywhere|overall|altogether|anybody|anyone"))
			return "";
		/* "the whole account" */
		if (dbi_is_one_of(text->tokens[i].text, "whole|entire|full") &&
			dbi_is_one_of(next, "account|platform|estate|company|org|organisation|organization|lot"))
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

/* The argument of the call before that is wide again: "every domain", "any state"; or NULL. */
const char *
dbi_change_widened_argument(DbiPlanner *p, const DbiTool *tool)
{
	for (int i = 0; i + 1 < p->text->n; i++)
		for (int a = 0;
			 a < tool->narguments && dbi_is_one_of(p->text->tokens[i].text, "all|every|any"); a++)
			if (tool->arguments[a].type == TEXTOID &&
				is_name_of(&tool->arguments[a], &p->text->tokens[i + 1]))
				return tool->arguments[a].name;
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
find_operations(DbiChange *c)
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
	if (dbi_change_widened_kind(text) && was_narrowed(c->p) &&
		dbi_count_words(text) <= (dbi_change_widened_kind(text)[0] ? SHORT_CHANGE : SAME_QUESTION))
	{
		c->value = true;
		for (int i = 0; i < text->n; i++)
			if (dbi_kind_word(text->tokens[i].stem) ||
				dbi_is_one_of(text->tokens[i].text,
							  "everything|everybody|everyone|everywhere|overall|altogether|anybody|severity|severities|states|"
							  "account|platform|estate|company|org|organisation|organization|lot"))
				cover(c, i, i + 1);
	}
	if (c->factor > 0 || c->flip)
		c->value = true;
}

/* ---- words that are accounted for without a change ---- */

static void
cover_joining(DbiChange *c)
{
	DbiText *text = c->p->text;
	ListCell *lc;

	for (int i = 0; i < text->n; i++)
	{
		const DbiToken *t = &text->tokens[i];

		if (t->kind == DBI_TOK_PUNCT || t->kind == DBI_TOK_CMP || dbi_is_one_of(t->text, JOINING) ||
			dbi_is_stop(c->p->lex, t->text, t->stem))
			cover(c, i, i + 1);
		/* "a month instead of a week" */
		for (int k = i - 1; k >= 1 && k >= i - 2; k--)
			if (dbi_is_one_of(t->stem, "day|week|fortnight|month|quarter|year") &&
				dbi_is_one_of(text->tokens[k].text, "of|than") &&
				dbi_is_one_of(text->tokens[k - 1].text, "instead|rather"))
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
cover_topic(DbiChange *c, const DbiFrameClause *f)
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
is_covered(const DbiChange *c)
{
	for (int i = 0; i < c->p->text->n; i++)
		if (!c->covered[i])
			return false;
	return true;
}

void
dbi_read_change(DbiChange *c, DbiPlanner *p)
{
	ListCell *lc;

	memset(c, 0, sizeof(*c));
	c->p = p;
	c->covered = palloc0(sizeof(bool) * Max(p->text->n, 1));
	c->named = palloc0(sizeof(bool) * Max(p->text->n, 1));
	cover_slots(c);
	find_operations(c);
	cover_joining(c);
	foreach(lc, p->frame->clauses)
	{
		int tool = dbi_change_tool_index(p, lfirst(lc));

		if (tool < 0)
			continue;
		cover_arguments(c, &p->lex->tools[tool]);
		c->value = c->value || dbi_change_widened_argument(p, &p->lex->tools[tool]) != NULL;
		if (!is_covered(c))
			cover_late_names(c, &p->lex->tools[tool]);
		if (!is_covered(c))
			cover_topic(c, lfirst(lc));
	}
}

/* ---- words that are left over ---- */

static bool
is_all_covered(const DbiChange *c, const DbiHit *hit)
{
	for (int i = hit->from; i < hit->to; i++)
		if (!c->covered[i])
			return false;
	return true;
}

/* Whether words that are not accounted for, or a phrase ("who may read"), speak for a subject. */
static bool
has_subject(const DbiChange *c)
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

static float
weight_for(const DbiConcept *concept, int tool)
{
	ListCell *lc;

	foreach(lc, concept->weights)
	{
		DbiWeight *w = lfirst(lc);

		if (w->with < 0 && w->tool == tool)
			return w->weight;
	}
	return 0;
}

/* A word that speaks for one tool more than for any that was called: "its last runs", "what is not tagged". */
#define CLEAR_SUBJECT 1.5

static bool
is_anothers(const DbiChange *c, const DbiHit *hit)
{
	const DbiConcept *concept = &c->p->lex->concepts[hit->concept];
	float asked = 0;
	float other = 0;
	ListCell *lc;

	foreach(lc, c->p->frame->clauses)
	{
		int tool = dbi_change_tool_index(c->p, lfirst(lc));

		if (is_concept_of_frame(lfirst(lc), concept->name))
			return false;
		if (tool >= 0)
			asked = Max(asked, weight_for(concept, tool));
	}
	for (int t = 0; t < c->p->lex->ntools; t++)
		other = Max(other, weight_for(concept, t));
	return other >= CLEAR_SUBJECT && asked < other;
}

/* Whether a word that is neither a name nor a value speaks for another tool, though each could join a change. */
static bool
names_anothers(const DbiChange *c)
{
	ListCell *lc;
	ListCell *h;

	foreach(lc, c->p->clauses)
		foreach(h, ((DbiClause *) lfirst(lc))->hits)
		{
			DbiHit *hit = lfirst(h);

			if (hit->from >= 0 && c->p->text->tokens[hit->from].slot < 0 && !c->named[hit->from] &&
				!c->named[hit->to - 1] &&
				!(hit->to == hit->from + 1 &&
				  dbi_is_one_of(c->p->text->tokens[hit->from].text, JOINING)) &&
				c->p->lex->concepts[hit->concept].kind == DBI_CONCEPT_TOPIC && is_anothers(c, hit))
				return true;
		}
	return false;
}

/* "per team", "by day": another cut through the rows is another question. */
static bool
cuts_otherwise(const DbiChange *c)
{
	for (int i = 1; i < c->p->text->n; i++)
		if (!c->covered[i] && dbi_is_one_of(c->p->text->tokens[i - 1].text, "by|per|each|every"))
			return true;
	return false;
}

static int
left_over(const DbiChange *c)
{
	int n = 0;

	for (int i = 0; i < c->p->text->n; i++)
		n += !c->covered[i];
	return n;
}

static bool
frame_takes_rows(DbiPlanner *p)
{
	ListCell *lc;

	foreach(lc, p->frame->clauses)
	{
		int tool = dbi_change_tool_index(p, lfirst(lc));

		if (tool >= 0 && dbi_change_takes_rows(&p->lex->tools[tool]))
			return true;
	}
	return false;
}

/* "its last ten runs", where nothing that was called has rows to count: of another tool. */
bool
dbi_counts_anothers(DbiPlanner *p)
{
	ListCell *lc;

	foreach(lc, frame_takes_rows(p) ? NIL : p->slots)
	{
		DbiSlot *slot = lfirst(lc);

		if (slot->kind == DBI_SLOT_TOP_N && slot->to < p->text->n &&
			p->text->tokens[slot->to].kind == DBI_TOK_WORD && p->text->tokens[slot->to].slot < 0 &&
			dbi_kind_word(p->text->tokens[slot->to].stem) == NULL &&
			!dbi_is_one_of(p->text->tokens[slot->to].text, JOINING))
			return true;
	}
	return false;
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

/* Whether a word that is no name speaks for a subject. */
static bool
has_topic(const DbiChange *c, const DbiClause *clause)
{
	ListCell *lc;

	foreach(lc, clause->hits)
	{
		DbiHit *hit = lfirst(lc);
		const DbiConcept *concept = &c->p->lex->concepts[hit->concept];

		if (hit->from >= 0 && c->p->text->tokens[hit->from].slot < 0 &&
			concept->kind == DBI_CONCEPT_TOPIC && concept->weights != NIL)
			return true;
	}
	return false;
}

/* Whether something is named that the tool takes and none that was called does. */
static bool
takes_what_is_named(const DbiChange *c, const DbiTool *tool)
{
	ListCell *lc;
	ListCell *f;

	foreach(lc, c->p->slots)
	{
		DbiSlot *slot = lfirst(lc);
		bool taken = false;

		if ((slot->kind != DBI_SLOT_NAME && slot->kind != DBI_SLOT_ENVIRONMENT) ||
			!dbi_takes_slot(tool, slot))
			continue;
		foreach(f, c->p->frame->clauses)
		{
			int called = dbi_change_tool_index(c->p, lfirst(f));

			taken = taken || (called >= 0 && dbi_takes_slot(&c->p->lex->tools[called], slot));
		}
		if (!taken)
			return true;
	}
	return false;
}

/*
 * Whether the words by themselves ask another tool: one that was asked some
 * turns ago ("and its runs?"), or one that takes what they name ("the runs of
 * orders_export", after failures of all jobs).
 */
static bool
asks_another(const DbiChange *c)
{
	DbiClause *clause = list_length(c->p->clauses) == 1 ? linitial(c->p->clauses) : NULL;
	const DbiTool *tool;
	ListCell *lc;

	if (!clause || clause->best_tool < 0 || clause->evidence < DBI_OWN_EVIDENCE ||
		!has_topic(c, clause))
		return false;
	tool = &c->p->lex->tools[clause->best_tool];
	foreach(lc, c->p->frame->clauses)
		if (strcmp(((DbiFrameClause *) lfirst(lc))->tool, tool->name) == 0)
			return false;
	foreach(lc, c->value ? NIL : c->p->frame->past)
		if (strcmp(((DbiFrameClause *) lfirst(lc))->tool, tool->name) == 0)
			return true;
	return takes_what_is_named(c, tool);
}

/*
 * Words nobody knows change nothing ("bump it to 48h") as long as they are few
 * beside what is different, and nothing is like a question of its own.
 */
static bool
is_change(const DbiChange *c)
{
	int words = dbi_count_words(c->p->text);
	int rest = left_over(c);

	if (names_anothers(c) || dbi_counts_anothers(c->p) || asks_another(c))
		return false;
	if (rest == 0)
		return true;
	if (speaks_for_same(c->p))
		return words <= SAME_QUESTION;
	return c->value && rest <= MOST_LEFT_OVER && !has_subject(c) && !cuts_otherwise(c) &&
		   dbi_best_evidence(c->p) < CLEAR_EVIDENCE;
}

/* "close them all" may be an order, whatever "all" would change. */
static bool
does_something(const DbiChange *c)
{
	for (int i = 1; i < c->p->text->n; i++)
		if (!c->covered[i - 1] && dbi_is_one_of(c->p->text->tokens[i].text, "them|those|these"))
			return true;
	return false;
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

/* Whether the text is a change to its last word. */
bool
dbi_is_pure_change(DbiPlanner *p)
{
	DbiChange c;

	if (dbi_count_words(p->text) > DBI_FOLLOW_UP_WORDS)
		return false;
	dbi_read_change(&c, p);
	return c.value && left_over(&c) == 0 && !names_anothers(&c) && !dbi_counts_anothers(p);
}

DbiChanges
dbi_only_changes(DbiPlanner *p)
{
	DbiChange c;
	bool is_short = dbi_count_words(p->text) <= DBI_FOLLOW_UP_WORDS;

	if (p->frame->clauses == NIL)
		return DBI_CHANGES_NOTHING;
	dbi_change_add_relative_period(p);
	if (is_short)
		dbi_change_add_number_word(p);
	if (is_short && frame_takes_rows(p) && p->slots == NIL)
		dbi_change_add_single(p);
	dbi_read_change(&c, p);
	p->cuts_otherwise = is_short && (cuts_otherwise(&c) || asks_another(&c));
	if (!is_short || !(c.value || c.word) || !is_change(&c))
		return dbi_cut_talk(p) ? DBI_CHANGES_VALUE : DBI_CHANGES_NOTHING;
	return (c.value || !has_object(p->text)) && !does_something(&c) ? DBI_CHANGES_VALUE
																	: DBI_CHANGES_WORD;
}
