/*
 * router_split.c: learns when a conjunction parts two questions.
 *
 * From questions that the scorers have not been trained on: where one with
 * conjunctions in it is parted, that is wrong; where two questions of different
 * tools have been joined, parting them there is right.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "agents/router_learn.h"
#include "agents/split.h"

/* More pairs show the same. */
#define MOST_PAIRS 600
/* Neighbours in the list are of one tool: the second of a pair comes from afar. */
#define PAIR_STEP 37
/* Questions of so few words are also put into lists: "late tables, cost anomalies and failed logins". */
#define LISTED_QUESTION_WORDS 3
#define LONGEST_LIST 3
/* Each such question stands in so many lists. */
#define LISTS_OF_EACH 3

/* What is known of a text: where each question in it begins. */
typedef struct Truth
{
	int n;
	int begins[LONGEST_LIST]; /* byte */
	DbiTable table;
} Truth;

typedef struct Gathering
{
	const DbiLexicon *lex;
	Truth truth;
	MemoryContext scratch; /* of one text */
} Gathering;

/* Whether one of the questions begins after the last stretch did, and not after the next does. */
static bool
decide(const DbiSplitter *s, const DbiBoundary *b)
{
	Truth *truth = s->arg;
	int begins = s->text->tokens[b->next->from].start;
	int before = s->text->tokens[b->last->from].start;
	bool part = false;

	for (int i = 0; i < truth->n; i++)
		part = part || (before < truth->begins[i] && truth->begins[i] <= begins);
	dbi_split_features(s->lex, s->text, b, dbi_table_row(&truth->table, part));
	return part;
}

static void
look_at(Gathering *g, const char *words)
{
	DbiClock clock;
	DbiSplitter s = {g->lex, dbi_tokenize(words), NIL, -1, decide, &g->truth, 0};

	if (dbi_count_separators(s.text) == 0)
		return;
	dbi_set_still_clock(&clock);
	dbi_translate(g->lex, s.text);
	dbi_drop_courtesy(s.text);
	dbi_repair_typos(g->lex, s.text);
	s.slots = dbi_find_slots(s.text, &clock);
	(void) dbi_split_by(&s);
}

/* Looks at n texts joined, the last two by last, those before by another: `parts` of them are questions. */
static void
look_at_joined(Gathering *g, const DbiQuestion *const *questions, int n, const char *joint,
			   const char *last, int parts)
{
	MemoryContext context = CurrentMemoryContext;
	StringInfoData s;

	CHECK_FOR_INTERRUPTS();
	MemoryContextReset(g->scratch);
	MemoryContextSwitchTo(g->scratch);
	initStringInfo(&s);
	for (int i = 0; i < n; i++)
	{
		if (i > 0)
			appendStringInfoString(&s, i == n - 1 ? last : joint);
		g->truth.begins[i] = s.len;
		appendStringInfoString(&s, questions[i]->words);
	}
	g->truth.n = parts;
	if (s.len < DBI_MAX_QUESTION_BYTES)
		look_at(g, s.data);
	MemoryContextSwitchTo(context);
}

/* Single questions, and pairs of them. */
static void
gather_pairs(Gathering *g, const DbiQuestion *questions, int n)
{
	static const char *const joints[] = {" and ",  ". ",  ", also ", "; ",  " plus ",
										 ", and ", " + ", "? ",      " & ", ", "};
	int step = Max(n / MOST_PAIRS, 1);

	for (int i = 0; i < n; i++)
	{
		const DbiQuestion *pair[] = {&questions[i],
									 &questions[(int) (((int64) i * PAIR_STEP + 11) % n)]};

		look_at_joined(g, pair, 1, "", "", 1);
		if (i % step == 0 && pair[0]->label != pair[1]->label)
			look_at_joined(g, pair, 2, "", joints[i / step % lengthof(joints)], 2);
	}
}

static int
count_words(const char *words)
{
	int n = 1;

	for (; *words; words++)
		n += *words == ' ';
	return n;
}

/* Lists of two and three of the briefest questions, each of another tool. */
static void
gather_lists(Gathering *g, const DbiQuestion *questions, int n)
{
	static const char *const joints[] = {" and ", ", ", ", and ", " & ", " vs ", "; "};
	const DbiQuestion **brief = palloc(sizeof(DbiQuestion *) * n);
	int nbrief = 0;

	for (int i = 0; i < n; i++)
		if (count_words(questions[i].words) <= LISTED_QUESTION_WORDS)
			brief[nbrief++] = &questions[i];
	for (int i = 0; i < nbrief * LISTS_OF_EACH && nbrief > PAIR_STEP; i++)
	{
		const DbiQuestion *list[LONGEST_LIST];
		int len = 2 + i % (LONGEST_LIST - 1);
		bool differ = true;

		for (int k = 0; k < len; k++)
			list[k] = brief[(i + k * (PAIR_STEP + i / nbrief)) % nbrief];
		for (int k = 1; k < len; k++)
			differ = differ && list[k]->label != list[k - 1]->label;
		if (differ)
			look_at_joined(g, list, len, ", ", joints[i % lengthof(joints)], len);
	}
	pfree(brief);
}

/* What is said around a question: before it and after it. */
static void
gather_courtesies(Gathering *g, const DbiQuestion *courtesies, int ncourtesies,
				  const DbiQuestion *questions, int n)
{
	static const char *const joints[] = {". ", ", ", "! ", " and "};

	for (int i = 0; i < ncourtesies * 2 && n > 0; i++)
	{
		const DbiQuestion *courtesy = &courtesies[i / 2];
		const DbiQuestion *question = &questions[(int) (((int64) i * PAIR_STEP) % n)];
		const DbiQuestion *list[] = {i % 2 ? courtesy : question, i % 2 ? question : courtesy};

		look_at_joined(g, list, 2, "", joints[i % lengthof(joints)], 1);
	}
}

/* The lexicon has the router whose scores are looked at. */
void
dbi_learn_split(const DbiLexicon *lex, const DbiQuestion *questions, int n,
				const DbiQuestion *courtesies, int ncourtesies, float *split)
{
	Gathering g;

	memset(&g, 0, sizeof(g));
	g.lex = lex;
	g.scratch =
		AllocSetContextCreate(CurrentMemoryContext, "dbinsight split", ALLOCSET_DEFAULT_SIZES);
	dbi_table_init(&g.truth.table, DBI_SPLIT_FEATURES);
	gather_pairs(&g, questions, n);
	gather_lists(&g, questions, n);
	gather_courtesies(&g, courtesies, ncourtesies, questions, n);
	MemoryContextDelete(g.scratch);
	dbi_fit_logistic(&g.truth.table, split);
}
