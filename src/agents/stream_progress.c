/*
 * stream_progress.c: what an answer is doing, for a person at a terminal.
 */
#include "postgres.h"

#include "agents/stream.h"
#include "base/base.h"

/* One short line an event; dbinsight.progress turns it on. */
void
dbi_tell_progress(const DbiEvent *event)
{
	if (dbi_guc_progress == DBI_PROGRESS_OFF)
		return;
	if (event->kind == DBI_EVENT_ROUTE && event->agent)
		ereport(NOTICE, errmsg("asking the agent %s", event->agent));
	else if (event->kind == DBI_EVENT_TOOL_CALL)
		ereport(NOTICE, errmsg("calling %s", event->tool));
	else if (event->kind == DBI_EVENT_ERROR)
		ereport(NOTICE, event->tool ? errmsg("%s failed: %s", event->tool, event->content)
									: errmsg("the embedded analyst goes on: %s", event->content));
}
