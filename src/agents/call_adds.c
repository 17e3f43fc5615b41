/*
 * call_adds.c: which columns may be added up over rows, by kind and name.
 */
#include "postgres.h"

#include <ctype.h>

#include "agents/call.h"

/* A mean, an extreme, a limit or a state has the unit of what can be added up, and cannot be. */
static const char *const level_words[] = {"avg",         "mean",        "median",      "typical",
										  "usual",       "min",         "max",         "peak",
										  "longest",     "shortest",    "mttr",        "mtbf",
										  "per",         "rate",        "ratio",       "std",
										  "stddev",      "zscore",      "rank",        "score",
										  "weight",      "probability", "price",       "unit",
										  "target",      "threshold",   "limit",       "capacity",
										  "age",         "lag",         "since",       "cumulative",
										  "elapsed",     "unused",      "version",     "id",
										  "year",        "depth",       "consecutive", "concurrent",
										  "termination", "reference",   "prior",       NULL};

/* Things that several rows may have in common: the users of each day are not those of the week. */
static const char *const shared_words[] = {"distinct",   "unique",   "workspace", "workspaces",
										   "users",      "ips",      "addresses", "readers",
										   "owners",     "agents",   "nodes",     "requesters",
										   "principals", "prefixes", "days",      "downstream",
										   NULL};

/* A forecast's bounds are told as those of the whole period; a model is not to add them by itself. */
static const char *const bound_words[] = {"lower", "upper", NULL};

static bool
has_word(const char *name, const char *const *words)
{
	for (const char *p = name; *p;)
	{
		size_t len = strcspn(p, "_");

		for (const char *const *w = words; *w; w++)
			if (strlen(*w) == len && strncmp(p, *w, len) == 0)
				return true;
		p += len;
		p += *p == '_';
	}
	return false;
}

/* p50, p95_duration_s: a quantile. */
static bool
has_quantile(const char *name)
{
	for (const char *p = name; p; p = strchr(p, '_'))
	{
		p += *p == '_';
		if (p[0] == 'p' && isdigit((unsigned char) p[1]))
			return true;
	}
	return false;
}

/* Parts of one whole add up to it. */
static bool
is_part(const char *name)
{
	static const char *const words[] = {"share", "of", "contribution", NULL};

	return has_word(name, words);
}

bool
dbi_column_never_adds(const DbiColumn *column)
{
	switch (column->kind)
	{
		case DBI_PLAIN:
		case DBI_MBPS:
			return true;
		case DBI_PCT:
			return !is_part(column->name);
		default:
			return has_word(column->name, level_words) || has_quantile(column->name) ||
				   has_word(column->name, shared_words);
	}
}

bool
dbi_column_adds(const DbiColumn *column)
{
	switch (column->kind)
	{
		case DBI_COUNT:
		case DBI_USD:
		case DBI_SECONDS:
		case DBI_MS:
		case DBI_MINUTES:
		case DBI_HOURS:
		case DBI_BYTES:
		case DBI_GIB:
		case DBI_TIB:
			return !dbi_column_never_adds(column) && !has_word(column->name, bound_words);
		default:
			return false;
	}
}
