/*
 * llm/embed.c: _llm_embed(): texts as vectors. Batches are under way together.
 */
#include "postgres.h"

#include <limits.h>

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "base/base.h"
#include "base/json.h"
#include "databricks/call.h"
#include "databricks/oauth.h"
#include "llm/fault.h"
#include "llm/usage.h"

/* Texts of one request; hosted models take 150 at most. */
#define BATCH 96

/* Of one text, so that a batch stays below the 4 MB that hosted models take. */
#define MAX_TEXT_BYTES 32768

#define MAX_BODY_BYTES (64 * 1024 * 1024)

typedef struct
{
	int first; /* of the texts */
	int n;
	char *body;
	char *token; /* it was sent with, or NULL */
	DbiRequest *request;
	bool renewed;
} Batch;

typedef struct
{
	DbiModel *model;
	const char *name;
	Datum *texts;
	int ntexts;
	Datum *vectors; /* one a text, 0 as long as none has come */
	DbiModelUsage usage;
} Embedding;

static const char *
token_of(DbiModel *m)
{
	const char *token = m->key;

	if (m->workspace == NULL)
		return token;
	while ((token = m->workspace->token ? m->workspace->token : dbi_token(m->workspace)) == NULL)
		dbi_net_wait(0);
	return token;
}

static void
send(Embedding *e, Batch *b)
{
	static const DbiHeader headers[] = {{"Accept", "application/json"},
										{"User-Agent", "dbinsight/" DBINSIGHT_VERSION}};
	const char *token = token_of(e->model);
	DbiHttp http = {.what = e->model->what,
					.url = psprintf("%s/embeddings", e->model->base_url),
					.headers = headers,
					.nheaders = lengthof(headers),
					.body = b->body,
					.body_len = strlen(b->body),
					.content_type = "application/json",
					.max_bytes = MAX_BODY_BYTES,
					.again = dbi_model_again};

	b->token = token ? pstrdup(token) : NULL;
	http.bearer = b->token;
	if (e->model->timeout_ms > 0)
		http.deadline =
			(DbiDeadline){TimestampTzPlusMilliseconds(GetCurrentTimestamp(), e->model->timeout_ms),
						  psprintf("the timeout of %s", e->model->what)};
	b->request = dbi_request_start(&http);
}

static char *
body_of(Embedding *e, int first, int n)
{
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfoString(&out, "{\"model\":");
	dbi_json_append(&out, e->name);
	appendStringInfoString(&out, ",\"input\":[");
	for (int i = 0; i < n; i++)
	{
		char *piece = TextDatumGetCString(e->texts[first + i]);

		if (strlen(piece) > MAX_TEXT_BYTES)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("text %d is longer than %d bytes", first + i + 1, MAX_TEXT_BYTES),
					 errhint("Cut it into parts; models read only the beginning of a long one.")));
		appendStringInfoString(&out, i > 0 ? "," : "");
		dbi_json_append(&out, *piece ? piece : " "); /* an empty one is refused */
	}
	appendStringInfoString(&out, "]}");
	return out.data;
}

/* ---- reading */

static Datum
vector_of(JsonbContainer *array)
{
	int n = JsonContainerSize(array);
	Datum *values = palloc(sizeof(Datum) * Max(n, 1));

	for (int i = 0; i < n; i++)
	{
		JsonbValue *v = getIthJsonbValueFromContainer(array, i);

		if (v->type != jbvNumeric)
			return (Datum) 0;
		values[i] = DirectFunctionCall1(numeric_float4, NumericGetDatum(v->val.numeric));
	}
	return PointerGetDatum(construct_array(values, n, FLOAT4OID, sizeof(float4), true, TYPALIGN_INT));
}

/* By index: the order of the array is not promised. */
static void
read_vectors(Embedding *e, const Batch *b, JsonbContainer *data)
{
	for (int i = 0; data && i < JsonContainerSize(data); i++)
	{
		JsonbContainer *item = dbi_jsonb_element(data, i);
		JsonbContainer *vector = dbi_jsonb_array(item, "embedding");
		int64 index = i;

		(void) dbi_count(item, "index", &index);
		if (vector && index < b->n)
			e->vectors[b->first + index] = vector_of(vector);
	}
	for (int i = 0; i < b->n; i++)
		if (e->vectors[b->first + i] == (Datum) 0)
			ereport(ERROR,
					(errcode(ERRCODE_PROTOCOL_VIOLATION),
					 errmsg("%s: no embedding came for text %d", e->model->what, b->first + i + 1),
					 errhint("Is \"%s\" a model for embeddings? See the server's option "
							 "embedding_model.",
							 e->name)));
}

static void
read_answer(Embedding *e, Batch *b)
{
	size_t len;
	const char *body = dbi_request_body(b->request, &len);
	Jsonb *json = dbi_reading_parse(body, len);
	JsonbContainer *usage = json ? dbi_jsonb_object(&json->root, "usage") : NULL;
	int64 tokens = 0;

	read_vectors(e, b, json ? dbi_jsonb_array(&json->root, "data") : NULL);
	if (!dbi_count(usage, "prompt_tokens", &tokens) && !dbi_count(usage, "total_tokens", &tokens))
		e->usage.estimated = true;
	e->usage.prompt +=
		tokens > 0 ? tokens : (int64) dbi_model_token_estimate(e->name, strlen(b->body), false);
	dbi_request_end(b->request);
}

/* A token of a service principal that was just revoked is renewed once. */
static bool
send_again(Embedding *e, Batch *b)
{
	DbiWorkspace *w = e->model->workspace;
	int status = dbi_request_status(b->request);

	if ((status != 401 && status != 403) || w == NULL || w->token || b->renewed)
		return false;
	b->renewed = true;
	dbi_token_refused(w, b->token);
	dbi_request_end(b->request);
	send(e, b);
	return true;
}

static void
finish(Embedding *e, Batch *b)
{
	const DbiModelFault *f;

	do
		dbi_request_wait(b->request);
	while (dbi_request_status(b->request) / 100 != 2 && send_again(e, b));
	if (dbi_request_status(b->request) / 100 == 2)
	{
		read_answer(e, b);
		return;
	}
	f = dbi_fault_of_answer(e->model, b->request, b->token);
	ereport(ERROR,
			(errcode(f->sqlstate), errmsg("%s", f->message), f->hint ? errhint("%s", f->hint) : 0));
}

static void
run(Embedding *e)
{
	int nbatches = (e->ntexts + BATCH - 1) / BATCH;
	Batch *batches = palloc0(sizeof(Batch) * Max(nbatches, 1));
	TimestampTz start = GetCurrentTimestamp();
	DbiModelUse use = {.purpose = "embed"};
	DbiBooking booking = {.server = e->model->server,
						  .name = e->name,
						  .status = "stop",
						  .usage = &e->usage,
						  .first_token_ms = -1};

	for (int i = 0; i < nbatches; i++)
	{
		batches[i].first = i * BATCH;
		batches[i].n = Min(BATCH, e->ntexts - i * BATCH);
		batches[i].body = body_of(e, batches[i].first, batches[i].n);
		send(e, &batches[i]);
	}
	for (int i = 0; i < nbatches; i++)
		finish(e, &batches[i]);
	booking.usd = dbi_price(e->model, e->name, &e->usage);
	booking.latency_ms = (GetCurrentTimestamp() - start) / 1000.0;
	if (nbatches > 0)
		dbi_book(&booking, &use);
}

static void
open_model(Embedding *e, const char *server)
{
	e->model = dbi_model_open(server);
	e->name = e->model->embedding;
	if (e->model->provider == DBI_PROVIDER_ANTHROPIC)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("%s: the provider anthropic has no embeddings", e->model->what),
						errhint("Name a server of the provider openai or databricks.")));
	if (e->name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("%s has no option embedding_model", e->model->what),
				 errhint("ALTER SERVER %s OPTIONS (ADD embedding_model '…').", e->model->server)));
}

PG_FUNCTION_INFO_V1(dbi_llm_embed);
Datum
dbi_llm_embed(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Embedding e = {0};
	bool *nulls;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(0), TEXTOID, -1, false, TYPALIGN_INT, &e.texts, &nulls,
					  &e.ntexts);
	for (int i = 0; i < e.ntexts; i++)
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("text %d is NULL", i + 1)));
	open_model(&e, text_to_cstring(PG_GETARG_TEXT_PP(1)));
	e.vectors = palloc0(sizeof(Datum) * Max(e.ntexts, 1));
	run(&e);
	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < e.ntexts; i++)
	{
		Datum values[2] = {Int32GetDatum(i + 1), e.vectors[i]};
		bool none[2] = {false, false};

		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, none);
	}
	return (Datum) 0;
}
