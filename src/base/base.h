/*
 * base/base.h: the door of base/, what every room uses.
 */
#ifndef DBI_BASE_H
#define DBI_BASE_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "utils/date.h"

#include "base/compat.h"

/* guc.c: settings. Strings are never NULL. */
extern char *dbi_guc_now;
extern char *dbi_guc_user_id;
extern char *dbi_guc_required_tags;
extern char *dbi_guc_business_tz;
extern char *dbi_guc_business_hours;
extern char *dbi_guc_price_basis;
extern int dbi_guc_max_tool_rows;
extern int dbi_guc_tool_timeout;
extern int dbi_guc_context_tokens;
extern int dbi_guc_max_steps;
extern int dbi_guc_progress;
extern int dbi_guc_submit_workers;
extern int dbi_guc_request_timeout; /* ms */
extern int dbi_guc_max_parallel_requests;
extern int dbi_guc_ingest_sources;
extern int dbi_guc_max_result_bytes; /* kB */
extern char *dbi_guc_databricks_server;
extern bool dbi_guc_allow_private_addresses;
extern char *dbi_guc_ca_file;
extern int dbi_guc_job_workers;       /* 0 to 64 */
extern int dbi_guc_launcher_interval; /* s */
extern char *dbi_guc_database;        /* names, separated by commas */
extern int dbi_guc_parallel_tools;
extern int dbi_guc_parallel_tool_time;
extern bool dbi_guc_trace;
extern int dbi_guc_delivery_timeout; /* ms */
extern char *dbi_guc_llm_server;     /* empty: none */
extern int dbi_guc_ask_timeout;      /* ms */
extern int dbi_guc_llm_cache;        /* s */
extern double dbi_guc_budget_question_usd;
extern double dbi_guc_budget_user_day_usd;

enum
{
	DBI_PROGRESS_OFF,
	DBI_PROGRESS_NOTICE
};

void dbi_base_init(void);

/* Start and end hour (end exclusive) of dbinsight.business_hours. */
void dbi_business_hours(int *start, int *end);

/* clock.c: the clock of the product; microseconds since 2000 in UTC. */
TimestampTz dbi_now(void);
DateADT dbi_today(void);

/*
 * timeparse.c: strict ISO 8601. Zone-less means UTC. Return false on anything
 * else; never throw, never read settings.
 */
bool dbi_parse_timestamp(const char *s, size_t len, TimestampTz *result);
bool dbi_parse_date(const char *s, size_t len, DateADT *result);

/* flush.c: rows that wait in the buffer go to the client, if there is one. */
void dbi_flush(void);

/*
 * redact.c: a copy of a text of somebody else's (an error's body, curl's
 * words) without what looks like a token, a signature or the query of a URL,
 * and without the secrets given. What one cannot be sure of is taken out.
 */
char *dbi_redact(const char *text, const char *const *secrets, int nsecrets);

/* address.c */
const char *dbi_user_type(const char *principal, size_t len);

/* collation.c: whether a collation orders by bytes; false for none. */
bool dbi_collation_is_c(Oid collation);

#endif
