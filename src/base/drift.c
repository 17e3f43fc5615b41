/*
 * drift.c: _drift, the aggregate that compares two samples of a number: what
 * came lately with what came before. It sorts each side once, where the same
 * in SQL sorts, groups and joins every value.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "base/base.h"

/* Ten bins by the share of the baseline below a value. */
#define BINS 10
/* Fewer rows on either side are not compared. */
#define MIN_ROWS 50
/* From so many values on they are sorted by bytes. */
#define MANY_VALUES 256

typedef struct Sample
{
	float8 *v;
	int64 n;
	int64 room;
} Sample;

typedef struct Drift
{
	MemoryContext context;
	Sample current;
	Sample baseline;
} Drift;

typedef struct Bin
{
	int64 n;
	int64 m;
} Bin;

typedef struct Figures
{
	float8 psi;
	float8 ks;
	float8 js;
	float8 mean_shift; /* NaN: the baseline does not vary */
	int bins;
} Figures;

/* What is no finite number is left out. */
static void
add_values(Drift *state, Sample *sample, ArrayType *array)
{
	int items = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	float8 *elements = (float8 *) ARR_DATA_PTR(array);
	bits8 *nulls = ARR_NULLBITMAP(array);

	if (sample->n + items > sample->room)
	{
		int64 room = Max(Max(sample->n + items, 2 * sample->room), 64);

		sample->v = sample->v == NULL ? MemoryContextAllocHuge(state->context, room * sizeof(float8))
									  : repalloc_huge(sample->v, room * sizeof(float8));
		sample->room = room;
	}
	for (int i = 0; i < items; i++)
	{
		/* a null takes no place among the elements */
		if (nulls && !(nulls[i / 8] & (1 << (i % 8))))
			continue;
		if (isfinite(*elements))
			sample->v[sample->n++] = *elements;
		elements++;
	}
}

PG_FUNCTION_INFO_V1(dbi_drift_add);
Datum
dbi_drift_add(PG_FUNCTION_ARGS)
{
	MemoryContext context;
	Drift *state;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "aggregate step called outside an aggregate");
	if (PG_ARGISNULL(0))
	{
		state = MemoryContextAllocZero(context, sizeof(Drift));
		state->context = context;
	}
	else
		state = (Drift *) PG_GETARG_POINTER(0);
	if (!PG_ARGISNULL(1) && !PG_ARGISNULL(2))
		add_values(state, PG_GETARG_BOOL(1) ? &state->current : &state->baseline,
				   PG_GETARG_ARRAYTYPE_P(2));
	PG_RETURN_POINTER(state);
}

/* The server's sort with the comparison inside: twice as fast as a call of it. */
#define ST_SORT sort_few
#define ST_ELEMENT_TYPE float8
#define ST_COMPARE(a, b) ((*(a) > *(b)) - (*(a) < *(b)))
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

/* The bits of a double as a number that stands in the same order, and back. */
static inline uint64
ordered_bits(uint64 bits)
{
	return bits ^ (bits >> 63 ? PG_UINT64_MAX : UINT64CONST(1) << 63);
}

static inline uint64
double_bits(uint64 ordered)
{
	return ordered ^ (ordered >> 63 ? UINT64CONST(1) << 63 : PG_UINT64_MAX);
}

/* Moves the values to where their byte says, in the order they stand in. */
static void
sort_by_byte(const uint64 *from, uint64 *to, int64 n, int byte, const int64 *counts)
{
	int64 places[256];
	int64 place = 0;

	for (int i = 0; i < 256; i++)
	{
		places[i] = place;
		place += counts[i];
	}
	for (int64 i = 0; i < n; i++)
		to[places[(from[i] >> (8 * byte)) & 0xff]++] = from[i];
}

/* Many values a byte at a time, from the last: no comparison, and so no branch that is guessed wrong. */
static void
sort_values(float8 *v, int64 n)
{
	uint64 *from = (uint64 *) v;
	uint64 *spare;
	uint64 *to;
	int64 counts[8][256] = {{0}};

	if (n < MANY_VALUES)
	{
		sort_few(v, n);
		return;
	}
	to = spare = palloc_extended(n * sizeof(uint64), MCXT_ALLOC_HUGE);
	for (int64 i = 0; i < n; i++)
	{
		from[i] = ordered_bits(from[i]);
		for (int byte = 0; byte < 8; byte++)
			counts[byte][(from[i] >> (8 * byte)) & 0xff]++;
	}
	for (int byte = 0; byte < 8; byte++)
	{
		uint64 *swap = from;

		CHECK_FOR_INTERRUPTS();
		/* a byte that is the same in all of them orders nothing */
		if (counts[byte][(from[0] >> (8 * byte)) & 0xff] == n)
			continue;
		sort_by_byte(from, to, n, byte, counts[byte]);
		from = to;
		to = swap;
	}
	for (int64 i = 0; i < n; i++)
		((uint64 *) v)[i] = double_bits(from[i]);
	pfree(spare);
}

static float8
mean(const Sample *s)
{
	float8 sum = 0;

	for (int64 i = 0; i < s->n; i++)
		sum += s->v[i];
	return sum / s->n;
}

/* In standard deviations of the baseline. */
static float8
mean_shift(const Sample *current, const Sample *baseline)
{
	float8 center = mean(baseline);
	float8 squares = 0;

	for (int64 i = 0; i < baseline->n; i++)
		squares += (baseline->v[i] - center) * (baseline->v[i] - center);
	return squares > 0 ? fabs(mean(current) - center) / sqrt(squares / (baseline->n - 1)) : NAN;
}

/* One walk over both sorted samples, value by value; equal values stay together. */
static float8
walk(const Sample *current, const Sample *baseline, Bin *bins)
{
	int64 i = 0;
	int64 k = 0;
	float8 ks = 0;

	while (i < current->n || k < baseline->n)
	{
		float8 x = k >= baseline->n || (i < current->n && current->v[i] < baseline->v[k])
					   ? current->v[i]
					   : baseline->v[k];
		Bin *bin = &bins[Min(BINS * k / baseline->n, BINS - 1)];

		for (; i < current->n && current->v[i] == x; i++)
			bin->n++;
		for (; k < baseline->n && baseline->v[k] == x; k++)
			bin->m++;
		ks = Max(ks, fabs((float8) i / current->n - (float8) k / baseline->n));
	}
	return ks;
}

/* Half a count in each bin, so that one empty bin cannot decide; a bin nobody falls in does not exist. */
static void
compare_bins(const Bin *bins, int64 n, int64 m, Figures *f)
{
	for (int b = 0; b < BINS; b++)
		f->bins += bins[b].n + bins[b].m > 0;
	for (int b = 0; b < BINS; b++)
	{
		float8 q = (bins[b].n + 0.5) / (n + 0.5 * f->bins);
		float8 p = (bins[b].m + 0.5) / (m + 0.5 * f->bins);

		if (bins[b].n + bins[b].m == 0)
			continue;
		f->psi += (q - p) * log(q / p);
		f->js += (p * log(2 * p / (p + q)) + q * log(2 * q / (p + q))) / (2 * log(2.0));
	}
}

static Figures
measure(const Sample *current, const Sample *baseline)
{
	Figures f = {0};
	Bin bins[BINS] = {{0}};

	sort_values(current->v, current->n);
	sort_values(baseline->v, baseline->n);
	f.mean_shift = mean_shift(current, baseline);
	f.ks = walk(current, baseline, bins);
	compare_bins(bins, current->n, baseline->n, &f);
	return f;
}

/* {rows lately, rows before, psi, ks, js, mean shift, bins}; the counts alone when they are too few. */
PG_FUNCTION_INFO_V1(dbi_drift_final);
Datum
dbi_drift_final(PG_FUNCTION_ARGS)
{
	Drift *state = PG_ARGISNULL(0) ? NULL : (Drift *) PG_GETARG_POINTER(0);
	Datum values[7];
	bool nulls[7] = {false};
	int dims[1] = {2};
	int lower[1] = {1};

	if (state == NULL || state->current.n + state->baseline.n == 0)
		PG_RETURN_NULL();
	values[0] = Float8GetDatum(state->current.n);
	values[1] = Float8GetDatum(state->baseline.n);
	if (state->current.n >= MIN_ROWS && state->baseline.n >= MIN_ROWS)
	{
		Figures f = measure(&state->current, &state->baseline);

		values[2] = Float8GetDatum(f.psi);
		values[3] = Float8GetDatum(f.ks);
		values[4] = Float8GetDatum(f.js);
		values[5] = Float8GetDatum(f.mean_shift);
		nulls[5] = isnan(f.mean_shift);
		values[6] = Float8GetDatum(f.bins);
		dims[0] = 7;
	}
	PG_RETURN_ARRAYTYPE_P(construct_md_array(values, nulls, 1, dims, lower, FLOAT8OID,
											 sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}
