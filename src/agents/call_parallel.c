/*
 * call_parallel.c: slow calls of one answer at the same time.
 *
 * The workers are those of PostgreSQL's parallel queries, so that they have
 * what a parallel query has: the role, settings and snapshot of the backend
 * that leads, also its uncommitted rows; they are in its lock group, and an
 * error, a cancel or the end of the leader ends them and frees their memory.
 * While they run the leader only waits: it may begin no subtransaction then.
 *
 *   leader: a batch of calls ── parallel mode ── results ── the rest by itself
 *   worker: next call of the batch ── result into its queue ── next
 *
 * A worker has no subtransaction either, so it ends with the first error, which
 * it sends as the call's result. What no worker has answered, and what failed
 * only because it ran in a worker, the leader calls itself: workers change how
 * long an answer takes and nothing else.
 */
#include "postgres.h"

#include "access/parallel.h"
#include "access/xact.h"
#include "catalog/pg_proc.h"
#include "executor/spi.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "port/atomics.h"
#include "portability/instr_time.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "agents/call_parts.h"
#include "base/base.h"

PGDLLEXPORT void dbi_tool_worker_main(dsm_segment *seg, shm_toc *toc);

/* Fewer are no gain, because the leader waits. */
#define LEAST_WORKERS 2

#define QUEUE_BYTES ((Size) 65536)

/* stop() is heard within this time while the leader waits: ms. */
#define STOP_POLL_MS 50

#define KEY_BATCH UINT64CONST(1)
#define KEY_QUEUES UINT64CONST(2)

typedef struct BatchCall
{
	Oid function;
	Size tool; /* where in the batch its text begins */
	Size arguments;
	Size window;
	DateADT period_start;
	DateADT period_end;
} BatchCall;

typedef struct Batch
{
	pg_atomic_uint32 next; /* the call that the next free worker takes */
	int ncalls;
	BatchCall calls[FLEXIBLE_ARRAY_MEMBER];
} Batch;

/* ---- the worker ---- */

static const char *
batch_text(const Batch *batch, Size at)
{
	return (const char *) batch + at;
}

static void
set_elapsed(DbiResult *r, instr_time start)
{
	instr_time elapsed;

	INSTR_TIME_SET_CURRENT(elapsed);
	INSTR_TIME_SUBTRACT(elapsed, start);
	r->elapsed_ms = INSTR_TIME_GET_MILLISEC(elapsed);
}

/* A tool that is not as parallel safe as it says, a temporary table: no error of the tool. */
static bool
fails_only_here(const ErrorData *error, const DbiDeadline *deadline)
{
	return ERRCODE_TO_CATEGORY(error->sqlerrcode) ==
			   ERRCODE_TO_CATEGORY(ERRCODE_INVALID_TRANSACTION_STATE) ||
		   (dbi_must_rethrow(error) && !dbi_deadline_caused(deadline, error));
}

/* false: there was an error, and with it this worker's transaction came to its end. */
static bool
call_one(const Batch *batch, int i, StringInfo message)
{
	MemoryContext caller = CurrentMemoryContext;
	DbiPlanCall *call = palloc0(sizeof(DbiPlanCall));
	DbiResult *r = palloc0(sizeof(DbiResult));
	DbiDeadline deadline = {NULL};
	instr_time start;

	call->function = batch->calls[i].function;
	call->tool = batch_text(batch, batch->calls[i].tool);
	call->arguments = batch_text(batch, batch->calls[i].arguments);
	call->window = batch_text(batch, batch->calls[i].window);
	if (call->window[0] == '\0')
		call->window = NULL;
	call->period_start = batch->calls[i].period_start;
	call->period_end = batch->calls[i].period_end;
	r->call = call;
	r->ok = true;
	r->began = GetCurrentTimestamp();
	INSTR_TIME_SET_CURRENT(start);
	appendBinaryStringInfo(message, (char *) &i, sizeof(i));
	PG_TRY();
	{
		dbi_run_tool(r, &deadline, caller);
		MemoryContextSwitchTo(caller);
		set_elapsed(r, start);
		dbi_pack_result(message, r);
	}
	PG_CATCH();
	{
		ErrorData *error;

		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		dbi_deadline_end(&deadline);
		FlushErrorState();
		set_elapsed(r, start);
		dbi_keep_error(r, error, &deadline);
		if (!fails_only_here(error, &deadline))
			dbi_pack_result(message, r);
	}
	PG_END_TRY();
	return r->ok;
}

/* As a worker ends that has done all: the leader is told, or it would take this for a loss. */
static void
end_after_error(shm_mq_handle *queue, StringInfo message)
{
	AbortOutOfAnyTransaction();
	(void) shm_mq_send(queue, message->len, message->data, false, true);
	shm_mq_detach(queue);
	pq_putemptymessage('X');
	proc_exit(0);
}

void
dbi_tool_worker_main(dsm_segment *seg, shm_toc *toc)
{
	Batch *batch = shm_toc_lookup(toc, KEY_BATCH, false);
	char *queues = shm_toc_lookup(toc, KEY_QUEUES, false);
	shm_mq *mq = (shm_mq *) (queues + ParallelWorkerNumber * QUEUE_BYTES);
	/* what outlives an error */
	MemoryContext keep =
		AllocSetContextCreate(TopMemoryContext, "dbinsight tool worker", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(keep);
	shm_mq_handle *queue;
	int i;

	shm_mq_set_sender(mq, MyProc);
	queue = shm_mq_attach(mq, seg, NULL);
	MemoryContextSwitchTo(caller);
	SPI_connect();
	MemoryContextSwitchTo(keep);
	while ((i = pg_atomic_fetch_add_u32(&batch->next, 1)) < batch->ncalls)
	{
		StringInfoData message;

		initStringInfo(&message);
		if (!call_one(batch, i, &message))
			end_after_error(queue, &message);
		if (shm_mq_send(queue, message.len, message.data, false, true) != SHM_MQ_SUCCESS)
			break;
	}
	SPI_finish();
	MemoryContextSwitchTo(caller);
	shm_mq_detach(queue);
}

/* ---- the leader: which calls ---- */

typedef struct Candidate
{
	DbiPlanCall *call;
	double ms;
} Candidate;

static int
by_ms(const void *a, const void *b)
{
	double x = ((const Candidate *) a)->ms;
	double y = ((const Candidate *) b)->ms;

	return x < y ? 1 : x > y ? -1 : 0;
}

static bool
same_call(const DbiPlanCall *a, const DbiPlanCall *b)
{
	return a->function == b->function && strcmp(a->arguments, b->arguments) == 0;
}

static bool
may_run_elsewhere(List *chosen, const DbiPlanCall *call)
{
	ListCell *lc;

	foreach(lc, chosen)
		if (same_call(lfirst(lc), call))
			return false;
	return get_func_name(call->function) != NULL &&
		   func_parallel(call->function) == PROPARALLEL_SAFE;
}

/* The slow ones, the slowest first: the last to begin should be short. */
static List *
slow_calls(List *calls)
{
	double *ms = dbi_expected_ms(calls);
	Candidate *found = palloc(sizeof(Candidate) * Max(list_length(calls), 1));
	List *chosen = NIL;
	List *sorted = NIL;
	ListCell *lc;

	foreach(lc, calls)
	{
		int i = foreach_current_index(lc);

		if (ms[i] < dbi_guc_parallel_tool_time || !may_run_elsewhere(chosen, lfirst(lc)))
			continue;
		found[list_length(chosen)] = (Candidate){lfirst(lc), ms[i]};
		chosen = lappend(chosen, lfirst(lc));
	}
	pg_qsort(found, list_length(chosen), sizeof(Candidate), by_ms);
	for (int i = 0; i < list_length(chosen); i++)
		sorted = lappend(sorted, found[i].call);
	return sorted;
}

/* ---- the leader: the batch ---- */

static Size
batch_size(List *calls)
{
	Size size = offsetof(Batch, calls) + sizeof(BatchCall) * list_length(calls);
	ListCell *lc;

	foreach(lc, calls)
	{
		const DbiPlanCall *call = lfirst(lc);

		size += strlen(call->tool) + 1 + strlen(call->arguments) + 1 +
				(call->window ? strlen(call->window) : 0) + 1;
	}
	return size;
}

static Size
put_text(Batch *batch, Size *end, const char *text)
{
	Size at = *end;

	strcpy((char *) batch + at, text);
	*end += strlen(text) + 1;
	return at;
}

static void
fill_batch(Batch *batch, List *calls)
{
	Size end = offsetof(Batch, calls) + sizeof(BatchCall) * list_length(calls);
	ListCell *lc;

	pg_atomic_init_u32(&batch->next, 0);
	batch->ncalls = list_length(calls);
	foreach(lc, calls)
	{
		const DbiPlanCall *call = lfirst(lc);
		BatchCall *to = &batch->calls[foreach_current_index(lc)];

		to->function = call->function;
		to->tool = put_text(batch, &end, call->tool);
		to->arguments = put_text(batch, &end, call->arguments);
		to->window = put_text(batch, &end, call->window ? call->window : "");
		to->period_start = call->period_start;
		to->period_end = call->period_end;
	}
}

/* The queues by which the workers answer, or NULL when there may be no workers. */
static shm_mq_handle **
prepare(ParallelContext *pcxt, List *calls)
{
	int n = pcxt->nworkers;
	shm_mq_handle **queues = palloc(sizeof(shm_mq_handle *) * n);
	Batch *batch;
	char *space;

	shm_toc_estimate_chunk(&pcxt->estimator, batch_size(calls));
	shm_toc_estimate_chunk(&pcxt->estimator, mul_size(QUEUE_BYTES, n));
	shm_toc_estimate_keys(&pcxt->estimator, 2);
	InitializeParallelDSM(pcxt);
	if (pcxt->nworkers < LEAST_WORKERS)
		return NULL;
	batch = shm_toc_allocate(pcxt->toc, batch_size(calls));
	fill_batch(batch, calls);
	shm_toc_insert(pcxt->toc, KEY_BATCH, batch);
	space = shm_toc_allocate(pcxt->toc, mul_size(QUEUE_BYTES, n));
	shm_toc_insert(pcxt->toc, KEY_QUEUES, space);
	for (int i = 0; i < n; i++)
	{
		shm_mq *mq = shm_mq_create(space + i * QUEUE_BYTES, QUEUE_BYTES);

		shm_mq_set_receiver(mq, MyProc);
		queues[i] = shm_mq_attach(mq, pcxt->seg, NULL);
	}
	return queues;
}

/* ---- the leader: the results ---- */

static DbiResult *
result_of(const char *data, Size size, List *calls)
{
	int i;

	if (size < sizeof(i))
		elog(ERROR, "the result of a parallel tool call is cut short");
	memcpy(&i, data, sizeof(i));
	if (size == sizeof(i)) /* to be called again, here */
	{
		dbi_remember_unsafe(((DbiPlanCall *) list_nth(calls, i))->function);
		return NULL;
	}
	return dbi_unpack_result(data + sizeof(i), size - sizeof(i), list_nth(calls, i));
}

/* Takes what has come; false when the worker will send no more. */
static bool
receive(shm_mq_handle *queue, List *calls, List **results)
{
	shm_mq_result got;
	Size size;
	void *data;

	while ((got = shm_mq_receive(queue, &size, &data, true)) == SHM_MQ_SUCCESS)
	{
		DbiResult *r = result_of(data, size, calls);

		if (r)
			*results = lappend(*results, r);
	}
	return got == SHM_MQ_WOULD_BLOCK;
}

/* Until all workers are done, or somebody calls stop(); false then. */
static bool
gather(ParallelContext *pcxt, shm_mq_handle **queues, List *calls, List **results)
{
	const DbiStopSlot *slot = dbi_stop_watched();

	for (int i = 0; i < pcxt->nworkers_launched; i++)
		shm_mq_set_handle(queues[i], pcxt->worker[i].bgwhandle);
	for (;;)
	{
		bool any = false;

		for (int i = 0; i < pcxt->nworkers_launched; i++)
			any = receive(queues[i], calls, results) || any;
		if (!any)
			return true;
		if (dbi_stop_requested(slot))
			return false;
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_EXIT_ON_PM_DEATH | (slot ? WL_TIMEOUT : 0),
						 STOP_POLL_MS, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
}

/* A worker that never came would be an error to wait for. */
static bool
all_came(ParallelContext *pcxt, shm_mq_handle **queues)
{
	for (int i = 0; i < pcxt->nworkers_launched; i++)
		if (shm_mq_get_sender(shm_mq_get_queue(queues[i])) == NULL)
			return false;
	return true;
}

static List *
call_in_workers(List *calls)
{
	List *results = NIL;
	ParallelContext *pcxt;
	shm_mq_handle **queues;

	EnterParallelMode();
	pcxt = CreateParallelContext("dbinsight", "dbi_tool_worker_main",
								 Min(list_length(calls), dbi_guc_parallel_tools));
	queues = prepare(pcxt, calls);
	if (queues)
	{
		LaunchParallelWorkers(pcxt);
		if (pcxt->nworkers_launched >= LEAST_WORKERS && gather(pcxt, queues, calls, &results) &&
			all_came(pcxt, queues))
			WaitForParallelWorkersToFinish(pcxt);
	}
	DestroyParallelContext(pcxt); /* ends those that still run */
	ExitParallelMode();
	return results;
}

List *
dbi_call_ahead(List *calls)
{
	List *slow;

	if (dbi_guc_parallel_tools < LEAST_WORKERS || list_length(calls) < LEAST_WORKERS ||
		IsInParallelMode() || !ActiveSnapshotSet())
		return NIL;
	slow = slow_calls(calls);
	return list_length(slow) < LEAST_WORKERS ? NIL : call_in_workers(slow);
}
