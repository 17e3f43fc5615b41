/*
 * answer_call.c: tells what one call found.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "agents/answer_parts.h"

char *
dbi_noun(const DbiTold *told, double n)
{
	char *noun = told->template->noun;
	char *slash = strchr(noun, '/');

	return n == 1 ? pnstrdup(noun, slash - noun) : pstrdup(slash + 1);
}

static bool
rule_applies(const DbiRule *rule, const DbiTurn *turn, const DbiTold *told, const char *part)
{
	return strcmp(rule->part, part) == 0 &&
		   (rule->intent == NULL || strcmp(rule->intent, turn->plan->intent) == 0) &&
		   dbi_holds(rule->condition, &told->scope);
}

/* Says the rules of a part that hold, each as an item of a list when there may be several. */
bool
dbi_tell_rule(DbiText *t, const DbiTurn *turn, const DbiTold *told, const char *part, int most)
{
	int said = 0;
	ListCell *lc;

	foreach(lc, told->template->rules)
	{
		DbiRule *rule = lfirst(lc);
		DbiText *words;

		if (said == most)
			break;
		if (!rule_applies(rule, turn, told, part))
			continue;
		words = dbi_text();
		if (!dbi_render(words, rule->body, &told->scope))
			continue;
		if (most > 1)
			dbi_say(t, said == 0 ? "\n\n- " : "\n- ");
		dbi_say_text(t, words);
		said++;
	}
	return said > 0;
}

/* Actions and follow-ups are gathered from all calls first; texts already there are not repeated. */
void
dbi_collect_rules(DbiTurn *turn, DbiTold *told, const char *part, List **into, int most)
{
	ListCell *lc;

	foreach(lc, told->template->rules)
	{
		DbiRule *rule = lfirst(lc);
		DbiText *words;
		bool known = false;
		ListCell *x;

		if (list_length(*into) >= most)
			return;
		if (!rule_applies(rule, turn, told, part))
			continue;
		words = dbi_text();
		if (!dbi_render(words, rule->body, &told->scope))
			continue;
		foreach(x, *into)
			known = known || strcmp(((DbiText *) lfirst(x))->out.data, words->out.data) == 0;
		if (!known)
			*into = lappend(*into, words);
	}
}

static void
tell_focus(DbiText *t, const DbiTold *told)
{
	DbiValue focus = dbi_eval("focus", &told->scope);

	if (focus.cell.isnull)
		return;
	dbi_say(t, " for **");
	dbi_say_name(t, dbi_markdown(focus.cell.text, 100));
	dbi_say(t, "**");
}

static void
tell_period(DbiText *t, const DbiTold *told)
{
	DbiText *words = dbi_text();

	if (!dbi_say_period(words, told->result, true))
		return;
	dbi_say(t, " ");
	dbi_say_text(t, words);
}

/* Newest moment of what the tool reads, when that is before the period asked for. */
static const DbiInput *
ends_before_period(const DbiTold *told)
{
	const DbiPlanCall *call = told->result->call;
	const DbiInput *newest = NULL;
	ListCell *lc;

	if (!call->has_period)
		return NULL;
	foreach(lc, told->inputs)
	{
		const DbiInput *input = lfirst(lc);

		if (input->is_fact && input->has_time && (newest == NULL || input->newest > newest->newest))
			newest = input;
	}
	return newest && newest->newest < (TimestampTz) call->period_start * USECS_PER_DAY ? newest
																					   : NULL;
}

/* The first fact it reads, else the first table. */
static const char *
main_source(const DbiTold *told)
{
	ListCell *lc;

	foreach(lc, told->inputs)
		if (((DbiInput *) lfirst(lc))->is_fact)
			return ((DbiInput *) lfirst(lc))->source;
	return ((DbiInput *) linitial(told->inputs))->source;
}

/* No rows: nothing loaded, nothing loaded that late, or nothing found. */
static void
tell_empty(DbiTurn *turn, DbiTold *told)
{
	DbiText *t = turn->text;
	const DbiInput *late;

	if (dbi_no_data(told))
	{
		dbi_sayf(t,
				 "No data has been loaded that could answer this: `%s` is empty, so nothing is known about %s",
				 main_source(told), dbi_noun(told, 2));
		tell_focus(t, told);
		dbi_say(t, ".");
		return;
	}
	if (told->template->empty == NULL || !dbi_render(t, told->template->empty, &told->scope))
	{
		dbi_sayf(t, "No %s", dbi_noun(told, 2));
		tell_focus(t, told);
		tell_period(t, told);
		dbi_say(t, ".");
	}
	if ((late = ends_before_period(told)) != NULL)
	{
		DbiCell cell;

		dbi_cell(&cell, DBI_TIME, TIMESTAMPTZOID, TimestampTzGetDatum(late->newest), false);
		dbi_sayf(t, " But `%s` holds nothing later than ", late->source);
		dbi_say_from(t, psprintf("%s UTC", cell.text), told->result->call->tool,
					 "newest row of what it reads");
		dbi_say(t, ", before this period: that is missing data, not an all-clear.");
	}
}

/* Words by which a question expects that nothing is wrong. */
static bool
expects_good(const char *question)
{
	static const char *const good[] =
		{" within ",    " under ",    " ok ",         " okay ",   " healthy ",   " fine ",
		 " safe ",      " on track ", " up to date ", " fresh ",  " compliant ", " succeed ",
		 " succeeded ", " meet ",     " meeting ",    " clean ",  " accurate ",  " reliable ",
		 " stable ",    " working ",  " well ",       " normal ", " in order ",  " better ",
		 " reach ",     " reached ",  " keep ",       " kept ",   NULL};
	/* Whose success is what is feared. */
	static const char *const feared[] = {" login ",     " logins ", " log in ",   " sign in ",
										 " sign-in ",   " attack ", " attacker ", " password ",
										 " passwords ", NULL};
	StringInfoData padded;
	bool found = false;

	initStringInfo(&padded);
	appendStringInfoChar(&padded, ' ');
	for (const char *p = question; *p; p++)
		appendStringInfoChar(&padded,
							 strchr("?!.,;", *p) ? ' ' : pg_ascii_tolower((unsigned char) *p));
	appendStringInfoChar(&padded, ' ');
	for (const char *const *g = good; *g; g++)
		found = found || strstr(padded.data, *g) != NULL;
	for (const char *const *g = feared; *g; g++)
		found = found && strstr(padded.data, *g) == NULL;
	return found && strstr(padded.data, " not ") == NULL && strstr(padded.data, "n't ") == NULL;
}

/* A question that is answered by yes or no begins with its verb. */
static bool
asks_whether(const char *question)
{
	static const char *const verbs[] = {"has", "have", "had",  "is",   "are", "was", "were",
										"did", "do",   "does", "will", "any", NULL};
	size_t n;

	while (*question == ' ')
		question++;
	n = strcspn(question, " ");
	for (const char *const *v = verbs; *v; v++)
		if (strlen(*v) == n && pg_strncasecmp(question, *v, n) == 0)
			return true;
	return false;
}

/* Yes or No, when the tool says what would be a yes and there is data to tell from. */
static void
tell_verdict(DbiTurn *turn, DbiTold *told)
{
	bool yes;

	if (!asks_whether(turn->question) ||
		strcmp(told->result->call->agent, linitial(turn->agents)) != 0 ||
		told->template->yes == NULL || dbi_no_data(told) ||
		(told->result->nrows == 0 && ends_before_period(told)))
		return;
	yes = dbi_holds(told->template->yes, &told->scope) != expects_good(turn->question);
	dbi_say(turn->text, yes ? "**Yes.** " : "**No.** ");
}

static DbiValue
cell_value(const DbiResult *r, int row, int column)
{
	DbiValue v = {.kind = r->columns[column].kind, .cell = r->rows[row][column]};

	v.tool = r->call->tool;
	v.row = row + 1;
	v.column = r->columns[column].name;
	return v;
}

/* A label inside a sentence: in small letters. */
static char *
measure_words(const char *column)
{
	char *label = dbi_label(column);

	label[0] = pg_ascii_tolower((unsigned char) label[0]);
	return label;
}

/* "12 rows of open orders in the last 7 days; first is **ada** (cost $12)." */
static void
tell_generic(DbiTurn *turn, DbiTold *told)
{
	DbiText *t = turn->text;
	const DbiResult *r = told->result;
	int subject = dbi_subject(told);
	int measure = dbi_measure(told);
	DbiValue rows = dbi_eval("rows", &told->scope);

	if (r->nrows == 1 && r->ncolumns == 1)
	{
		DbiValue v = cell_value(r, 0, 0);

		dbi_say_name(t, dbi_label(r->call->tool + (strncmp(r->call->tool, "get_", 4) == 0 ? 4 : 0)));
		dbi_say(t, ": **");
		dbi_say_value(t, &v, NULL);
		dbi_say(t, "**.");
		return;
	}
	dbi_say_value(t, &rows, told->template->noun);
	tell_focus(t, told);
	tell_period(t, told);
	if (subject >= 0 && !r->rows[0][subject].isnull)
	{
		DbiValue v = cell_value(r, 0, subject);

		dbi_say(t, r->nrows == 1 ? ": " : "; first comes ");
		dbi_say_value(t, &v, "bold");
		if (measure >= 0 && !r->rows[0][measure].isnull)
		{
			DbiValue m = cell_value(r, 0, measure);

			dbi_say(t, " (");
			dbi_say_name(t, measure_words(r->columns[measure].name));
			dbi_say(t, " ");
			dbi_say_value(t, &m, NULL);
			dbi_say(t, ")");
		}
	}
	dbi_say(t, ".");
}

/* First is the sentence that answers the question. */
void
dbi_tell_headline(DbiTurn *turn, DbiTold *told, bool first)
{
	if (!told->result->ok)
	{
		dbi_tell_error(turn, told);
		return;
	}
	if (first)
		tell_verdict(turn, told);
	if (told->result->nrows == 0)
		tell_empty(turn, told);
	else if (!dbi_tell_rule(turn->text, turn, told, "headline", 1))
		tell_generic(turn, told);
}

void
dbi_tell_findings(DbiTurn *turn, DbiTold *told)
{
	if (told->result->ok && told->result->nrows > 0)
		(void) dbi_tell_rule(turn->text, turn, told, "finding", 5);
}

/* A failed tool is said to have failed; nothing fills the gap. */
void
dbi_tell_error(DbiTurn *turn, DbiTold *told)
{
	const DbiResult *r = told->result;
	DbiText *t = turn->text;

	dbi_sayf(t, "`%s` could not be asked: ", r->call->tool);
	dbi_say_from(t, dbi_markdown(r->error, 300), r->call->tool, "error");
	if (r->argument && dbi_expected(r))
	{
		dbi_sayf(t, " (%s is ", r->argument);
		dbi_say_from(t, dbi_markdown(dbi_expected(r), 200), r->call->tool, "error");
		dbi_say(t, ")");
	}
	if (r->error[0] && r->error[strlen(r->error) - 1] != '.')
		dbi_say(t, ".");
	if (r->hint)
	{
		dbi_say(t, " ");
		dbi_say_from(t, dbi_markdown(r->hint, 300), r->call->tool, "error");
	}
}

/* What is said of a call without rows among others that have some. */
bool
dbi_clean_words(const DbiTold *told, DbiText *t)
{
	if (!told->result->ok || told->result->nrows > 0 || dbi_no_data(told) ||
		ends_before_period(told))
		return false;
	return told->template->clean && dbi_render(t, told->template->clean, &told->scope);
}
