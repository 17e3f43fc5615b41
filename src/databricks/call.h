/*
 * databricks/call.h: calls of a workspace's REST API; what the files of this
 * room know of a workspace.
 */
#ifndef DBI_DATABRICKS_CALL_H
#define DBI_DATABRICKS_CALL_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "databricks/workspace.h"
#include "net/net.h"
#include "base/compat.h"

struct DbiWorkspace
{
	Oid mapping;     /* key of the token cache */
	char *name;      /* of the server */
	char *what;      /* server "name", for messages */
	char *host;      /* https://…, no slash at the end */
	char *warehouse; /* NULL when not set, as below */
	char *catalog;
	int timeout_ms; /* 0: none */
	int max_parallel_chunks;
	char *token;     /* either this */
	char *client_id; /* or these two */
	char *client_secret;
};

/*
 * One call: its token obtained first, renewed once when it is not accepted.
 * Its owner ends it, in a callback when need be; nothing else does.
 */
typedef struct DbiCall DbiCall;

typedef struct DbiCallSpec
{
	const char *method; /* as in DbiHttp */
	const char *path;   /* begins with / */
	const char *body;   /* JSON, or NULL */
	bool idempotent;
	bool once; /* as in DbiHttp */
	size_t max_bytes;
	DbiDeadline deadline;
	bool owner_watches; /* as in DbiHttp */
	const int *notify;  /* as in DbiHttp */
} DbiCallSpec;

/* It lives until it is ended; the body is not copied. */
extern DbiCall *dbi_call_begin(DbiWorkspace *workspace, const DbiCallSpec *spec);

/* Does what can be done without waiting. True when the answer is there; raises when none will be. */
extern bool dbi_call_advance(DbiCall *call);

/* Of an answer: its status and body. Valid until the end. */
extern int dbi_call_status(DbiCall *call);
extern const char *dbi_call_body(DbiCall *call, size_t *len);

/* Raises unless the status is 2xx. */
extern void dbi_call_check(DbiCall *call);

/* The request under way, or NULL; the token it bears. */
/* Its request, which is the caller's from now on. */
extern DbiRequest *dbi_call_take_request(DbiCall *call);
extern DbiRequest *dbi_call_request(DbiCall *call);
extern const char *dbi_call_token(DbiCall *call);

extern int dbi_call_requests(DbiCall *call);
extern int64 dbi_call_bytes(DbiCall *call);
extern void dbi_call_end(DbiCall *call);

/* Raises 08P01: the answer is not what the API says it is. */
pg_noreturn extern void dbi_bad_answer(DbiWorkspace *workspace, const char *why);

#endif
