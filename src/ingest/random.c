/*
 * random.c: numbers that look random and are the same on every machine.
 *
 * The sample account is made of them: each is a hash of a seed, a stream (the
 * draw: a number per kind of decision) and n (what the decision is about), so
 * that rows do not depend on the order they are made in.  Only integer
 * arithmetic, division by powers of two and plain products: no libm, whose
 * last digit differs between machines.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/base.h"

/* Finalizer of splitmix64 (Steele, Lea, Flood 2014): a bijection that mixes well. */
static inline uint64
mix(uint64 x)
{
	x += UINT64CONST(0x9E3779B97F4A7C15);
	x = (x ^ (x >> 30)) * UINT64CONST(0xBF58476D1CE4E5B9);
	x = (x ^ (x >> 27)) * UINT64CONST(0x94D049BB133111EB);
	return x ^ (x >> 31);
}

static inline uint64
draw(FunctionCallInfo fcinfo)
{
	uint64 seed = (uint32) PG_GETARG_INT32(0);
	uint64 stream = (uint32) PG_GETARG_INT32(1);

	return mix(mix(seed << 32 | stream) ^ (uint64) PG_GETARG_INT64(2));
}

/* Uniform in [0, 1): the top 53 bits, exact in a double. */
PG_FUNCTION_INFO_V1(dbi_random);
Datum
dbi_random(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8((double) (draw(fcinfo) >> 11) / 9007199254740992.0);
}

PG_FUNCTION_INFO_V1(dbi_pick);
Datum
dbi_pick(PG_FUNCTION_ARGS)
{
	int32 of = PG_GETARG_INT32(3);

	if (of < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("cannot pick one of %d", of)));
	PG_RETURN_INT32((int32) (((draw(fcinfo) >> 32) * (uint64) of) >> 32));
}

/*
 * Nearly normal, mean 0 and deviation 1: the sum of eight uniforms, whose
 * variance is 8/12.  Bounded by 4.9 deviations.
 */
static double
deviate(uint64 x)
{
	uint64 sum = 0;
	int i;

	for (i = 0; i < 4; i++)
	{
		x = mix(x);
		sum += (x >> 32) + (x & 0xFFFFFFFF);
	}
	return ((double) sum - 17179869180.0) / 3506826113.0; /* 2^32 * sqrt(8/12) */
}

PG_FUNCTION_INFO_V1(dbi_noise);
Datum
dbi_noise(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(deviate(draw(fcinfo)));
}

/*
 * Log-normal with median 1: e^(sigma z), as (1 + x/1024)^1024 by ten squarings,
 * which is e^x within 2 % for every |x| < 6.4, a sigma of 1.3 at the bound.
 */
PG_FUNCTION_INFO_V1(dbi_spread);
Datum
dbi_spread(PG_FUNCTION_ARGS)
{
	double x = PG_GETARG_FLOAT8(3) * deviate(draw(fcinfo));
	double y = 1.0 + x / 1024.0;
	int i;

	for (i = 0; i < 10; i++)
		y *= y;
	PG_RETURN_FLOAT8(y);
}

static void
hex(char *to, uint64 x, int digits)
{
	while (digits-- > 0)
	{
		to[digits] = "0123456789abcdef"[x & 15];
		x >>= 4;
	}
}

/* Hexadecimal digits, 1 to 32. */
PG_FUNCTION_INFO_V1(dbi_random_hex);
Datum
dbi_random_hex(PG_FUNCTION_ARGS)
{
	uint64 x = draw(fcinfo);
	int32 digits = PG_GETARG_INT32(3);
	char buf[32];

	if (digits < 1 || digits > 32)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("digits must be between 1 and 32, not %d", digits)));
	hex(buf, x, 16);
	hex(buf + 16, mix(x), 16);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(buf, digits));
}

/* The text of a UUID: 48 bits, the version, 12 bits of x, 62 bits of y. */
static Datum
uuid_text(uint64 head, int version, uint64 x, uint64 y)
{
	char buf[36];

	hex(buf, head >> 16, 8);
	buf[8] = '-';
	hex(buf + 9, head, 4);
	buf[13] = '-';
	hex(buf + 14, (x & 0x0FFF) | (uint64) version << 12, 4);
	buf[18] = '-';
	hex(buf + 19, ((y >> 48) & 0x3FFF) | 0x8000, 4);
	buf[23] = '-';
	hex(buf + 24, y, 12);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(buf, 36));
}

PG_FUNCTION_INFO_V1(dbi_random_uuid);
Datum
dbi_random_uuid(PG_FUNCTION_ARGS)
{
	uint64 x = draw(fcinfo);

	return uuid_text(x >> 16, 4, x, mix(x));
}

/* Version 7: the milliseconds since 1970 come first. */
PG_FUNCTION_INFO_V1(dbi_time_uuid);
Datum
dbi_time_uuid(PG_FUNCTION_ARGS)
{
	uint64 x = draw(fcinfo);
	int64 ms = PG_GETARG_TIMESTAMPTZ(3) / 1000 +
			   (int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY * 1000;

	return uuid_text((uint64) ms, 7, x, mix(x));
}
