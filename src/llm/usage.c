/*
 * llm/usage.c: what requests cost, kept as rows of llm_usage.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/spi.h"
#include "llm/answer.h"
#include "llm/usage.h"

#define NCOLUMNS 18

static const char insert_usage[] =
	"INSERT INTO dbinsight.llm_usage (conversation_id, message_id, agent, purpose, server, model, "
	"response_id, status, error, prompt_tokens, completion_tokens, cached_tokens, estimated, usd, "
	"latency_ms, first_token_ms, at, user_id) VALUES ($1::uuid, $2::uuid, $3, $4, $5, $6, $7, $8, $9, $10, $11, "
	"$12, $13, $14, $15, $16, coalesce($17, dbinsight.now()), coalesce($18, dbinsight.person()))";

static Oid types[NCOLUMNS] = {TEXTOID, TEXTOID,   TEXTOID,   TEXTOID,   TEXTOID,        TEXTOID,
							  TEXTOID, TEXTOID,   TEXTOID,   INT8OID,   INT8OID,        INT8OID,
							  BOOLOID, FLOAT8OID, FLOAT8OID, FLOAT8OID, TIMESTAMPTZOID, TEXTOID};

typedef struct
{
	Datum values[NCOLUMNS];
	char nulls[NCOLUMNS];
	int n;
} Row;

static void
add(Row *row, Datum value, bool null)
{
	row->values[row->n] = value;
	row->nulls[row->n++] = null ? 'n' : ' ';
}

static void
add_text(Row *row, const char *text)
{
	add(row, text ? CStringGetTextDatum(text) : (Datum) 0, text == NULL);
}

void
dbi_book(const DbiBooking *b, const DbiModelUse *use)
{
	static SPIPlanPtr plan = NULL;
	Row row = {.n = 0};

	if (XactReadOnly)
		return; /* an embedding is no less true for not being booked */
	add_text(&row, use->conversation);
	add_text(&row, use->message);
	add_text(&row, use->agent);
	add_text(&row, use->purpose);
	add_text(&row, b->server);
	add_text(&row, b->name);
	add_text(&row, b->id);
	add_text(&row, b->status);
	add_text(&row, b->error);
	add(&row, Int64GetDatum(b->usage->prompt), false);
	add(&row, Int64GetDatum(b->usage->completion), false);
	add(&row, Int64GetDatum(b->usage->cached), false);
	add(&row, BoolGetDatum(b->usage->estimated), false);
	add(&row, Float8GetDatum(b->usd), false);
	add(&row, Float8GetDatum(b->latency_ms), false);
	add(&row, Float8GetDatum(b->first_token_ms), b->first_token_ms < 0);
	add(&row, TimestampTzGetDatum(b->at), b->person == NULL);
	add_text(&row, b->person);
	SPI_connect();
	dbi_spi_prepare(&plan, insert_usage, NCOLUMNS, types);
	(void) dbi_spi_execute_plan(plan, row.values, row.nulls, false, 0);
	SPI_finish();
}

/* As llm_usage has it. */
const char *
dbi_model_status(DbiModelAnswer *a)
{
	if (a->fault)
		return "error";
	return a->done ? dbi_finish_word(dbi_model_finish(a)) : "broken_off";
}

void
dbi_model_book(DbiModelAnswer *a, const DbiModelUse *use)
{
	const DbiModelFault *fault = dbi_model_fault(a);
	DbiBooking b = {.server = a->model->server,
					.name = dbi_model_answer_model(a),
					.id = dbi_model_answer_id(a),
					.status = dbi_model_status(a),
					.error = fault ? unpack_sql_state(fault->sqlstate) : NULL,
					.usage = dbi_model_usage(a),
					.usd = dbi_model_cost(a),
					.latency_ms = dbi_model_latency_ms(a),
					.first_token_ms = dbi_model_first_token_ms(a)};

	dbi_book(&b, use);
}
