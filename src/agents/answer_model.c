/*
 * answer_model.c: a turn that a language model words, wholly or in part: the
 * measure its words are held against, and the embedded answer that goes on
 * where they were broken off.
 */
#include "postgres.h"

#include "agents/answer_parts.h"
#include "agents/ground.h"

/* Templates and freshness of the results so far; they are read again only when there are more. */
DbiGroundTurn *
dbi_answer_measure(DbiTurn *turn)
{
	ListCell *lc;

	if (turn->measured != list_length(turn->results))
	{
		foreach(lc, turn->told)
			((DbiTold *) lfirst(lc))->inputs = NIL;
		dbi_answer_prepare(turn);
		turn->measured = list_length(turn->results);
	}
	return dbi_answer_ground_turn(turn);
}

static DbiTold *
told_of(const DbiTurn *turn, const DbiResult *result)
{
	ListCell *lc;

	foreach(lc, turn->told)
		if (((DbiTold *) lfirst(lc))->result == result)
			return lfirst(lc);
	return NULL;
}

void
dbi_answer_arrange(DbiTurn *turn, List *results)
{
	List *told = NIL;
	ListCell *lc;

	foreach(lc, results)
		if (told_of(turn, lfirst(lc)))
			told = lappend(told, told_of(turn, lfirst(lc)));
	turn->results = results;
	turn->told = told;
	turn->measured = 0;
}

/* Was the tool called again with arguments that were right? */
static bool
is_put_right(const DbiTurn *turn, const DbiResult *r)
{
	bool later = false;
	ListCell *lc;

	if (r->ok || !dbi_is_argument_error(r))
		return false;
	foreach(lc, turn->results)
	{
		const DbiResult *other = lfirst(lc);

		if (later && other->ok && other->call->function == r->call->function)
			return true;
		later = later || other == r;
	}
	return false;
}

/* The answer does not rest on a call that the model has put right; its span is in the trace. */
static void
drop_put_right(DbiTurn *turn)
{
	List *results = NIL;
	List *told = NIL;
	ListCell *lc;

	foreach(lc, turn->told)
		if (!is_put_right(turn, ((DbiTold *) lfirst(lc))->result))
			told = lappend(told, lfirst(lc));
	foreach(lc, turn->results)
		if (!is_put_right(turn, lfirst(lc)))
			results = lappend(results, lfirst(lc));
	turn->told = told;
	turn->results = results;
}

/* The agents are those whose tools were called, in that order. */
void
dbi_answer_close(DbiTurn *turn)
{
	ListCell *lc;
	ListCell *x;

	drop_put_right(turn);
	(void) dbi_answer_measure(turn);
	turn->by_model = true;
	foreach(lc, turn->results)
	{
		const char *agent = ((DbiResult *) lfirst(lc))->call->agent;
		bool seen = false;

		foreach(x, turn->agents)
			seen = seen || strcmp(lfirst(x), agent) == 0;
		if (!seen)
			turn->agents = lappend(turn->agents, pstrdup(agent));
	}
	turn->next_part = list_length(turn->agents) + 2;
}

/*
 * Of what the model's calls have brought, the plan's own calls are not made
 * again; the rest stays beside, for the words that were shown rest on it.
 */
DbiTurn *
dbi_answer_instead(DbiTurn *before)
{
	DbiTurn *turn = dbi_answer_begin(before->question, before->plan);
	const char *text = before->text->out.data;

	turn->seen = list_copy(before->results);
	if (text[0] == '\0')
		return turn;
	dbi_say_text(turn->text, before->text);
	dbi_say(turn->text,
			"\n\n*The language model's answer ends here; the embedded analyst goes on.*\n\n");
	return turn;
}
