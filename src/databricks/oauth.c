/*
 * oauth.c: machine-to-machine tokens (client credentials).
 *
 * One token a user mapping, in the backend's memory alone. It is renewed while
 * the old one still serves, and forgotten when the mapping or the server
 * changes.
 */
#include "postgres.h"

#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "base/base.h"
#include "base/json.h"
#include "databricks/error.h"
#include "databricks/oauth.h"

/* As the reference clients have it. */
#define EXPIRES_EARLY_S 40
#define RENEW_EARLY_MAX_S (20 * 60)

/* What a token is believed to last when nothing was said. */
#define DEFAULT_LIFE_S 3600

#define MAX_ANSWER_BYTES (256 * 1024)

/* After a renewal that failed, while the old token still serves. */
#define RENEW_AGAIN_MS (60 * 1000)

typedef struct Token
{
	Oid mapping; /* key */
	bool stale;  /* the mapping or the server has changed */
	char *token; /* or NULL */
	TimestampTz renew;
	TimestampTz expires;
	DbiRequest *request; /* under way, or NULL */
} Token;

static HTAB *tokens;

/* A changed mapping is rare; all tokens are looked at again then. */
static void
forget_all(Datum arg, int cacheid, uint32 hash)
{
	HASH_SEQ_STATUS scan;
	Token *t;

	hash_seq_init(&scan, tokens);
	while ((t = hash_seq_search(&scan)) != NULL)
		t->stale = true;
}

static void
create_cache(void)
{
	HASHCTL ctl = {.keysize = sizeof(Oid), .entrysize = sizeof(Token), .hcxt = TopMemoryContext};

	tokens = hash_create("dbinsight tokens", 16, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	CacheRegisterSyscacheCallback(USERMAPPINGOID, forget_all, (Datum) 0);
	CacheRegisterSyscacheCallback(FOREIGNSERVEROID, forget_all, (Datum) 0);
}

static void
drop_token(Token *t)
{
	char *token = t->token;

	t->token = NULL;
	if (token)
	{
		explicit_bzero(token, strlen(token));
		pfree(token);
	}
}

static void
drop_request(Token *t)
{
	DbiRequest *request = t->request;

	t->request = NULL;
	if (request)
		dbi_request_end(request);
}

static Token *
find(Oid mapping)
{
	bool found;
	Token *t;

	if (tokens == NULL)
		create_cache();
	t = hash_search(tokens, &mapping, HASH_ENTER, &found);
	if (!found)
		memset((char *) t + sizeof(Oid), 0, sizeof(Token) - sizeof(Oid));
	if (t->stale)
	{
		drop_token(t);
		drop_request(t);
		t->stale = false;
	}
	return t;
}

static void
ask(Token *t, DbiWorkspace *w)
{
	static const char body[] = "grant_type=client_credentials&scope=all-apis";
	DbiHttp http = {.what = w->what,
					.url = psprintf("%s/oidc/v1/token", w->host),
					.user = w->client_id,
					.password = w->client_secret,
					.body = body,
					.body_len = strlen(body),
					.content_type = "application/x-www-form-urlencoded",
					.idempotent = true,
					.max_bytes = MAX_ANSWER_BYTES};

	t->request = dbi_request_prepare(&http);
	dbi_request_launch(t->request);
}

/* A principal that is not known is told as what it is, not as a bad request. */
static void
raise_refusal(Token *t, DbiWorkspace *w)
{
	DbiRemoteError error = dbi_remote_error(t->request);
	const char *secrets[] = {w->client_secret};

	drop_request(t);
	if (error.status != 400 && error.status != 401 && error.status != 403)
		dbi_raise_remote(w, &error, "the token request");
	ereport(ERROR, (errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
					errmsg("%s: the service principal was refused: %s", w->what,
						   error.code[0] ? error.code : "no reason given"),
					error.message[0] ? errdetail("%s", dbi_redact(error.message, secrets, 1)) : 0,
					errhint("Look at client_id and client_secret of the user mapping.")));
}

static void
keep(Token *t, DbiWorkspace *w)
{
	size_t len;
	const char *body = dbi_request_body(t->request, &len);
	Jsonb *answer = dbi_try_jsonb_utf8(body, len);
	char *token = answer ? dbi_jsonb_text(&answer->root, "access_token") : NULL;
	int64 life = DEFAULT_LIFE_S;
	TimestampTz now = GetCurrentTimestamp();

	if (token == NULL || *token == '\0')
	{
		drop_request(t);
		dbi_bad_answer(w, "the token answer holds no access_token");
	}
	(void) dbi_jsonb_int(&answer->root, "expires_in", &life);
	life = Max(Min(life, 30 * 24 * 3600), 1);
	drop_token(t);
	t->token = MemoryContextStrdup(TopMemoryContext, token);
	explicit_bzero(token, strlen(token));
	t->expires = now + Max(life - EXPIRES_EARLY_S, 1) * USECS_PER_SEC;
	t->renew = now + (life - Min(life / 2, RENEW_EARLY_MAX_S)) * USECS_PER_SEC;
	drop_request(t);
}

static bool
serves(const Token *t)
{
	return t->token != NULL && GetCurrentTimestamp() < t->expires;
}

/* What became of the request under way. A failed renewal can wait while the old token serves. */
static void
take_answer(Token *t, DbiWorkspace *w)
{
	int status = dbi_request_status(t->request);
	bool failed = dbi_request_failed(t->request);

	if (!failed && status >= 200 && status < 300)
		keep(t, w);
	else if (serves(t))
	{
		drop_request(t);
		t->renew = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), RENEW_AGAIN_MS);
	}
	else if (!failed)
		raise_refusal(t, w);
	else
	{
		PG_TRY();
		{
			dbi_request_raise(t->request);
		}
		PG_FINALLY();
		{
			drop_request(t);
		}
		PG_END_TRY();
	}
}

const char *
dbi_token(DbiWorkspace *w)
{
	Token *t = find(w->mapping);

	if (t->request == NULL && (!serves(t) || GetCurrentTimestamp() >= t->renew))
		ask(t, w);
	if (t->request && dbi_request_done(t->request))
		take_answer(t, w);
	return serves(t) ? t->token : NULL;
}

void
dbi_token_refused(DbiWorkspace *w, const char *token)
{
	Token *t = find(w->mapping);

	if (t->token && strcmp(t->token, token) == 0)
		drop_token(t);
}
