/*
 * stream_rows.c: ask_stream(): the events of a turn as rows.
 *
 * Called in a SELECT list the rows reach the client while the answer is made:
 * each call hands out one, and before it works for the next, the server's
 * buffer is sent. In FROM the executor reads all rows first.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "agents/chat.h"
#include "base/base.h"

/* The executor ends, or starts again, before the last row was read. */
static void
close_stream(Datum stream)
{
	dbi_stream_close((DbiStream *) DatumGetPointer(stream));
}

static void
begin_rows(FunctionCallInfo fcinfo)
{
	FuncCallContext *context = SRF_FIRSTCALL_INIT();
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext caller = MemoryContextSwitchTo(context->multi_call_memory_ctx);

	if (get_call_result_type(fcinfo, NULL, &context->tuple_desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	context->tuple_desc = BlessTupleDesc(context->tuple_desc);
	context->user_fctx = dbi_stream_of_call(fcinfo);
	MemoryContextSwitchTo(caller);
	/* after the one that frees the memory, so that it is called before */
	RegisterExprContextCallback(rsinfo->econtext, close_stream, PointerGetDatum(context->user_fctx));
}

static void
set_text(Datum *value, bool *isnull, const char *text)
{
	*isnull = text == NULL;
	if (text)
		*value = CStringGetTextDatum(text);
}

static Datum
row(FuncCallContext *context, const DbiEvent *event)
{
	Datum values[6];
	bool nulls[6] = {false};

	values[0] = Int32GetDatum((int32) context->call_cntr + 1);
	values[1] = CStringGetTextDatum(dbi_event_name(event->kind));
	set_text(&values[2], &nulls[2], event->agent);
	set_text(&values[3], &nulls[3], event->tool);
	set_text(&values[4], &nulls[4], event->content);
	nulls[5] = event->data == NULL;
	if (event->data)
		values[5] = DirectFunctionCall1(jsonb_in, CStringGetDatum(event->data));
	return HeapTupleGetDatum(heap_form_tuple(context->tuple_desc, values, nulls));
}

PG_FUNCTION_INFO_V1(dbi_ask_stream);
Datum
dbi_ask_stream(PG_FUNCTION_ARGS)
{
	FuncCallContext *context;
	DbiStream *stream;
	const DbiEvent *event;

	if (SRF_IS_FIRSTCALL())
		begin_rows(fcinfo);
	context = SRF_PERCALL_SETUP();
	stream = context->user_fctx;
	if (context->call_cntr > 0 && dbi_stream_will_work(stream))
		dbi_flush();
	event = dbi_stream_next(stream);
	if (event)
	{
		Datum result = row(context, event);

		SRF_RETURN_NEXT(context, result);
	}
	UnregisterExprContextCallback(((ReturnSetInfo *) fcinfo->resultinfo)->econtext, close_stream,
								  PointerGetDatum(stream));
	SRF_RETURN_DONE(context);
}
