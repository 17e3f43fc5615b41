/*
 * price.c: _price_at(), the price of a SKU at a time, from the arrays of
 * dbinsight.price_history. A load asks for every row.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/timestamp.h"

static const TimestampTz *
times_of(ArrayType *array, int *n)
{
	*n = ARR_NDIM(array) == 1 ? ARR_DIMS(array)[0] : 0;
	if (ARR_HASNULL(array) || ARR_ELEMTYPE(array) != TIMESTAMPTZOID)
		elog(ERROR, "a price begins and ends at a time");
	return (const TimestampTz *) ARR_DATA_PTR(array);
}

/* (valid_from[], valid_to[], price[], at): of the intervals that hold at, the first. */
PG_FUNCTION_INFO_V1(dbi_price_at);
Datum
dbi_price_at(PG_FUNCTION_ARGS)
{
	ArrayType *prices = PG_GETARG_ARRAYTYPE_P(2);
	TimestampTz at = PG_GETARG_TIMESTAMPTZ(3);
	int nstarts;
	int nends;
	const TimestampTz *starts = times_of(PG_GETARG_ARRAYTYPE_P(0), &nstarts);
	const TimestampTz *ends = times_of(PG_GETARG_ARRAYTYPE_P(1), &nends);
	Datum price;
	bool isnull;

	for (int i = 1; i <= Min(nstarts, nends); i++)
	{
		if (at < starts[i - 1] || at >= ends[i - 1])
			continue;
		price =
			array_get_element(PointerGetDatum(prices), 1, &i, -1, -1, false, TYPALIGN_INT, &isnull);
		if (isnull)
			PG_RETURN_NULL();
		PG_RETURN_DATUM(price);
	}
	PG_RETURN_NULL();
}
