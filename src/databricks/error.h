/*
 * databricks/error.h: what Databricks says when it says no.
 */
#ifndef DBI_DATABRICKS_ERROR_H
#define DBI_DATABRICKS_ERROR_H

#include "databricks/call.h"

typedef struct DbiRemoteError
{
	int status;       /* of HTTP; 0 for a statement that failed */
	char *code;       /* "RESOURCE_DOES_NOT_EXIST", "403"; "" when none was said */
	char *message;    /* "" when none was said */
	char *sql_state;  /* or NULL */
	char *request_id; /* or NULL */
	char *location;   /* where a redirect leads to: a host, or NULL */
} DbiRemoteError;

/* Any of the shapes of an error's body; never raises for what is in it. */
extern DbiRemoteError dbi_remote_error(DbiRequest *request);

/* Raises it. what: "statement 01ef…" or NULL. */
pg_noreturn extern void dbi_raise_remote(DbiWorkspace *workspace, const DbiRemoteError *error,
										 const char *what);

/* Of an error's body: worth another try although the status does not say so. May not raise. */
extern bool dbi_passing_error(int status, const char *body, size_t len);

#endif
