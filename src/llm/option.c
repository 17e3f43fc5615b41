/*
 * llm/option.c: the options of the wrapper dbinsight_llm, checked when they
 * are written.
 */
#include "postgres.h"

#include "access/reloptions.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_user_mapping.h"
#include "fmgr.h"

#include "llm/model.h"
#include "net/server_option.h"

static bool
is_provider(const char *value)
{
	DbiProvider ignored;

	return dbi_provider_named(value, &ignored);
}

static bool
is_tokens(const char *value)
{
	return dbi_value_in_range(value, 1, 10000000) && strspn(value, "0123456789") == strlen(value);
}

static bool
is_temperature(const char *value)
{
	return dbi_value_in_range(value, 0, 2);
}

/* USD per million tokens. */
static bool
is_price(const char *value)
{
	return dbi_value_in_range(value, 0, 1e6);
}

#define NOT_EMPTY "It must not be empty."
#define A_PRICE "Use USD per million tokens, 0 or more."

static const DbiServerOption options[] = {
	{ForeignServerRelationId, "provider", is_provider,
	 "Use \"openai\" (or what speaks its protocol), \"anthropic\" or \"databricks\"."},
	{ForeignServerRelationId, "base_url", dbi_option_is_url,
	 "Write a URL such as https://api.example.com/v1, without a query or a password; requests add "
	 "the rest of the path."},
	{ForeignServerRelationId, "server", dbi_option_is_text, NOT_EMPTY},
	{ForeignServerRelationId, "model", dbi_option_is_text, NOT_EMPTY},
	{ForeignServerRelationId, "fallback_model", dbi_option_is_text, NOT_EMPTY},
	{ForeignServerRelationId, "embedding_model", dbi_option_is_text, NOT_EMPTY},
	{ForeignServerRelationId, "max_tokens", is_tokens, "Use a whole number, 1 or more."},
	{ForeignServerRelationId, "temperature", is_temperature, "Use a number from 0 to 2."},
	{ForeignServerRelationId, "price_in", is_price, A_PRICE},
	{ForeignServerRelationId, "price_out", is_price, A_PRICE},
	{ForeignServerRelationId, "timeout", dbi_value_is_duration,
	 "Write a time such as \"90s\" or \"5min\" (milliseconds without a unit); 0 is no limit."},
	{UserMappingRelationId, "api_key", dbi_option_is_text, NOT_EMPTY},
};

PG_FUNCTION_INFO_V1(dbi_llm_validator);

Datum
dbi_llm_validator(PG_FUNCTION_ARGS)
{
	dbi_check_options("dbinsight_llm", options, lengthof(options),
					  untransformRelOptions(PG_GETARG_DATUM(0)), PG_GETARG_OID(1));
	PG_RETURN_VOID();
}
