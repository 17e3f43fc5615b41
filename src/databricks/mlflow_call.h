/*
 * databricks/mlflow_call.h: a tracking server and the call of it that is under
 * way; private to mlflow*.c.
 *
 * A delivery is several calls. Each step takes the answer of the last one and
 * sends the next; when it sends none the delivery is over.
 */
#ifndef DBI_DATABRICKS_MLFLOW_CALL_H
#define DBI_DATABRICKS_MLFLOW_CALL_H

#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/jsonb.h"

#include "databricks/call.h"
#include "net/delivery.h"

typedef struct DbiMlflow DbiMlflow;
typedef void (*DbiMlflowStep)(DbiMlflow *m);

struct DbiMlflow
{
	DbiDelivery *delivery;
	DbiWorkspace *workspace; /* its address and secret are used, or NULL: these */
	char *base;              /* no slash at the end */
	const char *token;
	const char *username;
	const char *password;

	DbiCall *call;       /* of a workspace */
	DbiRequest *request; /* of another server */
	DbiMlflowStep step;  /* takes the answer; NULL: it is over */

	char *experiment_name;
	char *experiment;        /* its id */
	DbiMlflowStep then;      /* when it is known */
	int experiment_attempts; /* it may vanish between two calls */

	/* of a run */
	char *run;
	int logged[3]; /* metrics, params, tags that are sent */
};

/* Advances a delivery whose first step is given: the door's function. */
bool dbi_mlflow_advance(DbiDelivery *delivery, DbiMlflowStep first);

/* Sends a call; step takes its answer. body: JSON in the database's encoding, or NULL for a GET. */
void dbi_mlflow_send(DbiMlflow *m, DbiMlflowStep step, const char *path, const char *body);
/* The same of a server that is no workspace, with one more header. */
void dbi_mlflow_send_with(DbiMlflow *m, DbiMlflowStep step, const char *path, const char *body,
						  const DbiHeader *header);

/* The status of the answer; what it says as JSON; NULL when it is none. */
int dbi_mlflow_status(DbiMlflow *m);
Jsonb *dbi_mlflow_body(DbiMlflow *m);
/* Whether it is an error of that code. */
bool dbi_mlflow_is_error(DbiMlflow *m, const char *code);
/* Raises unless the status is 2xx. */
void dbi_mlflow_check(DbiMlflow *m);
/* The answer, which must be an object. */
JsonbContainer *dbi_mlflow_answer(DbiMlflow *m);
pg_noreturn void dbi_mlflow_bad_answer(DbiMlflow *m, const char *why);

/* mlflow_experiment.c: finds or makes the experiment of a name, then goes on with a step. */
void dbi_mlflow_experiment(DbiMlflow *m, const char *name, DbiMlflowStep then);

#endif
