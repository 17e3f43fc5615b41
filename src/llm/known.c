/*
 * llm/known.c: what a backend has learned of models: which members of a
 * request they do not understand, and how many bytes they put into a token.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "llm/known.h"

/* Bytes a token, of English prose and of JSON, before anything was learned. */
#define TEXT_BYTES 3.6
#define JSON_BYTES 3.0

/* Weight of the latest observation in the average, and how far it may lead. */
#define LEARNING_RATE 0.2
#define MAX_FACTOR 3.0

typedef struct
{
	uint64 key; /* hash of a model's name, or of it and its URL */
	uint32 lacks;
	double factor; /* real tokens to estimated ones */
} Known;

static HTAB *known;

static Known *
find(const char *url, const char *model)
{
	uint64 key = hash_bytes_extended((const unsigned char *) model, strlen(model), 0);
	bool found;
	Known *k;

	key = hash_bytes_extended((const unsigned char *) url, strlen(url), key);
	if (known == NULL)
	{
		HASHCTL ctl = {.keysize = sizeof(uint64),
					   .entrysize = sizeof(Known),
					   .hcxt = TopMemoryContext};

		known = hash_create("dbinsight models", 16, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	k = hash_search(known, &key, HASH_ENTER, &found);
	if (!found)
	{
		k->lacks = 0;
		k->factor = 1;
	}
	return k;
}

/* ---- members */

uint32
dbi_known_lacks(const char *url, const char *model)
{
	return find(url, model)->lacks;
}

static bool
names(const DbiToldError *e, const char *word)
{
	return strstr(e->message, word) != NULL || strstr(e->param, word) != NULL;
}

/* Streaming is a word of many errors; only one that refuses it counts. */
static bool
refuses_streaming(const DbiToldError *e)
{
	return strcmp(e->param, "stream") == 0 ||
		   (strstr(e->message, "stream") && strstr(e->message, "support") &&
			!strstr(e->message, "stream_options"));
}

static uint32
lack_told(const DbiAsk *ask, const DbiToldError *e)
{
	if (names(e, "stream_options"))
		return DBI_LACKS_STREAM_OPTIONS;
	if (names(e, "max_completion_tokens"))
		return DBI_LACKS_MAX_TOKENS;
	if (ask->temperature >= 0 && names(e, "temperature"))
		return DBI_LACKS_TEMPERATURE;
	if (ask->tool_choice && names(e, "tool_choice"))
		return DBI_LACKS_TOOL_CHOICE;
	if (ask->schema && (names(e, "response_format") || names(e, "json_schema")))
		return DBI_LACKS_SCHEMA;
	return refuses_streaming(e) ? DBI_LACKS_STREAM : 0;
}

uint32
dbi_learn_lack(const DbiAsk *ask, const char *url, const DbiToldError *e)
{
	uint32 lack = lack_told(ask, e);

	if (ask->lacks & lack)
		return 0; /* it was left out already */
	find(url, ask->name)->lacks |= lack;
	return lack;
}

/* ---- tokens */

double
dbi_plain_estimate(size_t len, bool json)
{
	return len / (json ? JSON_BYTES : TEXT_BYTES);
}

double
dbi_ask_estimate(const DbiAsk *ask)
{
	size_t json = (ask->tools ? strlen(ask->tools) : 0) + (ask->schema ? strlen(ask->schema) : 0);
	size_t text = strlen(ask->messages) + (ask->system ? strlen(ask->system) : 0);

	return dbi_plain_estimate(json, true) + dbi_plain_estimate(text, false);
}

void
dbi_learn_tokens(const char *model, double estimated, double real)
{
	Known *k = find("", model);

	if (estimated < 50 || real < 1)
		return; /* a few words say nothing */
	k->factor += LEARNING_RATE * (real / estimated - k->factor);
	k->factor = Min(Max(k->factor, 1 / MAX_FACTOR), MAX_FACTOR);
}

double
dbi_learned(const char *model, double estimate)
{
	return estimate * find("", model)->factor;
}

double
dbi_model_token_estimate(const char *model, size_t len, bool json)
{
	return dbi_learned(model, dbi_plain_estimate(len, json));
}

double
dbi_model_request_estimate(DbiModel *model, const DbiModelRequest *request)
{
	const char *name = request->model ? request->model : model->name;

	return dbi_learned(name, dbi_ask_estimate(dbi_ask_unchecked(model, request)));
}
