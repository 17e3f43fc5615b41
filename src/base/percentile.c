/*
 * percentile.c: aggregates over doubles.
 *
 * _percentile gives the figure of percentile_cont, but selects instead of
 * sorting and takes whole arrays: the rollups keep every value of a group in
 * one array, so a percentile over millions of minutes costs one pass.
 * _gather joins such arrays into one.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/memutils.h"

#include "base/base.h"

typedef struct Values
{
	MemoryContext context;
	float8 *v;
	int64 n;
	int64 room;
	float8 fraction;
} Values;

/* Longest array a double array datum can hold, header included. */
#define MAX_ARRAY_VALUES ((int64) ((MaxAllocSize - 1024) / sizeof(float8)))

static Values *
values_state(FunctionCallInfo fcinfo)
{
	MemoryContext context;
	Values *state;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "aggregate step called outside an aggregate");
	if (!PG_ARGISNULL(0))
		return (Values *) PG_GETARG_POINTER(0);
	state = MemoryContextAllocZero(context, sizeof(Values));
	state->context = context;
	return state;
}

/* Room for so many more values. */
static void
values_grow(Values *state, int64 more)
{
	int64 need = state->n + more;

	if (need <= state->room)
		return;
	need = Max(need, state->room * 2);
	need = Max(need, 16);
	if (state->v == NULL)
		state->v = MemoryContextAllocHuge(state->context, need * sizeof(float8));
	else
		state->v = repalloc_huge(state->v, need * sizeof(float8));
	state->room = need;
}

static void
values_add_array(Values *state, ArrayType *array)
{
	int n = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	float8 *elements = (float8 *) ARR_DATA_PTR(array);
	bits8 *nulls = ARR_NULLBITMAP(array);

	values_grow(state, n);
	if (nulls == NULL)
	{
		memcpy(state->v + state->n, elements, n * sizeof(float8));
		state->n += n;
		return;
	}
	/* A null takes no place among the elements. */
	for (int i = 0; i < n; i++)
		if (nulls[i / 8] & (1 << (i % 8)))
			state->v[state->n++] = *elements++;
}

static void
take_fraction(Values *state, FunctionCallInfo fcinfo)
{
	float8 fraction = PG_ARGISNULL(2) ? NAN : PG_GETARG_FLOAT8(2);

	if (isnan(fraction) || fraction < 0 || fraction > 1)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("percentile fraction must be between 0 and 1")));
	state->fraction = fraction;
}

PG_FUNCTION_INFO_V1(dbi_percentile_add);
Datum
dbi_percentile_add(PG_FUNCTION_ARGS)
{
	Values *state = values_state(fcinfo);

	take_fraction(state, fcinfo);
	if (!PG_ARGISNULL(1))
	{
		values_grow(state, 1);
		state->v[state->n++] = PG_GETARG_FLOAT8(1);
	}
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(dbi_percentile_add_array);
Datum
dbi_percentile_add_array(PG_FUNCTION_ARGS)
{
	Values *state = values_state(fcinfo);

	take_fraction(state, fcinfo);
	if (!PG_ARGISNULL(1))
		values_add_array(state, PG_GETARG_ARRAYTYPE_P(1));
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(dbi_gather_add);
Datum
dbi_gather_add(PG_FUNCTION_ARGS)
{
	Values *state = values_state(fcinfo);

	if (!PG_ARGISNULL(1))
		values_add_array(state, PG_GETARG_ARRAYTYPE_P(1));
	PG_RETURN_POINTER(state);
}

/* NaN is greater than any number, as everywhere in Postgres. */
static inline bool
less(float8 a, float8 b)
{
	return a < b || (isnan(b) && !isnan(a));
}

static inline void
swap(float8 *a, float8 *b)
{
	float8 t = *a;

	*a = *b;
	*b = t;
}

/*
 * Puts the k-th smallest at v[k], nothing greater before it and nothing less
 * after it. The middle of three is the pivot, so sorted input is no bad case.
 */
static void
select_kth(float8 *v, int64 n, int64 k)
{
	int64 low = 0;
	int64 high = n - 1;

	while (low < high)
	{
		int64 middle = low + (high - low) / 2;
		int64 i = low;
		int64 j = high;
		float8 pivot;

		CHECK_FOR_INTERRUPTS();
		if (less(v[middle], v[low]))
			swap(&v[middle], &v[low]);
		if (less(v[high], v[low]))
			swap(&v[high], &v[low]);
		if (less(v[high], v[middle]))
			swap(&v[high], &v[middle]);
		pivot = v[middle];
		while (i <= j)
		{
			while (less(v[i], pivot))
				i++;
			while (less(pivot, v[j]))
				j--;
			if (i <= j)
				swap(&v[i++], &v[j--]);
		}
		if (k <= j)
			high = j;
		else if (k >= i)
			low = i;
		else
			break;
	}
}

/* percentile_cont: between the two neighbours of fraction * (n - 1), in proportion. */
PG_FUNCTION_INFO_V1(dbi_percentile_final);
Datum
dbi_percentile_final(PG_FUNCTION_ARGS)
{
	Values *state = PG_ARGISNULL(0) ? NULL : (Values *) PG_GETARG_POINTER(0);
	float8 position;
	float8 above;
	int64 k;

	if (state == NULL || state->n == 0)
		PG_RETURN_NULL();
	position = state->fraction * (state->n - 1);
	k = (int64) floor(position);
	select_kth(state->v, state->n, k);
	if (position == k)
		PG_RETURN_FLOAT8(state->v[k]);
	above = state->v[k + 1];
	for (int64 i = k + 2; i < state->n; i++)
		if (less(state->v[i], above))
			above = state->v[i];
	PG_RETURN_FLOAT8(state->v[k] + (position - k) * (above - state->v[k]));
}

PG_FUNCTION_INFO_V1(dbi_gather_final);
Datum
dbi_gather_final(PG_FUNCTION_ARGS)
{
	Values *state = PG_ARGISNULL(0) ? NULL : (Values *) PG_GETARG_POINTER(0);
	ArrayType *array;
	Size size;

	if (state == NULL || state->n == 0)
		PG_RETURN_NULL();
	if (state->n > MAX_ARRAY_VALUES)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("too many values for one array: " INT64_FORMAT, state->n)));
	size = ARR_OVERHEAD_NONULLS(1) + state->n * sizeof(float8);
	array = palloc(size);
	memset(array, 0, ARR_OVERHEAD_NONULLS(1));
	SET_VARSIZE(array, size);
	array->ndim = 1;
	array->elemtype = FLOAT8OID;
	ARR_DIMS(array)[0] = (int) state->n;
	ARR_LBOUND(array)[0] = 1;
	memcpy(ARR_DATA_PTR(array), state->v, state->n * sizeof(float8));
	PG_RETURN_ARRAYTYPE_P(array);
}
