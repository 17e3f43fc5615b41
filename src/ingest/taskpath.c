/*
 * taskpath.c: _task_paths(), what the tasks of a job run waited for, and which
 * of them made it as long as it was. A load asks for every run.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

/* Parts the keys of dependencies, which have no control characters. */
#define KEY_SEPARATOR '\1'

typedef struct Task
{
	const char *key;     /* NULL when unknown */
	const char *depends; /* keys of its dependencies, parted; NULL when none are known */
	TimestampTz started;
	TimestampTz ended;
	TimestampTz ready;
	int after; /* the dependency that ended last, -1 for none */
	bool on_path;
} Task;

static bool
depends_on(const Task *task, const char *key)
{
	size_t length = strlen(key);

	for (const char *at = task->depends; at != NULL && *at != '\0';)
	{
		const char *end = strchr(at, KEY_SEPARATOR);
		size_t n = end ? end - at : strlen(at);

		if (n == length && memcmp(at, key, n) == 0)
			return true;
		at = end ? end + 1 : NULL;
	}
	return false;
}

/* Of two tasks the one that ended later; of those that ended together, the first by its key. */
static bool
ended_after(const Task *a, const Task *b)
{
	return a->ended > b->ended ||
		   (a->ended == b->ended && a->key && (b->key == NULL || strcmp(a->key, b->key) < 0));
}

/*
 * An attempt waits for the attempts of its dependencies that ended before it:
 * one that began although a dependency went on waited for none.
 */
static void
find_wait(Task *tasks, int n, Task *task)
{
	task->after = -1;
	task->ready = DT_NOBEGIN;
	for (int i = 0; i < n; i++)
	{
		if (tasks[i].key == NULL || !depends_on(task, tasks[i].key))
			continue;
		if (task->after < 0 || ended_after(&tasks[i], &tasks[task->after]))
			task->after = i;
		if (tasks[i].ended <= task->started && tasks[i].ended > task->ready)
			task->ready = tasks[i].ended;
	}
	if (task->after >= 0 && TIMESTAMP_IS_NOBEGIN(task->ready))
		task->ready = task->started;
}

/* From the task that ended last back over the dependencies that ended last; a cycle ends the walk. */
static void
walk_path(Task *tasks, int n)
{
	int at = 0;

	for (int i = 1; i < n; i++)
		if (ended_after(&tasks[i], &tasks[at]))
			at = i;
	while (at >= 0 && !tasks[at].on_path)
	{
		tasks[at].on_path = true;
		at = tasks[at].after;
	}
	/* The path is one of tasks: all attempts of a task are on it, or none. */
	for (int i = 0; i < n; i++)
		for (int j = 0; j < n && !tasks[i].on_path; j++)
			tasks[i].on_path = tasks[j].on_path && tasks[i].key && tasks[j].key &&
							   strcmp(tasks[i].key, tasks[j].key) == 0;
}

static Datum *
elements(FunctionCallInfo fcinfo, int argument, Oid type, int wanted, bool **nulls)
{
	ArrayType *array = PG_GETARG_ARRAYTYPE_P(argument);
	Datum *values;
	int n;

	deconstruct_array(array, type, type == TEXTOID ? -1 : 8, type != TEXTOID && FLOAT8PASSBYVAL,
					  type == TEXTOID ? TYPALIGN_INT : TYPALIGN_DOUBLE, &values, nulls, &n);
	if (wanted >= 0 && n != wanted)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("the arrays of a run's tasks differ in length: %d and %d", wanted, n));
	return values;
}

static Task *
read_tasks(FunctionCallInfo fcinfo, int *n)
{
	bool *no_key, *no_start, *no_end, *no_depends;
	Datum *keys, *starts, *ends, *depends;
	Task *tasks;

	*n = ArrayGetNItems(ARR_NDIM(PG_GETARG_ARRAYTYPE_P(0)), ARR_DIMS(PG_GETARG_ARRAYTYPE_P(0)));
	keys = elements(fcinfo, 0, TEXTOID, *n, &no_key);
	starts = elements(fcinfo, 1, TIMESTAMPTZOID, *n, &no_start);
	ends = elements(fcinfo, 2, TIMESTAMPTZOID, *n, &no_end);
	depends = elements(fcinfo, 3, TEXTOID, *n, &no_depends);
	tasks = palloc0(sizeof(Task) * Max(*n, 1));
	for (int i = 0; i < *n; i++)
	{
		if (no_start[i] || no_end[i])
			ereport(ERROR, errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					errmsg("a task run begins and ends at a time"));
		tasks[i].key = no_key[i] ? NULL : TextDatumGetCString(keys[i]);
		tasks[i].depends = no_depends[i] ? NULL : TextDatumGetCString(depends[i]);
		tasks[i].started = DatumGetTimestampTz(starts[i]);
		tasks[i].ended = DatumGetTimestampTz(ends[i]);
	}
	return tasks;
}

/*
 * (task_key[], start_time[], last_seen_time[], dependencies[]) of one run ->
 * ready_time[] (NULL where a task waited for none in the run), on_critical_path[]
 */
PG_FUNCTION_INFO_V1(dbi_task_paths);
Datum
dbi_task_paths(PG_FUNCTION_ARGS)
{
	TupleDesc shape;
	int n;
	Task *tasks = read_tasks(fcinfo, &n);
	Datum *ready = palloc(sizeof(Datum) * Max(n, 1));
	Datum *on_path = palloc(sizeof(Datum) * Max(n, 1));
	bool *no_wait = palloc(sizeof(bool) * Max(n, 1));
	Datum values[2];
	bool nulls[2] = {false, false};
	int lower = 1;

	if (get_call_result_type(fcinfo, NULL, &shape) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "_task_paths() returns a row");
	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		find_wait(tasks, n, &tasks[i]);
	}
	if (n > 0)
		walk_path(tasks, n);
	for (int i = 0; i < n; i++)
	{
		ready[i] = TimestampTzGetDatum(tasks[i].ready);
		no_wait[i] = tasks[i].after < 0;
		on_path[i] = BoolGetDatum(tasks[i].on_path);
	}
	values[0] = PointerGetDatum(construct_md_array(ready, no_wait, 1, &n, &lower, TIMESTAMPTZOID, 8,
												   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	values[1] = PointerGetDatum(construct_array(on_path, n, BOOLOID, 1, true, TYPALIGN_CHAR));
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(shape), values, nulls)));
}
