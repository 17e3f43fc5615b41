/*
 * refuse.c: what is not a question about the account: requests to change
 * something, attempts at the rules or at secrets, small talk, other subjects.
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "agents/refuse.h"

#define WHAT_CAN_BE_ASKED                                                                                                            \
	"You can ask about cost, security, performance, reliability, data quality, models, governance and the network. For example:\n\n" \
	"- What caused the cost spike yesterday?\n"                                                                                      \
	"- Which jobs failed overnight?\n"                                                                                               \
	"- Who has access to sensitive tables?"

static bool
is_word_of(const DbiToken *t, const char *words)
{
	return t->kind == DBI_TOK_WORD && strstr(words, psprintf(" %s ", t->text)) != NULL;
}

/* Whether a sentence, or a part of one, begins at token i. */
static bool
begins_part(const DbiText *text, int i)
{
	return i == 0 || text->tokens[i - 1].kind == DBI_TOK_PUNCT ||
		   is_word_of(&text->tokens[i - 1], " and then also but or ");
}

/* First token of the part that is not courtesy: "could you please go ahead and". */
static int
skip_courtesy(const DbiLexicon *lex, const DbiText *text, int i)
{
	while (i < text->n && text->tokens[i].kind == DBI_TOK_WORD &&
		   (dbi_is_concept_word(lex, &text->tokens[i], "polite") ||
			(i > 0 && is_word_of(&text->tokens[i], " and ") &&
			 is_word_of(&text->tokens[i - 1], " ahead "))))
		i++;
	return i;
}

static int
part_end(const DbiText *text, int i)
{
	while (i < text->n &&
		   !(text->tokens[i].kind == DBI_TOK_PUNCT && strchr(";.?!", text->tokens[i].text[0])))
		i++;
	return i;
}

/* A verb of change by itself: phrases may have taken it ("cancel run" is also a kind of run). */
static bool
is_write_word(const DbiLexicon *lex, const DbiToken *t)
{
	const char *keys[2] = {t->stem, psprintf("=%s", t->text)};

	for (int i = 0; i < 2; i++)
	{
		const DbiForm *form = dbi_find_form(lex, keys[i]);

		for (; form && form < lex->forms + lex->nforms && strcmp(form->key, keys[i]) == 0; form++)
			if (lex->concepts[form->concept].kind == DBI_CONCEPT_WRITE)
				return true;
	}
	return false;
}

/* "update me on", "catch us up": someone wants to be told. */
static bool
wants_telling(const DbiText *text, int head)
{
	return head + 1 < text->n &&
		   is_word_of(&text->tokens[head], " update start catch bring give send walk ") &&
		   is_word_of(&text->tokens[head + 1], " me us with by ");
}

bool
dbi_reads_only(const DbiLexicon *lex, const DbiText *text, const DbiClause *all)
{
	return dbi_clause_hit(lex, all, "document") != NULL ||
		   wants_telling(text, skip_courtesy(lex, text, 0));
}

/*
 * Whether the part at i orders a change: a verb of change at its head, and no
 * report as its object ("update me", "create a summary" only read).
 */
static bool
orders_change(const DbiLexicon *lex, DbiText *text, List *slots, int i)
{
	int head = skip_courtesy(lex, text, i);
	DbiClause *part;
	ListCell *lc;

	if (head >= text->n)
		return false;
	if (wants_telling(text, head))
		return false;
	part = dbi_read_clause(lex, text, slots, head, part_end(text, head));
	if (dbi_clause_hit(lex, part, "document"))
		return false;
	if (is_write_word(lex, &text->tokens[head]))
		return true;
	foreach(lc, part->hits)
	{
		DbiHit *hit = lfirst(lc);

		if (lex->concepts[hit->concept].kind == DBI_CONCEPT_WRITE && hit->from == head)
			return true;
	}
	return false;
}

/* Statements count wherever they stand, unless someone asks who ran them. */
static bool
has_statement(const DbiLexicon *lex, DbiText *text, List *slots)
{
	DbiClause *all = dbi_read_clause(lex, text, slots, 0, text->n);
	ListCell *lc;

	if (dbi_clause_hit(lex, all, "asks"))
		return false;
	foreach(lc, all->hits)
	{
		DbiHit *hit = lfirst(lc);

		if (lex->concepts[hit->concept].kind == DBI_CONCEPT_WRITE && hit->weight >= 2)
			return true;
	}
	return false;
}

bool
dbi_wants_change(const DbiLexicon *lex, DbiText *text, List *slots)
{
	for (int i = 0; i < text->n; i++)
	{
		if (begins_part(text, i) && orders_change(lex, text, slots, i))
			return true;
		/* Looking at every part of a long text would take too long. */
		if (i > 400)
			break;
	}
	return has_statement(lex, text, slots);
}

bool
dbi_wants_rules_broken(const DbiLexicon *lex, DbiText *text, List *slots)
{
	return dbi_clause_kind(lex, dbi_read_clause(lex, text, slots, 0, text->n),
						   DBI_CONCEPT_INJECTION) != NULL;
}

const char *
dbi_refusal(DbiPlanKind kind)
{
	switch (kind)
	{
		case DBI_PLAN_REFUSE_SCOPE:
			return "That is not something this account's data can answer. " WHAT_CAN_BE_ASKED;
		case DBI_PLAN_REFUSE_WRITE:
			return "I only read: I cannot change, start or stop anything in the account. "
				   "Ask what is wrong and what would help; a change itself is for a person with the right to make it.";
		case DBI_PLAN_REFUSE_INJECTION:
			return "I answer questions about the account by its registered tools; I do not take new rules from a question, "
				   "and I give out no secrets. " WHAT_CAN_BE_ASKED;
		case DBI_PLAN_REFUSE_INPUT:
			return psprintf("The question is longer than %d bytes. Ask in a few sentences; name tables, jobs and days rather than "
							"pasting their contents.",
							DBI_MAX_QUESTION_BYTES);
		case DBI_PLAN_CLARIFY:
			return "What would you like to know? " WHAT_CAN_BE_ASKED;
		default:
			return "";
	}
}

const char *
dbi_smalltalk(const DbiLexicon *lex, const DbiClause *clause)
{
	if (dbi_clause_hit(lex, clause, "thanks"))
		return "You are welcome.";
	if (dbi_clause_hit(lex, clause, "goodbye"))
		return "Goodbye.";
	if (dbi_clause_hit(lex, clause, "capabilities"))
		return "I answer questions about this Databricks account from its system tables, by tools that only read. " WHAT_CAN_BE_ASKED;
	return "Hello. " WHAT_CAN_BE_ASKED;
}
