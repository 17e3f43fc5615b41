/*
 * answer_recorded.c: a turn told from the results that were kept with its
 * message: no tool is called, and how new the data was is what it was then.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "agents/answer_parts.h"
#include "agents/ground.h"
#include "agents/registry.h"

/* JSON texts of one object may differ in space and order. */
static bool
same_arguments(const char *a, const char *b)
{
	Jsonb *x = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(a)));
	Jsonb *y = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(b)));

	return compareJsonbContainers(&x->root, &y->root) == 0;
}

/* The first of the kept results, taken out, that the call brought; NULL when it was not made. */
static DbiResult *
take_result(List **kept, const DbiPlanCall *call)
{
	ListCell *lc;

	foreach(lc, *kept)
	{
		DbiResult *r = lfirst(lc);

		if (strcmp(r->call->tool, call->tool) != 0 ||
			!same_arguments(r->call->arguments, call->arguments))
			continue;
		*kept = foreach_delete_current(*kept, lc);
		return r;
	}
	return NULL;
}

void
dbi_answer_record(DbiTurn *turn, const char *results)
{
	DbiGroundTurn *stored = dbi_stored_turn(turn->question, results);
	List *kept = stored->results;
	ListCell *lc;

	turn->recorded = true;
	turn->fresh = stored->fresh;
	foreach(lc, turn->plan->calls)
	{
		const DbiPlanCall *call = lfirst(lc);
		DbiResult *r = take_result(&kept, call);

		if (r == NULL)
			continue;
		r->call = call;
		r->tool = dbi_tool(call->function);
		turn->seen = lappend(turn->seen, r);
	}
}

/* The time in a line of DbiGroundTurn.fresh about the source; false when there is none. */
static bool
recorded_time(const DbiTurn *turn, const char *source, TimestampTz *newest)
{
	size_t len = strlen(source);
	ListCell *lc;

	foreach(lc, turn->fresh)
	{
		const char *line = lfirst(lc);

		if (strncmp(line, source, len) != 0 || line[len] != ' ')
			continue;
		*newest = DatumGetTimestampTz(
			DirectFunctionCall3(timestamptz_in, CStringGetDatum(line + len + 1),
								ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
		return true;
	}
	return false;
}

void
dbi_recorded_inputs(DbiTurn *turn)
{
	ListCell *lc;
	ListCell *x;

	foreach(lc, turn->told)
		foreach(x, ((DbiTold *) lfirst(lc))->inputs)
		{
			DbiInput *input = lfirst(x);
			bool had_time = input->has_time;

			input->has_time = recorded_time(turn, input->source, &input->newest);
			input->is_empty = !input->has_time && (input->is_empty || had_time);
		}
}
