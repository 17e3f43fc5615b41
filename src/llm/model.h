/*
 * llm/model.h: a server of the wrapper dbinsight_llm, as the files of this
 * room know it.
 */
#ifndef DBI_LLM_MODEL_H
#define DBI_LLM_MODEL_H

#include "postgres.h"

#include "databricks/workspace.h"
#include "llm/llm.h"

typedef enum
{
	DBI_PROVIDER_OPENAI,
	DBI_PROVIDER_DATABRICKS, /* OpenAI's dialect on a workspace's route */
	DBI_PROVIDER_ANTHROPIC
} DbiProvider;

struct DbiModel
{
	char *server;
	char *what; /* server "name", for messages */
	DbiProvider provider;
	char *base_url; /* no slash at the end */
	char *chat_url;
	char *name;
	char *fallback; /* NULL when not set, as below */
	char *embedding;
	int max_tokens;
	double temperature; /* negative: not sent */
	double price_in;    /* USD per million tokens; negative: not set */
	double price_out;
	int timeout_ms;          /* 0: none */
	List *prices;            /* DbiPrice: rows of llm_prices */
	char *key;               /* or NULL */
	DbiWorkspace *workspace; /* whose credentials are used, or NULL */
};

typedef struct
{
	char *model;
	double in; /* USD per million tokens */
	double out;
	double cached;
	double cache_write;
} DbiPrice;

extern bool dbi_provider_named(const char *word, DbiProvider *provider);
extern const char *dbi_provider_word(DbiProvider provider);

/* prices.c: what a model's tokens cost, by llm_prices or the server's options. */
extern void dbi_load_prices(DbiModel *model);
extern double dbi_price(const DbiModel *model, const char *name, const DbiModelUsage *usage);

#endif
