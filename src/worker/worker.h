/*
 * worker/worker.h: what runs without a session: answers to submitted
 * questions, jobs, their scheduler and its launcher.
 */
#ifndef DBI_WORKER_H
#define DBI_WORKER_H

#include "postgres.h"

#include "postmaster/bgworker.h"
#include "storage/lock.h"
#include "utils/uuid.h"

/* ---- init.c ---- */

/* Whether the library is preloaded, so that a launcher starts schedulers by itself. */
extern bool dbi_preloaded;

void dbi_worker_init(void);

/* ---- transaction.c: transactions of a worker ---- */

/* Read-write and read committed, whatever the role's defaults are. */
void dbi_worker_begin(void);
void dbi_worker_commit(void);

/* As the owner of the extension, SPI connected; false when the extension is not there. */
bool dbi_worker_begin_as_owner(void);
void dbi_worker_commit_as_owner(void);

/* ---- queue.c: dbinsight.submitted; SPI is connected ---- */

typedef struct DbiSubmitted
{
	pg_uuid_t id; /* and of the answer */
	pg_uuid_t conversation;
	char *question;
	char *agent; /* or NULL */
	char *person;
	char *role;
	char *settings; /* JSON object */
} DbiSubmitted;

void dbi_queue_insert(const DbiSubmitted *row);

/* Takes a waiting question for this process; false when there is nothing to do any more. */
bool dbi_queue_claim(const pg_uuid_t *id, DbiSubmitted *row);

/* done, stopped or failed; tells those who listen at commit. */
void dbi_queue_finish(const DbiSubmitted *row, const char *state, const char *sqlstate,
					  const char *message);

/* Questions of a conversation that wait get stopped; how many. running: whether one is at work. */
int dbi_queue_stop(const pg_uuid_t *conversation, const char *person, bool *running);

/* Has workers started at commit for what can run now; how many. */
int dbi_queue_start(void);

/* ---- start.c ---- */

/* What the worker of a question gets to know in bgw_extra. */
typedef struct DbiWorkerArg
{
	Oid database;
	Oid login;
	pg_uuid_t id;
} DbiWorkerArg;

/* Start a worker when this transaction has committed. */
void dbi_start_at_commit(Oid login, const pg_uuid_t *id);

/*
 * Held by the worker of a question as long as it lives, so that a question
 * that is running while nobody holds it has lost its worker.
 */
void dbi_set_worker_lock(LOCKTAG *tag, const pg_uuid_t *id);

/* A worker with a database; its main function, how it is shown, what it gets in bgw_extra. */
typedef struct DbiWorkerKind
{
	const char *function;
	const char *name;
	const char *type;
	int restart; /* seconds after an exit that is not 0, or BGW_NEVER_RESTART */
} DbiWorkerKind;

/* handle may be NULL; with one this process is told when the worker starts and ends. False: no free slot. */
bool dbi_register_worker(const DbiWorkerKind *kind, const void *extra, size_t size,
						 BackgroundWorkerHandle **handle);

/* ---- scheduler.c, control.c ---- */

typedef struct DbiSchedulerArg
{
	Oid database;
	Oid tablespace;
	bool once; /* for run_due(): what is due now, and then the end */
} DbiSchedulerArg;

bool dbi_register_scheduler(const DbiSchedulerArg *arg, BackgroundWorkerHandle **handle);

/*
 * Held by the scheduler of this database as long as it lives; working: by the
 * one, this or that of a run_due(), that may start jobs.
 */
void dbi_set_scheduler_lock(LOCKTAG *tag, bool working);

/* ---- launcher.c ---- */

/* Whether dbinsight.database has a scheduler start by itself in a database of this name. */
bool dbi_is_wanted(const char *database);

/* ---- job_worker.c ---- */

typedef struct DbiJobArg
{
	Oid database;
	Oid login;
	int64 run;
} DbiJobArg;

bool dbi_register_job(const DbiJobArg *arg, BackgroundWorkerHandle **handle);

/* ---- command.c ---- */

/* Runs SQL as a client's would be, in transactions of its own; rows of its last statement. */
uint64 dbi_run_command(const char *sql);

#endif
