/*
 * mlflow_run.c: a run: found by its key or made, then filled in pieces, then
 * ended. Each call may be repeated: a run is found again by the tag that holds
 * the key, and a metric, a param or a tag that is there already stays one.
 */
#include "postgres.h"

#include "utils/jsonb.h"

#include "base/json.h"
#include "databricks/mlflow.h"
#include "databricks/mlflow_call.h"

#define API "/api/2.0/mlflow/runs/"

#define KEY_TAG "dbinsight.idempotency_key"

/* What log-batch takes: a thousand of all, of the latter two a hundred each, and 1 MB. */
#define MAX_ENTITIES 1000
#define MAX_OF_A_KIND 100
#define MAX_BYTES (900 * 1024)

static const struct
{
	const char *name;
	int max;
} kinds[] = {{"metrics", MAX_ENTITIES}, {"params", MAX_OF_A_KIND}, {"tags", MAX_OF_A_KIND}};

static JsonbContainer *
payload(DbiMlflow *m)
{
	return &m->delivery->payload->root;
}

static const char *
word(DbiMlflow *m, const char *name)
{
	char *text = dbi_jsonb_text(payload(m), name);

	if (text == NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the payload of a run has no \"%s\"", name)));
	return text;
}

static void
member(StringInfo body, const char *name, const char *text)
{
	appendStringInfo(body, "%s\"%s\": ", body->len == 0 ? "{" : ", ", name);
	dbi_json_append(body, text);
}

/* ---- the end ---- */

static void
over(DbiMlflow *m)
{
	StringInfoData response;

	initStringInfo(&response);
	member(&response, "experiment_id", m->experiment);
	member(&response, "run_id", m->run);
	appendStringInfoChar(&response, '}');
	m->delivery->response = response.data;
}

static void
take_ended(DbiMlflow *m)
{
	dbi_mlflow_check(m);
	over(m);
}

static void
end_run(DbiMlflow *m)
{
	const char *status = word(m, "status");
	StringInfoData body;

	if (strcmp(status, "RUNNING") == 0)
	{
		over(m);
		return;
	}
	initStringInfo(&body);
	member(&body, "run_id", m->run);
	member(&body, "status", status);
	appendStringInfo(&body, ", \"end_time\": %s}", word(m, "end_time"));
	dbi_mlflow_send(m, take_ended, API "update", body.data);
}

/* ---- what is in it ---- */

/* Of one kind as many as there is room for; how many. */
static int
add_entities(DbiMlflow *m, StringInfo body, int kind, int room)
{
	JsonbContainer *all = dbi_jsonb_array(payload(m), kinds[kind].name);
	int n = all ? JsonContainerSize(all) : 0;
	int added = 0;

	room = Min(room, kinds[kind].max);
	appendStringInfo(body, ", \"%s\": [", kinds[kind].name);
	while (m->logged[kind] < n && added < room && body->len < MAX_BYTES)
	{
		JsonbContainer *entity = dbi_jsonb_element(all, m->logged[kind]++);

		if (entity == NULL)
			continue;
		if (added++ > 0)
			appendStringInfoChar(body, ',');
		(void) JsonbToCString(body, entity, 0);
	}
	appendStringInfoChar(body, ']');
	return added;
}

static void log_next(DbiMlflow *m);

static void
take_logged(DbiMlflow *m)
{
	dbi_mlflow_check(m);
	log_next(m);
}

static void
log_next(DbiMlflow *m)
{
	StringInfoData body;
	int added = 0;

	initStringInfo(&body);
	member(&body, "run_id", m->run);
	/* The few first: metrics would leave them no room. */
	for (int kind = lengthof(kinds) - 1; kind >= 0; kind--)
		added += add_entities(m, &body, kind, MAX_ENTITIES - added);
	appendStringInfoChar(&body, '}');
	if (added > 0)
		dbi_mlflow_send(m, take_logged, API "log-batch", body.data);
	else
		end_run(m);
}

/* ---- found or made ---- */

static void
known(DbiMlflow *m, JsonbContainer *run)
{
	JsonbContainer *info = run ? dbi_jsonb_object(run, "info") : NULL;

	m->run = info ? dbi_jsonb_text(info, "run_id") : NULL;
	if (m->run == NULL)
		dbi_mlflow_bad_answer(m, "a run without an id");
	log_next(m);
}

static void
take_created(DbiMlflow *m)
{
	known(m, dbi_jsonb_object(dbi_mlflow_answer(m), "run"));
}

static void
create(DbiMlflow *m)
{
	StringInfoData body;

	initStringInfo(&body);
	member(&body, "experiment_id", m->experiment);
	member(&body, "run_name", word(m, "name"));
	appendStringInfo(&body,
					 ", \"start_time\": %s, \"tags\": [{\"key\": \"" KEY_TAG "\", \"value\": ",
					 word(m, "start_time"));
	dbi_json_append(&body, m->delivery->key);
	appendStringInfoString(&body, "}]}");
	dbi_mlflow_send(m, take_created, API "create", body.data);
}

static void
take_found(DbiMlflow *m)
{
	JsonbContainer *runs = dbi_jsonb_array(dbi_mlflow_answer(m), "runs");

	if (runs && JsonContainerSize(runs) > 0)
		known(m, dbi_jsonb_element(runs, 0));
	else
		create(m);
}

/* An earlier attempt may have made it, and not have heard of it. */
static void
find(DbiMlflow *m)
{
	StringInfoData body;

	initStringInfo(&body);
	appendStringInfoString(&body, "{\"experiment_ids\": [");
	dbi_json_append(&body, m->experiment);
	appendStringInfoString(&body, "], \"max_results\": 1, \"filter\": ");
	dbi_json_append(&body, psprintf("tags.`" KEY_TAG "` = '%s'", m->delivery->key));
	appendStringInfoChar(&body, '}');
	dbi_mlflow_send(m, take_found, API "search", body.data);
}

static void
first(DbiMlflow *m)
{
	dbi_mlflow_experiment(m, word(m, "experiment"), find);
}

static bool
advance(DbiDelivery *d)
{
	return dbi_mlflow_advance(d, first);
}

const DbiSender dbi_mlflow_run_sender = {"mlflow_run", "dbinsight_mlflow", advance};
