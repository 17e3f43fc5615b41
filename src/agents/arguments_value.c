/*
 * arguments_value.c: numbers, names and words in the arguments of a tool.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "agents/arguments.h"

/* How far from a number the words of an argument's name may stand. */
#define NAME_DISTANCE 3

/* ---- numbers ---- */

/* Whether a word of the argument's name stands near the slot. */
static bool
named_beside(const DbiFill *f, const char *name, const DbiSlot *slot)
{
	char *words = pstrdup(name);
	char *save;

	if (slot->from < 0)
		return false;
	for (char *w = strtok_r(words, "_", &save); w; w = strtok_r(NULL, "_", &save))
	{
		char *stem = dbi_stem(w);

		if (dbi_is_one_of(w, "min|max|n|num|number|of|count|value|threshold|limit|days|hours"))
			continue;
		for (int i = Max(slot->from - NAME_DISTANCE, 0);
			 i < Min(slot->to + NAME_DISTANCE, f->in->text->n); i++)
			if (strcmp(f->in->text->tokens[i].stem, stem) == 0)
				return true;
	}
	return false;
}

/* Factor from the slot's unit to the argument's, 0 when they do not fit. */
static double
unit_factor(const char *name, const DbiSlot *slot)
{
	if (dbi_ends_with(name, "seconds") || dbi_ends_with(name, "_s") || dbi_ends_with(name, "secs"))
		return slot->unit == DBI_UNIT_SECONDS ? 1 : 0;
	if (dbi_ends_with(name, "minutes") || dbi_ends_with(name, "_min"))
		return slot->unit == DBI_UNIT_SECONDS ? 1.0 / 60 : 0;
	if (dbi_ends_with(name, "_ms"))
		return slot->unit == DBI_UNIT_SECONDS ? 1000 : 0;
	if (strncmp(name, "min_", 4) == 0 && dbi_ends_with(name, "hours"))
		return slot->unit == DBI_UNIT_SECONDS ? 1.0 / 3600 : 0;
	if (strstr(name, "pct") || strstr(name, "percent") || strcmp(name, "cpu_threshold") == 0)
		return slot->unit == DBI_UNIT_PERCENT ? 1 : 0;
	if (strstr(name, "gib") || strstr(name, "_gb"))
		return slot->unit == DBI_UNIT_GIB ? 1 : 0;
	if (strstr(name, "cost") || strstr(name, "usd") || strstr(name, "commit") ||
		strstr(name, "amount"))
		return slot->unit == DBI_UNIT_MONEY ? 1 : 0;
	return 0;
}

/* What the table of argument words finds in the clause. */
static bool
fill_words(DbiFill *f, const DbiArgument *arg)
{
	const DbiClause *clause = f->in->clause;
	DbiWordHit hit;
	DbiSlot *slot;

	if (!dbi_find_argument_word(f->in->lexicon, f->tool->name, arg, f->in->text, f->in->all_slots,
								clause->from, clause->to, &hit))
		return false;
	if (hit.number >= 0 && f->in->text->tokens[hit.number].slot >= 0)
	{
		slot = list_nth(f->in->all_slots, f->in->text->tokens[hit.number].slot);
		if (!dbi_is_free(f, slot))
			return false;
		f->used = lappend(f->used, slot);
	}
	dbi_fill_set(f, arg, hit.value, DBI_ORIGIN_TEXT, dbi_span(f->in->text, hit.from, hit.to));
	return true;
}

bool
dbi_fill_number(DbiFill *f, const DbiArgument *arg)
{
	const char *name = dbi_plain_name(arg->name);
	DbiSlot *top = dbi_fill_slot(f, DBI_SLOT_TOP_N);
	ListCell *lc;

	if (dbi_is_one_of(name, "top_n|top|n|limit|limit_rows|max_rows|row_limit|count|k"))
		return top ? dbi_fill_set_slot(f, arg, top->value, top) : false;
	foreach(lc, f->in->slots)
	{
		DbiSlot *slot = lfirst(lc);
		double factor;

		if ((slot->kind != DBI_SLOT_THRESHOLD && slot->kind != DBI_SLOT_NUMBER) ||
			!dbi_is_free(f, slot))
			continue;
		factor = slot->unit != DBI_UNIT_NONE ? unit_factor(name, slot) : 0;
		if (factor > 0)
			return dbi_fill_set_number(f, arg, slot->number * factor, slot);
	}
	if (fill_words(f, arg))
		return true;
	foreach(lc, f->in->slots)
	{
		DbiSlot *slot = lfirst(lc);

		if ((slot->kind == DBI_SLOT_THRESHOLD || slot->kind == DBI_SLOT_NUMBER) &&
			slot->unit == DBI_UNIT_NONE && dbi_is_free(f, slot) && named_beside(f, name, slot))
			return dbi_fill_set_number(f, arg, slot->number, slot);
	}
	return false;
}

/* ---- names ---- */

static bool
tool_takes(const DbiTool *tool, const char *kind)
{
	for (int i = 0; i < tool->narguments; i++)
	{
		const char *k = dbi_entity_kind(tool->arguments[i].name);

		if (k && strcmp(k, kind) == 0)
			return true;
	}
	return false;
}

static DbiCandidate *
candidate_of(const DbiSlot *slot, const char *kind)
{
	ListCell *lc;

	foreach(lc, slot->candidates)
		if (strcmp(((DbiCandidate *) lfirst(lc))->kind, kind) == 0)
			return lfirst(lc);
	return NULL;
}

/* A name nobody knows may be what the tool asks for, unless it was called something else. */
static bool
may_be(const DbiFill *f, const DbiSlot *slot, const char *kind)
{
	DbiCandidate *c = slot->candidates ? linitial(slot->candidates) : NULL;

	if (slot->kind != DBI_SLOT_NAME || (c && c->known) ||
		(slot->context && strcmp(slot->context, kind) != 0))
		return false;
	return !c || !tool_takes(f->tool, c->kind);
}

/* A name that is not in the account is passed as typed; the one meant may be near. */
static void
note_unknown(DbiFill *f, const char *kind, const char *value)
{
	const char *near = strchr(value, '%') == NULL ? dbi_nearest_name(kind, value) : NULL;

	if (near)
		dbi_assume(f->in->assumptions, "There is no %s called %s; the closest is %s.", kind, value,
				   near);
}

/*
 * Names that are looked for only when a tool wants one: a SKU by some of its
 * parts, a schema by its own name, the endpoint of a model and the reverse.
 */
static bool
fill_late_name(DbiFill *f, const DbiArgument *arg, const char *kind)
{
	const DbiClause *clause = f->in->clause;
	const char *span = NULL;
	const char *value = NULL;
	ListCell *lc;

	if (strcmp(kind, "sku") == 0)
		value = dbi_sku_in(f->in->lexicon, f->in->text, clause->from, clause->to,
						   dbi_kept_value(f, arg), &span);
	else if (strcmp(kind, "schema") == 0)
		value = dbi_schema_in(f->in->lexicon, f->in->text, f->in->all_slots, clause->from,
							  clause->to, &span);
	if (value)
	{
		dbi_fill_set(f, arg, value, DBI_ORIGIN_TEXT, span);
		foreach(lc, f->in->slots)
			if (strcmp(((DbiSlot *) lfirst(lc))->span, span) == 0)
				f->used = list_append_unique_ptr(f->used, lfirst(lc));
		return true;
	}
	if (strcmp(kind, "endpoint") != 0 && strcmp(kind, "model") != 0)
		return false;
	foreach(lc, f->in->slots)
	{
		DbiSlot *slot = lfirst(lc);
		DbiCandidate *c = slot->kind == DBI_SLOT_NAME
							  ? candidate_of(slot, strcmp(kind, "model") == 0 ? "endpoint" : "model")
							  : NULL;

		if (c && dbi_is_free(f, slot) && (value = dbi_served_name(kind, c->value)) != NULL)
			return dbi_fill_set_slot(f, arg, value, slot);
	}
	return false;
}

/* A thing of the kind among the slots that were said in this turn, or those of the frame. */
static bool
fill_named(DbiFill *f, const DbiArgument *arg, const char *kind, bool said)
{
	ListCell *lc;

	foreach(lc, f->in->slots)
	{
		DbiSlot *slot = lfirst(lc);
		DbiCandidate *c = slot->kind == DBI_SLOT_NAME || slot->kind == DBI_SLOT_ENVIRONMENT
							  ? candidate_of(slot, kind)
							  : NULL;

		if (!c || !dbi_is_free(f, slot) || (slot->origin == DBI_ORIGIN_TEXT) != said)
			continue;
		if (c->others > 0 && strchr(c->value, '%') == NULL)
			dbi_assume(f->in->assumptions, "%d %ss are called %s; %s was taken.", c->others + 1,
					   kind, slot->span, c->value);
		else if (c->others > 0)
			dbi_assume(f->in->assumptions, "%d workspaces belong to %s; all of them are shown.",
					   c->others + 1, slot->span);
		if (!c->known)
			note_unknown(f, kind, c->value);
		return dbi_fill_set_slot(f, arg, c->value, slot);
	}
	return false;
}

static bool
fill_guessed(DbiFill *f, const DbiArgument *arg, const char *kind)
{
	ListCell *lc;

	foreach(lc, f->in->slots)
	{
		DbiSlot *slot = lfirst(lc);

		if (!dbi_is_free(f, slot) || !may_be(f, slot, kind) || strcmp(kind, "workspace") == 0)
			continue;
		note_unknown(f, kind, slot->value);
		return dbi_fill_set_slot(f, arg, slot->value, slot);
	}
	return false;
}

static bool
fill_entity(DbiFill *f, const DbiArgument *arg, const char *kind)
{
	ListCell *lc;

	if (fill_named(f, arg, kind, true) || fill_late_name(f, arg, kind) ||
		fill_named(f, arg, kind, false) || fill_guessed(f, arg, kind))
		return true;
	/* The schema of a table that was named in full. */
	foreach(lc, f->in->slots)
	{
		DbiSlot *slot = lfirst(lc);
		DbiCandidate *c = slot->kind == DBI_SLOT_NAME ? candidate_of(slot, "table") : NULL;
		const char *dot = c ? strrchr(c->value, '.') : NULL;

		if (strcmp(kind, "schema") == 0 && dot && strchr(c->value, '.') != dot)
		{
			dbi_fill_set(f, arg, pnstrdup(c->value, dot - c->value), slot->origin, slot->span);
			return true;
		}
	}
	return false;
}

/*
 * What is said for one of the argument's words, the word itself, or a concept
 * of that name. "runs" is not RUNNING, and "skip those" not SKIPPED.
 */
static bool
fill_enum(DbiFill *f, const DbiArgument *arg)
{
	const DbiText *text = f->in->text;

	if (fill_words(f, arg))
		return true;
	for (int w = 0; w < arg->nwords; w++)
	{
		char *word = dbi_lower(arg->words[w]);
		char *stem = dbi_stem(word);
		bool inflected = dbi_ends_with(word, "ing") || dbi_ends_with(word, "ed");
		const DbiHit *hit = dbi_clause_hit(f->in->lexicon, f->in->clause, word);

		if (hit && hit->from >= 0)
		{
			dbi_fill_set(f, arg, arg->words[w], DBI_ORIGIN_TEXT, dbi_span(text, hit->from, hit->to));
			return true;
		}
		for (int i = f->in->clause->from; i < f->in->clause->to; i++)
			if (strcmp(text->tokens[i].text, word) == 0 ||
				(text->tokens[i].kind == DBI_TOK_WORD && !inflected &&
				 strcmp(text->tokens[i].stem, stem) == 0))
			{
				dbi_fill_set(f, arg, arg->words[w], DBI_ORIGIN_TEXT, dbi_span(text, i, i + 1));
				return true;
			}
	}
	return false;
}

/* "only high", "is anything critical?": a severity no noun of its own follows. */
static bool
fill_severity(DbiFill *f, const DbiArgument *arg)
{
	const DbiText *text = f->in->text;
	DbiSlot *slot = dbi_fill_slot(f, DBI_SLOT_SEVERITY);
	DbiWordHit hit;

	if (slot && slot->origin == DBI_ORIGIN_TEXT)
		return dbi_fill_set_slot(f, arg, slot->value, slot);
	if (dbi_find_argument_word(f->in->lexicon, f->tool->name, arg, text, f->in->all_slots,
							   f->in->clause->from, f->in->clause->to, &hit) &&
		(hit.to >= text->n || text->tokens[hit.to].kind != DBI_TOK_WORD ||
		 dbi_is_stop(f->in->lexicon, text->tokens[hit.to].text, text->tokens[hit.to].stem)))
	{
		dbi_fill_set(f, arg, hit.value, DBI_ORIGIN_TEXT, dbi_span(text, hit.from, hit.to));
		return true;
	}
	return slot ? dbi_fill_set_slot(f, arg, slot->value, slot) : false;
}

/* "by team", "cost_center tag", "env=prod": a tag's key. */
static bool
fill_tag(DbiFill *f, const DbiArgument *arg)
{
	const DbiText *text = f->in->text;
	ListCell *lc;

	for (int i = f->in->clause->from; i < f->in->clause->to; i++)
	{
		const DbiToken *t = &text->tokens[i];
		bool led =
			i > 0 && dbi_is_one_of(text->tokens[i - 1].text, "by|per|each|every|tag|label|key");
		bool assigned = i + 1 < text->n && strcmp(text->tokens[i + 1].text, "=") == 0;

		if ((t->kind != DBI_TOK_WORD && t->kind != DBI_TOK_IDENT && t->kind != DBI_TOK_QUOTED) ||
			!(assigned || (led && dbi_is_tag_key(t->text))))
			continue;
		dbi_fill_set(f, arg, t->text, DBI_ORIGIN_TEXT, dbi_span(text, i, i + 1));
		return true;
	}
	if (fill_words(f, arg))
		return true;
	foreach(lc, f->in->slots)
	{
		DbiSlot *slot = lfirst(lc);

		if (slot->kind == DBI_SLOT_NAME && dbi_is_free(f, slot) &&
			(slot->candidates == NIL || !((DbiCandidate *) linitial(slot->candidates))->known))
			return dbi_fill_set_slot(f, arg, slot->value, slot);
	}
	return false;
}

static bool
fill_from(DbiFill *f, const DbiArgument *arg, DbiSlotKind kind)
{
	DbiSlot *slot = dbi_fill_slot(f, kind);

	return slot && dbi_is_free(f, slot) ? dbi_fill_set_slot(f, arg, slot->value, slot) : false;
}

/* SEC-AUTH-001: letters, dashes, a number at the end. */
static bool
is_code(const char *value)
{
	const char *dash = strrchr(value, '-');

	return dash && dash != value && dash[1] != '\0' &&
		   strspn(dash + 1, "0123456789") == strlen(dash + 1);
}

/* Who: a person, else a name that nobody knows and that is no other thing the tool takes. */
static bool
fill_user(DbiFill *f, const DbiArgument *arg)
{
	ListCell *lc;

	if (fill_from(f, arg, DBI_SLOT_USER))
		return true;
	foreach(lc, f->in->slots)
	{
		DbiSlot *slot = lfirst(lc);

		if (slot->kind == DBI_SLOT_NAME && dbi_is_free(f, slot) && may_be(f, slot, "user") &&
			(slot->context || (strchr(slot->value, '.') && f->tool->builtin &&
							   !tool_takes(f->tool, "table") && !tool_takes(f->tool, "schema"))))
			return dbi_fill_set_slot(f, arg, slot->value, slot);
	}
	return false;
}

/* A name for an argument no kind is known of: beside a word of its name, or quoted. */
static bool
fill_by_name(DbiFill *f, const DbiArgument *arg)
{
	ListCell *lc;

	foreach(lc, f->in->slots)
	{
		DbiSlot *slot = lfirst(lc);
		DbiCandidate *c = slot->candidates ? linitial(slot->candidates) : NULL;

		if (slot->kind != DBI_SLOT_NAME || !dbi_is_free(f, slot) || (c && c->known))
			continue;
		if (named_beside(f, dbi_plain_name(arg->name), slot) ||
			(!arg->optional && !f->tool->builtin) ||
			(is_code(slot->value) && dbi_ends_with(arg->name, "_id")))
			return dbi_fill_set_slot(f, arg, slot->value, slot);
	}
	return false;
}

bool
dbi_fill_text(DbiFill *f, const DbiArgument *arg)
{
	const char *name = dbi_plain_name(arg->name);
	const char *kind = dbi_entity_kind(name);

	if (dbi_is_one_of(name, "severity|min_severity|priority"))
		return fill_severity(f, arg);
	if (dbi_is_one_of(name, "regulation|framework|standard"))
		return fill_from(f, arg, DBI_SLOT_REGULATION);
	if (dbi_is_user_argument(name))
		return fill_user(f, arg);
	if (arg->type == INETOID || dbi_is_one_of(name, "ip|source_ip|ip_address|address"))
		return fill_from(f, arg, DBI_SLOT_IP);
	if (strcmp(name, "domain") == 0 && fill_words(f, arg))
		return true;
	if (strcmp(name, "domain") == 0 && f->in->domain)
	{
		dbi_fill_set(f, arg, f->in->domain, DBI_ORIGIN_TEXT, f->in->domain);
		return true;
	}
	if (dbi_is_one_of(name, "tag_key|tag|tag_name"))
		return fill_tag(f, arg);
	if (kind)
		return fill_entity(f, arg, kind);
	if (arg->nwords > 0)
		return fill_enum(f, arg);
	return fill_words(f, arg) || fill_by_name(f, arg);
}
