/*
 * agents/call_parts.h: what the files that call tools share.
 */
#ifndef DBI_AGENTS_CALL_PARTS_H
#define DBI_AGENTS_CALL_PARTS_H

#include <signal.h>

#include "datatype/timestamp.h"
#include "lib/stringinfo.h"
#include "tcop/dest.h"

#include "agents/call.h"
#include "agents/stream.h"

/* ---- call_deadline.c: how long a call may take, and stop() ---- */

typedef enum DbiEnded
{
	DBI_ENDED_BY_ITSELF,
	DBI_ENDED_BY_DEADLINE,
	DBI_ENDED_BY_STOP
} DbiEnded;

/* Of one call. A tool may ask a question itself: then its deadline is the outer one of those calls. */
typedef struct DbiDeadline
{
	struct DbiDeadline *outer;
	const DbiStopSlot *slot; /* of the turn that calls, or NULL */
	TimestampTz at;
	volatile sig_atomic_t ended; /* a DbiEnded */
} DbiDeadline;

void dbi_deadline_begin(DbiDeadline *deadline);

/* Does nothing for one that has not begun or is over. */
void dbi_deadline_end(DbiDeadline *deadline);

/* Whether an error is the deadline's doing, or that of stop(), and not meant for a call further out. */
bool dbi_deadline_caused(const DbiDeadline *deadline, const ErrorData *error);

/* ---- call.c ---- */

/* SPI is connected; whatever this throws is the tool's error, which dbi_keep_error() puts into the result. */
void dbi_run_tool(DbiResult *result, DbiDeadline *deadline, MemoryContext results);
void dbi_keep_error(DbiResult *result, const ErrorData *error, const DbiDeadline *deadline);

/* ---- call_rows.c ---- */

/* Makes cells of a query's rows, in the memory context results, until there are too many. */
DestReceiver *dbi_take_rows(DbiResult *result, MemoryContext results);

/* ---- call_cost.c: what a call is likely to take ---- */

void dbi_remember_ms(Oid function, double ms);

/* The function turned out not to be as parallel safe as it says. */
void dbi_remember_unsafe(Oid function);

/* In ms, of each call in a list; 0 of one that nobody remembers, -1 of one that must not run in a worker. */
double *dbi_expected_ms(List *calls);

/* ---- call_pack.c: a result on its way from a worker ---- */

void dbi_pack_result(StringInfo s, const DbiResult *result);
DbiResult *dbi_unpack_result(const char *data, Size size, const DbiPlanCall *call);

#endif
