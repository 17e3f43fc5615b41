/*
 * llm/result.c: what an answer says of itself.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "llm/answer.h"
#include "llm/fault.h"
#include "llm/known.h"

const char *
dbi_model_text(DbiModelAnswer *a, size_t *len)
{
	if (len)
		*len = a->reading->text.len;
	return a->reading->text.data;
}

List *
dbi_model_calls(DbiModelAnswer *a)
{
	return a->done && a->fault == NULL ? dbi_reading_calls(a->reading) : NIL;
}

/* What has come decides, not what the server calls it: some say stop and want tools called. */
DbiFinish
dbi_model_finish(DbiModelAnswer *a)
{
	DbiReading *r = a->reading;

	if (!a->done || a->fault)
		return DBI_FINISH_NONE;
	if (r->refused)
		return DBI_FINISH_REFUSED;
	if (r->finish == DBI_FINISH_LENGTH || r->finish == DBI_FINISH_REFUSED)
		return r->finish;
	if (dbi_reading_calls(r) != NIL)
		return DBI_FINISH_CALLS;
	return r->finish == DBI_FINISH_NONE || r->finish == DBI_FINISH_CALLS ? DBI_FINISH_STOP
																		 : r->finish;
}

const char *
dbi_finish_word(DbiFinish finish)
{
	static const char *const words[] =
		{[DBI_FINISH_NONE] = NULL,         [DBI_FINISH_STOP] = "stop",
		 [DBI_FINISH_LENGTH] = "length",   [DBI_FINISH_CALLS] = "tool_calls",
		 [DBI_FINISH_REFUSED] = "refusal", [DBI_FINISH_OTHER] = "other"};

	return words[finish];
}

static size_t
written(const DbiReading *r)
{
	size_t len = r->text.len;
	ListCell *lc;

	foreach(lc, r->blocks)
		len += ((DbiBlock *) lfirst(lc))->text.len;
	return len;
}

/* A request that never reached a model used no tokens. */
static bool
was_read(const DbiModelAnswer *a)
{
	return dbi_reading_begun(a->reading) || (a->done && a->fault == NULL);
}

const DbiModelUsage *
dbi_model_usage(DbiModelAnswer *a)
{
	DbiReading *r = a->reading;
	DbiModelUsage *u = &r->usage;

	if (r->usage_told && (u->completion > 0 || written(r) == 0))
		return u;
	u->estimated = was_read(a);
	if (!r->usage_told && u->estimated)
		u->prompt = (int64) dbi_learned(a->ask->name, a->estimated);
	u->completion = (int64) dbi_learned(a->ask->name, dbi_plain_estimate(written(r), false));
	return u;
}

double
dbi_model_cost(DbiModelAnswer *a)
{
	return dbi_price(a->model, a->ask->name, dbi_model_usage(a));
}

const char *
dbi_model_answer_id(DbiModelAnswer *a)
{
	return a->reading->id;
}

/* As it was asked for: servers name versions of their own. */
const char *
dbi_model_answer_model(DbiModelAnswer *a)
{
	return a->ask->name;
}

static double
ms_between(TimestampTz from, TimestampTz to)
{
	return (to - from) / 1000.0;
}

double
dbi_model_first_token_ms(DbiModelAnswer *a)
{
	return a->first == 0 ? -1 : ms_between(a->sent, a->first);
}

double
dbi_model_latency_ms(DbiModelAnswer *a)
{
	return ms_between(a->sent, a->done ? a->ended : GetCurrentTimestamp());
}

int
dbi_model_tries(DbiModelAnswer *a)
{
	return a->tries + (a->request ? dbi_request_tries(a->request) : 0);
}

const DbiModelFault *
dbi_model_fault(DbiModelAnswer *a)
{
	return a->fault;
}

void
dbi_model_raise(DbiModelAnswer *a)
{
	const DbiModelFault *f = a->fault;

	Assert(f != NULL);
	ereport(ERROR,
			(errcode(f->sqlstate), errmsg("%s", f->message), f->hint ? errhint("%s", f->hint) : 0));
}

static List *
copied(const List *calls)
{
	List *copies = NIL;
	ListCell *lc;

	foreach(lc, calls)
	{
		const DbiModelCall *call = lfirst(lc);
		DbiModelCall *copy = palloc(sizeof(DbiModelCall));

		copy->id = pstrdup(call->id);
		copy->name = pstrdup(call->name);
		copy->arguments = pstrdup(call->arguments);
		copy->extra = call->extra ? pstrdup(call->extra) : NULL;
		copies = lappend(copies, copy);
	}
	return copies;
}

DbiModelMessage *
dbi_model_message(DbiModelAnswer *a)
{
	DbiModelMessage *m = palloc0(sizeof(DbiModelMessage));

	m->speaker = DBI_SAYS_MODEL;
	m->text = pstrdup(a->reading->text.data);
	m->calls = copied(dbi_model_calls(a));
	if (a->model->provider == DBI_PROVIDER_ANTHROPIC)
		m->raw = dbi_anthropic_raw(a->reading);
	return m;
}
