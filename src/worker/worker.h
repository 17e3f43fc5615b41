/*
 * worker/worker.h: questions answered by background workers.
 */
#ifndef DBI_WORKER_H
#define DBI_WORKER_H

#include "postgres.h"

#include "storage/lock.h"
#include "utils/uuid.h"

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

/* What a worker gets to know in bgw_extra. */
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

#endif
