/*
 * guc.c: the settings of dbinsight.
 */
#include "postgres.h"

#include <limits.h>

#include "fmgr.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/varlena.h"

#include "base/base.h"

char *dbi_guc_now;
char *dbi_guc_user_id;
char *dbi_guc_required_tags;
char *dbi_guc_business_tz;
char *dbi_guc_business_hours;
char *dbi_guc_price_basis;
int dbi_guc_max_tool_rows;
int dbi_guc_tool_timeout;
int dbi_guc_context_tokens;
int dbi_guc_max_steps;
int dbi_guc_progress;
int dbi_guc_submit_workers;
int dbi_guc_request_timeout;
int dbi_guc_max_parallel_requests;
int dbi_guc_ingest_sources;
int dbi_guc_max_result_bytes;
char *dbi_guc_databricks_server;
bool dbi_guc_allow_private_addresses;
char *dbi_guc_ca_file;
int dbi_guc_job_workers;
int dbi_guc_launcher_interval;
char *dbi_guc_database;
int dbi_guc_parallel_tools;
int dbi_guc_parallel_tool_time;
bool dbi_guc_trace;
int dbi_guc_delivery_timeout;
char *dbi_guc_llm_server;
int dbi_guc_ask_timeout;
int dbi_guc_llm_cache;
double dbi_guc_budget_question_usd;
double dbi_guc_budget_user_day_usd;

static const struct config_enum_entry progress_options[] = {{"off", DBI_PROGRESS_OFF, false},
															{"notice", DBI_PROGRESS_NOTICE, false},
															{NULL}};

static bool dbi_guc_trace_content;
static char *dbi_guc_mlflow_server; /* these are read in SQL alone */
static bool dbi_guc_mlflow_traces;
static bool dbi_guc_mlflow_content;
static int dbi_guc_delivery_attempts;
static int dbi_guc_delivery_delay;
static int dbi_guc_delivery_age;
static char *dbi_guc_sensitive_name_pattern;
static int business_start = 7;
static int business_end = 19;

void
dbi_business_hours(int *start, int *end)
{
	*start = business_start;
	*end = business_end;
}

static bool
check_now(char **newval, void **extra, GucSource source)
{
	TimestampTz ignored;

	if (**newval == '\0' || dbi_parse_timestamp(*newval, strlen(*newval), &ignored))
		return true;
	GUC_check_errdetail(
		"Write an ISO 8601 time such as 2026-06-15T12:00:00Z; without a zone it is UTC.");
	return false;
}

static bool
check_business_tz(char **newval, void **extra, GucSource source)
{
	if (pg_tzset(*newval) != NULL)
		return true;
	GUC_check_errdetail("Time zone \"%s\" is not known; see pg_timezone_names.", *newval);
	return false;
}

/* "7-19": start inclusive, end exclusive; "22-6" goes over midnight. */
static bool
parse_hours(const char *s, int *start, int *end)
{
	char rest;

	return sscanf(s, "%d-%d%c", start, end, &rest) == 2 && *start >= 0 && *start <= 23 &&
		   *end >= 1 && *end <= 24 && *start != *end;
}

static bool
check_business_hours(char **newval, void **extra, GucSource source)
{
	int start;
	int end;

	if (parse_hours(*newval, &start, &end))
		return true;
	GUC_check_errdetail("Write two hours such as 7-19: the first is inside, the last is not.");
	return false;
}

static void
assign_business_hours(const char *newval, void *extra)
{
	(void) parse_hours(newval, &business_start, &business_end);
}

static bool
check_database(char **newval, void **extra, GucSource source)
{
	char *copy = pstrdup(*newval);
	List *names;
	bool valid = SplitIdentifierString(copy, ',', &names);

	list_free(names);
	pfree(copy);
	if (!valid)
		GUC_check_errdetail("Write names of databases separated by commas.");
	return valid;
}

static bool
check_price_basis(char **newval, void **extra, GucSource source)
{
	if (strcmp(*newval, "list") == 0 || strcmp(*newval, "account") == 0)
		return true;
	GUC_check_errdetail("Write list or account.");
	return false;
}

static void
define_strings(void)
{
	DefineCustomStringVariable("dbinsight.now", "The moment every function takes for the present.",
							   "Empty: the transaction time. An ISO 8601 time replays a past moment.",
							   &dbi_guc_now, "", PGC_USERSET, 0, check_now, NULL, NULL);
	DefineCustomStringVariable("dbinsight.user_id", "For whom a shared login acts.",
							   "Honoured only when the session user is a member of dbinsight_proxy; otherwise the person is current_user.",
							   &dbi_guc_user_id, "", PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("dbinsight.required_tags",
							   "Tags every resource should have, separated by commas.", NULL,
							   &dbi_guc_required_tags, "team,project,cost_center,environment",
							   PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("dbinsight.business_tz", "Time zone of the business hours.", NULL,
							   &dbi_guc_business_tz, "UTC", PGC_USERSET, 0, check_business_tz, NULL,
							   NULL);
	DefineCustomStringVariable("dbinsight.business_hours",
							   "Hours of work, Monday to Friday: start inside, end outside.", NULL,
							   &dbi_guc_business_hours, "7-19", PGC_USERSET, 0,
							   check_business_hours, assign_business_hours, NULL);
	DefineCustomStringVariable("dbinsight.sensitive_name_pattern",
							   "A regular expression; a table whose full name matches counts as sensitive.",
							   NULL, &dbi_guc_sensitive_name_pattern,
							   "(pii|phi|ssn|salary|sensitive)", PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("dbinsight.price_basis",
							   "Prices that cost is computed from: list or account.",
							   "account uses system.billing.account_prices where they are loaded.",
							   &dbi_guc_price_basis, "list", PGC_USERSET, 0, check_price_basis,
							   NULL, NULL);
	DefineCustomStringVariable("dbinsight.database",
							   "Databases in which a scheduler starts by itself, separated by commas.",
							   "Empty: every database that has the extension. Counts when the library is preloaded.",
							   &dbi_guc_database, "", PGC_SIGHUP, 0, check_database, NULL, NULL);
}

static void
define_numbers(void)
{
	DefineCustomIntVariable("dbinsight.max_tool_rows", "Rows an answer reads from one tool call.",
							NULL, &dbi_guc_max_tool_rows, 200, 1, 10000, PGC_USERSET, 0, NULL, NULL,
							NULL);
	DefineCustomIntVariable("dbinsight.tool_timeout",
							"How long one tool call of an answer may take.", NULL,
							&dbi_guc_tool_timeout, 10000, 10, INT_MAX, PGC_USERSET, GUC_UNIT_MS,
							NULL, NULL, NULL);
	DefineCustomIntVariable("dbinsight.context_tokens",
							"Tokens of conversation an answer may build on.", NULL,
							&dbi_guc_context_tokens, 16000, 1000, 1000000, PGC_USERSET, 0, NULL,
							NULL, NULL);
	DefineCustomIntVariable("dbinsight.max_steps", "Rounds of tool calls in one answer.", NULL,
							&dbi_guc_max_steps, 6, 1, 50, PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("dbinsight.submit_workers",
							"Submitted questions of a database that are answered at the same time.",
							"Each takes one of max_worker_processes; without a free one a question waits.",
							&dbi_guc_submit_workers, 2, 0, 64, PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("dbinsight.job_workers", "Jobs of a database that run at the same time.",
							"Each takes one of max_worker_processes. 0 pauses all jobs; what is due stays due.",
							&dbi_guc_job_workers, 2, 0, 64, PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("dbinsight.launcher_interval",
							"How often the launcher looks for new databases.", NULL,
							&dbi_guc_launcher_interval, 60, 1, 3600, PGC_SIGHUP, GUC_UNIT_S, NULL,
							NULL, NULL);
	DefineCustomIntVariable("dbinsight.parallel_tools",
							"Parallel workers that one answer may make its slow tool calls in.",
							"They are of max_parallel_workers; below 2, or with fewer free, the backend makes the calls itself.",
							&dbi_guc_parallel_tools, 2, 0, 64, PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("dbinsight.parallel_tool_time",
							"Expected time from which a tool call counts as slow.",
							"What it took before says what is expected; one slow call is not worth a worker, two are.",
							&dbi_guc_parallel_tool_time, 100, 0, INT_MAX, PGC_USERSET, GUC_UNIT_MS,
							NULL, NULL, NULL);
}

static void
define_choices(void)
{
	DefineCustomEnumVariable("dbinsight.progress", "Says what ask() and chat() are doing.",
							 "notice: a NOTICE for each agent and each call of a tool.",
							 &dbi_guc_progress, DBI_PROGRESS_OFF, progress_options, PGC_USERSET, 0,
							 NULL, NULL, NULL);
	DefineCustomBoolVariable("dbinsight.trace",
							 "Keeps how each answer was made, as spans with times and counts.",
							 NULL, &dbi_guc_trace, true, PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("dbinsight.trace_content",
							 "trace_otlp() also tells questions, arguments, rows and answers.",
							 "They may hold personal data, and a trace leaves the database.",
							 &dbi_guc_trace_content, false, PGC_USERSET, 0, NULL, NULL, NULL);
}

static void
define_models(void)
{
	DefineCustomStringVariable("dbinsight.llm_server",
							   "The foreign server of the language model that answers.",
							   "Empty: questions are answered by the embedded analyst.",
							   &dbi_guc_llm_server, "", PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("dbinsight.ask_timeout",
							"How long an answer may wait for language models.",
							"Then the embedded analyst answers.", &dbi_guc_ask_timeout, 60000, 100,
							INT_MAX, PGC_USERSET, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomIntVariable("dbinsight.llm_cache",
							"How long what a language model answered is used for equal requests.",
							"Of the same person and role, at temperature 0. 0 keeps nothing.",
							&dbi_guc_llm_cache, 0, 0, INT_MAX, PGC_USERSET, GUC_UNIT_S, NULL, NULL,
							NULL);
	DefineCustomRealVariable("dbinsight.budget_question_usd",
							 "What the language models of one question may cost, in USD.",
							 "Then the embedded analyst answers. 0 is no limit.",
							 &dbi_guc_budget_question_usd, 0, 0, 1e6, PGC_SUSET, 0, NULL, NULL,
							 NULL);
	DefineCustomRealVariable("dbinsight.budget_user_day_usd",
							 "What the language models of one person may cost in a day, in USD.",
							 "Days are those of UTC. Then the embedded analyst answers. 0 is no limit.",
							 &dbi_guc_budget_user_day_usd, 0, 0, 1e6, PGC_SUSET, 0, NULL, NULL,
							 NULL);
}

static void
define_network(void)
{
	DefineCustomIntVariable("dbinsight.request_timeout", "How long one request may go unanswered.",
							"A large answer that keeps coming may take longer.",
							&dbi_guc_request_timeout, 60000, 100, INT_MAX, PGC_USERSET, GUC_UNIT_MS,
							NULL, NULL, NULL);
	DefineCustomIntVariable("dbinsight.max_parallel_requests",
							"Requests of a session that are under way at the same time.", NULL,
							&dbi_guc_max_parallel_requests, 8, 1, 64, PGC_USERSET, 0, NULL, NULL,
							NULL);
	DefineCustomStringVariable("dbinsight.databricks_server",
							   "The foreign server of the workspace that is ingested.", NULL,
							   &dbi_guc_databricks_server, "", PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("dbinsight.ingest_sources",
							"Sources that an ingestion has statements under way for at the same time.",
							NULL, &dbi_guc_ingest_sources, 4, 1, 64, PGC_USERSET, 0, NULL, NULL,
							NULL);
	DefineCustomIntVariable("dbinsight.max_result_bytes",
							"The largest result that ingestion reads of one slice.",
							"A slice with more is read in halves; without a unit it counts kB.",
							&dbi_guc_max_result_bytes, 4 * 1024 * 1024, 1, INT_MAX, PGC_USERSET,
							GUC_UNIT_KB, NULL, NULL, NULL);
	DefineCustomBoolVariable("dbinsight.allow_private_addresses",
							 "Allows requests to this machine and to private networks.",
							 "With those http is spoken too; elsewhere only https.",
							 &dbi_guc_allow_private_addresses, false, PGC_SUSET, 0, NULL, NULL,
							 NULL);
	DefineCustomStringVariable("dbinsight.ca_file",
							   "A file of certificates that are trusted beside the system's.",
							   "PEM, for a server with a certificate of a private authority.",
							   &dbi_guc_ca_file, "", PGC_SUSET, 0, NULL, NULL, NULL);
}

static void
define_delivery(void)
{
	DefineCustomStringVariable("dbinsight.mlflow_server",
							   "The foreign server that runs and traces are logged to.", NULL,
							   &dbi_guc_mlflow_server, "", PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("dbinsight.mlflow_traces",
							 "Sends how each answer was made to dbinsight.mlflow_server.", NULL,
							 &dbi_guc_mlflow_traces, false, PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("dbinsight.mlflow_content",
							 "Traces for MLflow also tell questions, arguments, rows and answers.",
							 "They may hold personal data, and a trace leaves the database.",
							 &dbi_guc_mlflow_content, false, PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("dbinsight.delivery_timeout",
							"How long one call of a delivery may take.",
							"Ten seconds later another may take the delivery up.",
							&dbi_guc_delivery_timeout, 60000, 100, 3600000, PGC_USERSET,
							GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomIntVariable("dbinsight.delivery_attempts",
							"Attempts after which a delivery is given up.", NULL,
							&dbi_guc_delivery_attempts, 20, 1, 1000, PGC_USERSET, 0, NULL, NULL,
							NULL);
	DefineCustomIntVariable("dbinsight.delivery_delay",
							"The wait after a delivery's first failure; it doubles up to an hour.",
							NULL, &dbi_guc_delivery_delay, 5000, 1, 3600000, PGC_USERSET,
							GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomIntVariable("dbinsight.delivery_age",
							"The age at which a delivery that never arrived is given up.", NULL,
							&dbi_guc_delivery_age, 3 * 24 * 3600, 1, INT_MAX, PGC_USERSET,
							GUC_UNIT_S, NULL, NULL, NULL);
}

void
dbi_base_init(void)
{
	define_delivery();
	define_models();
	define_network();
	define_strings();
	define_numbers();
	define_choices();
	MarkGUCPrefixReserved("dbinsight");
}

/* A setting by name; being in the library, it is never asked before _PG_init. */
PG_FUNCTION_INFO_V1(dbi_setting);
Datum
dbi_setting(PG_FUNCTION_ARGS)
{
	char *name = psprintf("dbinsight.%s", text_to_cstring(PG_GETARG_TEXT_PP(0)));

	PG_RETURN_TEXT_P(cstring_to_text(GetConfigOption(name, false, true)));
}
