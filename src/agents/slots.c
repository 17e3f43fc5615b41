/*
 * slots.c: what a question says in values: periods, counts, thresholds,
 * severities, regulations, environments, people, addresses, names.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"

#include "agents/slots.h"

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
										"ip",       "name",       "taken"};

	if (slot->kind == DBI_SLOT_NAME && slot->candidates != NIL)
		return ((DbiCandidate *) linitial(slot->candidates))->kind;
	return names[slot->kind];
}

/* ---- reading ---- */

const DbiToken *
dbi_scan_at(DbiScan *s, int i)
{
	return i >= 0 && i < s->text->n ? &s->text->tokens[i] : NULL;
}

bool
dbi_scan_is(DbiScan *s, int i, const char *words)
{
	const DbiToken *t = dbi_scan_at(s, i);

	return t && (t->kind == DBI_TOK_WORD || t->kind == DBI_TOK_CMP) && dbi_is_one_of(t->text, words);
}

DbiSlot *
dbi_scan_add(DbiScan *s, DbiSlotKind kind, int from, int to)
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

static int
read_typed(DbiScan *s, int i)
{
	const DbiToken *t = dbi_scan_at(s, i);
	DbiSlot *slot;

	if (t->kind == DBI_TOK_EMAIL)
		slot = dbi_scan_add(s, DBI_SLOT_USER, i, i + 1);
	else if (t->kind == DBI_TOK_IP)
		slot = dbi_scan_add(s, DBI_SLOT_IP, i, i + 1);
	else
		return 0;
	slot->value = t->text;
	return 1;
}

static int
read_period(DbiScan *s, int i)
{
	DbiPeriod period;
	int used = dbi_parse_period(s->text->tokens + i, s->text->n - i, s->clock, &period);
	DbiSlot *slot;

	if (used == 0)
		return 0;
	for (int k = i; k < i + used; k++)
		if (s->text->tokens[k].slot >= 0)
			return 0;
	slot = dbi_scan_add(s, DBI_SLOT_DATE, i, i + used);
	slot->period = period;
	return used;
}

/* A quoted stretch, a name with _ or dots, an id; what it is is for entities.c. */
/* SEC-AUTH-001: a chunk of letters, dashes and a number at its end is one name; returns its tokens. */
static int
code_at(DbiScan *s, int i)
{
	const DbiToken *t = dbi_scan_at(s, i);
	int n = 1;

	if (t->kind != DBI_TOK_WORD || t->start != t->chunk_start)
		return 0;
	while (dbi_scan_at(s, i + n) && dbi_scan_at(s, i + n)->chunk_start == t->chunk_start &&
		   dbi_scan_at(s, i + n)->kind == DBI_TOK_WORD)
		n++;
	if (n < 2 || !dbi_scan_at(s, i + n) || dbi_scan_at(s, i + n)->chunk_start != t->chunk_start ||
		dbi_scan_at(s, i + n)->kind != DBI_TOK_NUMBER || dbi_scan_at(s, i + n)->unit[0] != '\0' ||
		dbi_scan_at(s, i + n)->end != t->chunk_end)
		return 0;
	return n + 1;
}

/* Tokens of "main"."gold"."orders", a name in quotes by its parts, at i. */
static int
quoted_parts(const DbiText *text, int i)
{
	int n = 1;

	while (i + n + 1 < text->n && text->tokens[i + n].glued && text->tokens[i + n + 1].glued &&
		   text->tokens[i + n].kind == DBI_TOK_PUNCT && strcmp(text->tokens[i + n].text, ".") == 0 &&
		   (text->tokens[i + n + 1].kind == DBI_TOK_QUOTED ||
			text->tokens[i + n + 1].kind == DBI_TOK_IDENT ||
			text->tokens[i + n + 1].kind == DBI_TOK_WORD))
		n += 2;
	return n;
}

static int
read_name(DbiScan *s, int i)
{
	const DbiToken *t = dbi_scan_at(s, i);
	const char *start = s->text->source + t->start;
	DbiSlot *slot;
	int used;

	if (code_at(s, i) > 0)
	{
		used = code_at(s, i);
		slot = dbi_scan_add(s, DBI_SLOT_NAME, i, i + used);
		return used;
	}
	if (t->kind != DBI_TOK_IDENT && t->kind != DBI_TOK_QUOTED && t->kind != DBI_TOK_ID)
		return 0;
	used = t->kind == DBI_TOK_QUOTED ? quoted_parts(s->text, i) : 1;
	slot = dbi_scan_add(s, DBI_SLOT_NAME, i, i + used);
	/* As it was written: the token has it in lower case. */
	if (t->kind == DBI_TOK_QUOTED)
	{
		StringInfoData name;

		initStringInfo(&name);
		for (int k = i; k < i + used; k += 2)
		{
			const DbiToken *part = &s->text->tokens[k];
			const char *at = s->text->source + part->start;

			if (part->kind == DBI_TOK_QUOTED)
				at += pg_mblen(at);
			appendStringInfo(&name, "%s%s", k > i ? "." : "", pnstrdup(at, strlen(part->text)));
		}
		slot->value = name.data;
	}
	else
		slot->value = pnstrdup(start, t->end - t->start);
	return used;
}

List *
dbi_find_slots(DbiText *text, const DbiClock *clock)
{
	static int (*const readers[])(DbiScan *, int) = {read_typed,           dbi_read_regulation,
													 dbi_read_threshold,   dbi_read_top_n,
													 read_period,          dbi_read_severity,
													 dbi_read_environment, read_name,
													 dbi_read_number};
	DbiScan s = {text, clock, NIL};
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
