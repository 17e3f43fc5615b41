/*
 * histogram.c: _hist_distance(), how far a histogram is from a baseline.
 *
 * Edges e[0..n], counts c[0..n-1]. Inside a bin the values are taken as evenly
 * spread, so a cumulative share is piecewise linear; bins of width zero
 * (constant columns) are steps.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "base/base.h"

/* psi and js look at the baseline's tenths. */
#define CUTS 9
/* An empty bin has a logarithm all the same. */
#define LEAST_SHARE 1e-4

typedef struct Histogram
{
	const float8 *edges; /* n + 1 */
	float8 *upto;        /* n, running sums of the counts */
	int n;
} Histogram;

static bool
is_plain(ArrayType *array)
{
	return ARR_NDIM(array) == 1 && !array_contains_nulls(array);
}

/* False for what cannot be compared: _hist_valid() says the same in SQL. */
static bool
read_histogram(Histogram *h, ArrayType *edges, ArrayType *counts)
{
	const int64 *c = (const int64 *) ARR_DATA_PTR(counts);
	float8 sum = 0;

	if (!is_plain(edges) || !is_plain(counts) || ARR_DIMS(edges)[0] != ARR_DIMS(counts)[0] + 1)
		return false;
	h->edges = (const float8 *) ARR_DATA_PTR(edges);
	h->n = ARR_DIMS(counts)[0];
	h->upto = palloc(sizeof(float8) * h->n);
	for (int i = 0; i < h->n; i++)
	{
		if (c[i] < 0)
			return false;
		sum += (float8) c[i];
		h->upto[i] = sum;
	}
	return sum > 0;
}

/* How many of the ascending values are at or below x. */
static int
bucket(const float8 *values, int n, float8 x)
{
	int low = 0;
	int high = n;

	while (low < high)
	{
		int middle = (low + high) / 2;

		if (x < values[middle])
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* The share at or below x, 0 to 1. */
static float8
share_below(const Histogram *h, float8 x)
{
	int b;
	float8 before;

	if (x < h->edges[0])
		return 0;
	if (x >= h->edges[h->n])
		return 1;
	/* edges that do not ascend, or are no numbers, must not lead outside */
	b = Min(Max(bucket(h->edges, h->n + 1, x), 1), h->n) - 1;
	before = b > 0 ? h->upto[b - 1] : 0;
	return (before + (h->upto[b] - before) * (x - h->edges[b]) / (h->edges[b + 1] - h->edges[b])) /
		   h->upto[h->n - 1];
}

/* The value below which a share (0 to 1, exclusive) lies. */
static float8
quantile(const Histogram *h, float8 share)
{
	float8 sum = share * h->upto[h->n - 1];
	int b = Min(bucket(h->upto, h->n, sum), h->n - 1);
	float8 before = b > 0 ? h->upto[b - 1] : 0;

	return h->edges[b] + (h->edges[b + 1] - h->edges[b]) * (sum - before) / (h->upto[b] - before);
}

/*
 * The population stability index and the Jensen-Shannon divergence (base 2)
 * over the baseline's ten equally filled bins, the outer ones open to both
 * sides; equal cuts fall together.
 */
static void
compare_tenths(const Histogram *base, const Histogram *current, float8 *psi, float8 *js)
{
	float8 cut = 0;
	float8 p_below = 0;
	float8 q_below = 0;

	*psi = *js = 0;
	for (int k = 1; k <= CUTS + 1; k++)
	{
		float8 x = k <= CUTS ? quantile(base, k / 10.0) : 0;
		float8 p_here = k <= CUTS ? share_below(base, x) : 1;
		float8 q_here = k <= CUTS ? share_below(current, x) : 1;
		float8 p = Max(p_here - p_below, LEAST_SHARE);
		float8 q = Max(q_here - q_below, LEAST_SHARE);

		if (k > 1 && k <= CUTS && x <= cut)
			continue;
		*psi += (q - p) * log(q / p);
		*js += (p * log(2 * p / (p + q)) + q * log(2 * q / (p + q))) / 2 / log(2.0);
		cut = x;
		p_below = p_here;
		q_below = q_here;
	}
}

/* The Kolmogorov-Smirnov statistic: the greatest distance of the shares is at an edge of either. */
static float8
greatest_distance(const Histogram *a, const Histogram *b, const Histogram *of)
{
	float8 greatest = 0;

	for (int i = 0; i <= of->n; i++)
		greatest = Max(greatest, fabs(share_below(a, of->edges[i]) - share_below(b, of->edges[i])));
	return greatest;
}

/* _hist_distance(base_edges, base_counts, edges, counts): psi, js, ks; nulls when one is no histogram. */
PG_FUNCTION_INFO_V1(dbi_hist_distance);
Datum
dbi_hist_distance(PG_FUNCTION_ARGS)
{
	Histogram base;
	Histogram current;
	TupleDesc desc;
	Datum values[3] = {0};
	bool nulls[3] = {true, true, true};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "_hist_distance() was not called for a row");
	if (read_histogram(&base, PG_GETARG_ARRAYTYPE_P(0), PG_GETARG_ARRAYTYPE_P(1)) &&
		read_histogram(&current, PG_GETARG_ARRAYTYPE_P(2), PG_GETARG_ARRAYTYPE_P(3)))
	{
		float8 psi;
		float8 js;

		compare_tenths(&base, &current, &psi, &js);
		values[0] = Float8GetDatum(psi);
		values[1] = Float8GetDatum(js);
		values[2] = Float8GetDatum(Max(greatest_distance(&base, &current, &base),
									   greatest_distance(&base, &current, &current)));
		memset(nulls, false, sizeof(nulls));
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
