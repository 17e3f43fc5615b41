/*
 * fault.c: what went wrong with a request, in words and SQLSTATEs.
 */
#include "postgres.h"

#include "base/base.h"
#include "net/request.h"

/* curl's own words may hold the URL; of a secret one only its host is told. */
static const char *
curls_words(DbiRequest *r)
{
	const char *secrets[] = {r->bearer, r->password, r->secret_url ? r->url : NULL};

	return dbi_redact(r->error[0] ? r->error : curl_easy_strerror(r->code), secrets,
					  lengthof(secrets));
}

static void
raise_unreachable(DbiRequest *r)
{
	ereport(ERROR, (errcode(ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION),
					errmsg("%s: could not connect", r->what),
					errdetail("%s: %s (tries: %d).", r->shown, curls_words(r), r->tries)));
}

static void
raise_tls(DbiRequest *r)
{
	ereport(ERROR, (errcode(ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION),
					errmsg("%s: no trusted connection", r->what),
					errdetail("%s: %s.", r->shown, curls_words(r)),
					errhint("For a certificate of a private authority set dbinsight.ca_file.")));
}

static void
raise_address(DbiRequest *r)
{
	ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					errmsg("%s: the address %s may not be spoken to", r->what, r->refused),
					errdetail("%s: it is not public, or http was asked of a public one.", r->shown),
					errhint("For a server on this machine or a private network a superuser may set "
							"dbinsight.allow_private_addresses.")));
}

static void
raise_lost(DbiRequest *r)
{
	ereport(ERROR,
			(errcode(ERRCODE_CONNECTION_FAILURE), errmsg("%s: the connection was lost", r->what),
			 errdetail("%s: %s (tries: %d).", r->shown, curls_words(r), r->tries),
			 r->idempotent ? 0 : errhint("It may have been carried out; it was not repeated.")));
}

static void
raise_silent(DbiRequest *r)
{
	ereport(ERROR, (errcode(ERRCODE_QUERY_CANCELED),
					errmsg("%s: no answer within dbinsight.request_timeout (%d ms)", r->what,
						   dbi_guc_request_timeout),
					errdetail("%s.", r->shown)));
}

static void
raise_deadline(DbiRequest *r)
{
	ereport(ERROR,
			(errcode(ERRCODE_QUERY_CANCELED), errmsg("%s: %s passed", r->what, r->deadline.whose)));
}

static void
raise_too_large(DbiRequest *r)
{
	ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					errmsg("%s: the answer is larger than %zu bytes", r->what, r->max_bytes),
					errdetail("%s.", r->shown)));
}

void
dbi_request_raise(DbiRequest *r)
{
	switch (r->fault)
	{
		case DBI_FAULT_RESOLVE:
		case DBI_FAULT_CONNECT:
			raise_unreachable(r);
			break;
		case DBI_FAULT_TLS:
			raise_tls(r);
			break;
		case DBI_FAULT_ADDRESS:
			raise_address(r);
			break;
		case DBI_FAULT_LOST:
			raise_lost(r);
			break;
		case DBI_FAULT_SILENT:
			raise_silent(r);
			break;
		case DBI_FAULT_DEADLINE:
			raise_deadline(r);
			break;
		case DBI_FAULT_TOO_LARGE:
			raise_too_large(r);
			break;
		default:
			break;
	}
	ereport(ERROR, (errcode(ERRCODE_CONNECTION_EXCEPTION), errmsg("%s: the request failed", r->what),
					errdetail("%s: %s.", r->shown, curls_words(r))));
}
