/*
 * mlflow_experiment.c: the experiment of a name: found, made, or brought back
 * when it was deleted (its name stays taken).
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "base/json.h"
#include "databricks/mlflow_call.h"

#define API "/api/2.0/mlflow/experiments/"

/* Somebody else may make or delete it between two of our calls, but not for ever. */
#define MAX_ATTEMPTS 3

static void ask(DbiMlflow *m);

static void
known(DbiMlflow *m, const char *id)
{
	if (id == NULL || *id == '\0')
		dbi_mlflow_bad_answer(m, "an experiment without an id");
	m->experiment = pstrdup(id);
	m->then(m);
}

static void
again(DbiMlflow *m)
{
	if (++m->experiment_attempts >= MAX_ATTEMPTS)
		dbi_mlflow_check(m);
	ask(m);
}

static void
take_restored(DbiMlflow *m)
{
	if (dbi_mlflow_is_error(m, "RESOURCE_DOES_NOT_EXIST"))
		again(m);
	else
	{
		dbi_mlflow_check(m);
		known(m, m->experiment);
	}
}

static void
take_created(DbiMlflow *m)
{
	if (dbi_mlflow_is_error(m, "RESOURCE_ALREADY_EXISTS"))
		again(m);
	else
		known(m, dbi_jsonb_text(dbi_mlflow_answer(m), "experiment_id"));
}

static void
create(DbiMlflow *m)
{
	StringInfoData body;

	initStringInfo(&body);
	appendStringInfoString(&body, "{\"name\": ");
	dbi_json_append(&body, m->experiment_name);
	appendStringInfoChar(&body, '}');
	dbi_mlflow_send(m, take_created, API "create", body.data);
}

static void
restore(DbiMlflow *m, const char *id)
{
	StringInfoData body;

	m->experiment = pstrdup(id);
	initStringInfo(&body);
	appendStringInfoString(&body, "{\"experiment_id\": ");
	dbi_json_append(&body, id);
	appendStringInfoChar(&body, '}');
	dbi_mlflow_send(m, take_restored, API "restore", body.data);
}

static void
take_found(DbiMlflow *m)
{
	JsonbContainer *experiment;
	char *id;
	char *stage;

	if (dbi_mlflow_is_error(m, "RESOURCE_DOES_NOT_EXIST"))
	{
		create(m);
		return;
	}
	experiment = dbi_jsonb_object(dbi_mlflow_answer(m), "experiment");
	id = experiment ? dbi_jsonb_text(experiment, "experiment_id") : NULL;
	stage = experiment ? dbi_jsonb_text(experiment, "lifecycle_stage") : NULL;
	if (id && stage && strcmp(stage, "deleted") == 0)
		restore(m, id);
	else
		known(m, id);
}

static void
ask(DbiMlflow *m)
{
	StringInfoData path;
	const char *name = m->experiment_name;
	const char *utf8 = pg_server_to_any(name, strlen(name), PG_UTF8);

	initStringInfo(&path);
	appendStringInfoString(&path, API "get-by-name?experiment_name=");
	for (const char *c = utf8; *c; c++)
	{
		if (!IS_HIGHBIT_SET(*c) && (isalnum((unsigned char) *c) || strchr("-._~", *c)))
			appendStringInfoChar(&path, *c);
		else
			appendStringInfo(&path, "%%%02X", (unsigned char) *c);
	}
	dbi_mlflow_send(m, take_found, path.data, NULL);
}

void
dbi_mlflow_experiment(DbiMlflow *m, const char *name, DbiMlflowStep then)
{
	m->experiment_name = pstrdup(name);
	m->then = then;
	ask(m);
}
