/*
 * mlflow_trace.c: a trace: its head by MLflow's API for traces, its spans by
 * OTLP. Both overwrite what is there of that trace, so that each may be
 * repeated.
 */
#include "postgres.h"

#include "utils/jsonb.h"

#include "base/json.h"
#include "databricks/mlflow.h"
#include "databricks/mlflow_call.h"

static JsonbContainer *
part(DbiMlflow *m, const char *name)
{
	JsonbContainer *object = dbi_jsonb_object(&m->delivery->payload->root, name);

	if (object == NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the payload of a trace has no \"%s\"", name)));
	return object;
}

static void
take_spans(DbiMlflow *m)
{
	StringInfoData response;

	dbi_mlflow_check(m);
	initStringInfo(&response);
	appendStringInfoString(&response, "{\"experiment_id\": ");
	dbi_json_append(&response, m->experiment);
	appendStringInfoString(&response, ", \"trace_id\": ");
	dbi_json_append(&response, dbi_jsonb_text(part(m, "trace_info"), "trace_id"));
	appendStringInfoChar(&response, '}');
	m->delivery->response = response.data;
}

static void
take_head(DbiMlflow *m)
{
	DbiHeader experiment = {"x-mlflow-experiment-id", m->experiment};

	dbi_mlflow_check(m);
	dbi_mlflow_send_with(m, take_spans, "/v1/traces", JsonbToCString(NULL, part(m, "otlp"), 0),
						 &experiment);
}

/* The head as it is, and where it belongs. */
static void
send_head(DbiMlflow *m)
{
	StringInfoData body;

	initStringInfo(&body);
	appendStringInfoString(&body, "{\"trace\": {\"trace_info\": ");
	(void) JsonbToCString(&body, part(m, "trace_info"), 0);
	body.data[--body.len] = '\0'; /* its closing brace */
	appendStringInfoString(
		&body,
		", \"trace_location\": {\"type\": \"MLFLOW_EXPERIMENT\", \"mlflow_experiment\": {\"experiment_id\": ");
	dbi_json_append(&body, m->experiment);
	appendStringInfoString(&body, "}}}}}");
	dbi_mlflow_send_with(m, take_head, "/api/3.0/mlflow/traces", body.data, NULL);
}

static void
first(DbiMlflow *m)
{
	char *experiment = dbi_jsonb_text(&m->delivery->payload->root, "experiment");

	if (m->workspace)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("traces are not sent to a workspace of Databricks")));
	dbi_mlflow_experiment(m, experiment ? experiment : "dbinsight", send_head);
}

static bool
advance(DbiDelivery *d)
{
	return dbi_mlflow_advance(d, first);
}

const DbiSender dbi_mlflow_trace_sender = {"mlflow_trace", "dbinsight_mlflow", advance};
