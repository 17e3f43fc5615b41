/*
 * call_focus.c: keeps the rows a question is about, when the tool itself has no
 * argument for what was named or its window is wider than the period asked for.
 */
#include "postgres.h"

#include <ctype.h>

#include "utils/float.h"
#include "utils/timestamp.h"

#include "agents/call.h"
#include "base/base.h"

/* Columns in which a thing of a kind may be named. */
typedef struct FocusColumns
{
	const char *kind;
	const char *columns[16];
} FocusColumns;

static const FocusColumns focus_columns[] =
	{{"job",
	  {"job_name", "job_id", "run_name", "entity_name", "entity_id", "resource_name", "resource_id",
	   "writer_id", "top_resource", "impacted_name"}},
	 {"workspace", {"workspace_name", "workspace_id", "scope_id", "entity_name", "entity_id"}},
	 {"table",
	  {"table_full_name", "securable_name", "object_name", "target", "dataset", "worst_table",
	   "oldest_table", "impacted_name", "entity_id"}},
	 {"model", {"model_name", "entity_name", "served_entity", "entity_id"}},
	 {"endpoint", {"endpoint_name", "entity_name", "resource_name", "resource_id", "entity_id"}},
	 {"pipeline",
	  {"pipeline_name", "pipeline_id", "entity_name", "entity_id", "resource_name", "resource_id"}},
	 {"warehouse",
	  {"warehouse_name", "warehouse_id", "main_warehouse", "entity_name", "entity_id",
	   "resource_name", "resource_id"}},
	 {"cluster",
	  {"cluster_name", "cluster_id", "entity_name", "entity_id", "resource_name", "resource_id"}},
	 {"user",
	  {"user_email", "executed_by", "actor", "principal", "owner", "run_as", "grantee", "requester",
	   "account", "owned_by", "trained_by", "changed_by", "entity_id"}},
	 {"ip", {"source_ip", "prefix", "entity_id"}},
	 {"sku", {"sku_name", "main_sku", "top_sku"}},
	 {NULL}};

/* Pairs that bound a row's time, then single times; the first that is there counts. */
static const char *const time_pairs[][2] = {{"first_attempt", "last_attempt"},
											{"first_event", "last_event"},
											{"opened_at", "resolved_at"},
											{"first_failure", "last_failure"},
											{"first_access", "last_access"},
											{"first_seen", "last_seen"},
											{NULL, NULL}};
static const char *const times[] = {"event_time",  "usage_date",   "run_date",      "end_time",
									"start_time",  "access_time",  "activity_date", "change_date",
									"signal_date", "hour_start",   "period_start",  "started_at",
									"fired_at",    "evaluated_at", "forecast_date", NULL};

/* The latest of what a row adds up: it keeps the row, and says nothing of its sums. */
static const char *const latest_times[] = {"last_failure", "last_event", NULL};

bool
dbi_column_names(const char *kind, const char *column)
{
	const FocusColumns *f = focus_columns;

	while (f->kind && strcmp(f->kind, kind) != 0)
		f++;
	for (const char *const *name = f->columns; f->kind && *name; name++)
		if (strcmp(*name, column) == 0)
			return true;
	return false;
}

/* Without case; % stands for anything. */
static bool
matches(const char *text, const char *pattern)
{
	for (; *pattern; pattern++, text++)
	{
		if (*pattern == '%')
		{
			for (;; text++)
			{
				if (matches(text, pattern + 1))
					return true;
				if (*text == '\0')
					return false;
			}
		}
		if (*text == '\0' ||
			pg_ascii_tolower((unsigned char) *text) != pg_ascii_tolower((unsigned char) *pattern))
			return false;
	}
	return *text == '\0';
}

static int
severity_rank(const char *severity)
{
	static const char *const names[] = {"critical", "high", "medium", "low", "info", NULL};

	for (int i = 0; names[i]; i++)
		if (pg_strcasecmp(names[i], severity) == 0)
			return i;
	return 99;
}

/* A workspace by its name, in results that have only its id. */
static bool
in_workspaces(const DbiCell *id, List *ids)
{
	ListCell *lc;

	foreach(lc, ids)
		if (!id->isnull && strcmp(lfirst(lc), id->text) == 0)
			return true;
	return false;
}

/* ids: of the workspaces of the filter's name, when it names one. */
static bool
row_passes(const DbiResult *r, const DbiCell *row, const DbiPlanFilter *filter, List *ids)
{
	const FocusColumns *f = focus_columns;
	bool known = false;

	if (strcmp(filter->kind, "severity") == 0)
	{
		int c = dbi_column(r, "severity");

		return c < 0 || row[c].isnull || severity_rank(row[c].text) <= severity_rank(filter->value);
	}
	while (f->kind && strcmp(f->kind, filter->kind) != 0)
		f++;
	if (f->kind == NULL)
		return true;
	for (const char *const *name = f->columns; *name; name++)
	{
		int c = dbi_column(r, *name);

		if (c < 0)
			continue;
		known = true;
		if (!row[c].isnull && matches(row[c].text, filter->value))
			return true;
		if (ids != NIL && strcmp(*name, "workspace_id") == 0 && in_workspaces(&row[c], ids))
			return true;
	}
	return !known; /* the tool does not tell; better all rows than none */
}

static bool
is_time(const DbiResult *r, int column)
{
	return column >= 0 &&
		   (r->columns[column].kind == DBI_TIME || r->columns[column].kind == DBI_DATE);
}

static bool
one_time(const DbiResult *r, const DbiCell *row, const char *const *names, double *first,
		 double *last)
{
	for (; *names; names++)
	{
		int c = dbi_column(r, *names);

		if (!is_time(r, c) || row[c].isnull)
			continue;
		*first = *last = row[c].number;
		return true;
	}
	return false;
}

/* Microseconds of the row's time column, or no answer when it has none. */
static bool
row_times(const DbiResult *r, const DbiCell *row, double *first, double *last)
{
	for (int i = 0; time_pairs[i][0]; i++)
	{
		int a = dbi_column(r, time_pairs[i][0]);
		int b = dbi_column(r, time_pairs[i][1]);

		if (a < 0 || b < 0 || row[a].isnull)
			continue;
		*first = row[a].number;
		*last = row[b].isnull ? get_float8_infinity() : row[b].number;
		return true;
	}
	return one_time(r, row, times, first, last) || one_time(r, row, latest_times, first, last);
}

static bool
in_period(const DbiResult *r, const DbiCell *row)
{
	double since = (double) r->call->period_start * USECS_PER_DAY;
	double until = ((double) r->call->period_end + 1) * USECS_PER_DAY;
	double first;
	double last;

	return !row_times(r, row, &first, &last) || (first < until && last >= since);
}

/* The window reached back from now, past the period's start or over its end. */
static bool
is_cut(const DbiPlanCall *call)
{
	return call->has_period && call->wider && call->window == NULL;
}

bool
dbi_is_of_period(const DbiResult *r)
{
	if (!is_cut(r->call))
		return true;
	for (int i = 0; time_pairs[i][0]; i++)
		if (dbi_column(r, time_pairs[i][0]) >= 0 && dbi_column(r, time_pairs[i][1]) >= 0)
			return false;
	for (const char *const *name = times; *name; name++)
		if (is_time(r, dbi_column(r, *name)))
			return true;
	return false;
}

void
dbi_focus(DbiResult *r)
{
	int kept = 0;
	List *ids = NIL;
	ListCell *lc;

	foreach(lc, r->call->filters)
	{
		DbiPlanFilter *filter = lfirst(lc);

		if (strcmp(filter->kind, "workspace") == 0)
			ids = list_concat(ids, dbi_workspaces_named(filter->value));
	}
	for (int i = 0; i < r->nrows; i++)
	{
		bool keep = !is_cut(r->call) || in_period(r, r->rows[i]);

		foreach(lc, r->call->filters)
			keep = keep && row_passes(r, r->rows[i], lfirst(lc), ids);
		if (keep)
			r->rows[kept++] = r->rows[i];
	}
	r->dropped = r->nrows - kept;
	r->nrows = kept;
}
