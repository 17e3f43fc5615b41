/*
 * databricks/oauth.h: tokens of service principals, kept by the backend.
 */
#ifndef DBI_DATABRICKS_OAUTH_H
#define DBI_DATABRICKS_OAUTH_H

#include "databricks/call.h"

/*
 * The token of a workspace's mapping, or NULL while it is being asked for;
 * ask again when the loop was driven. Raises when it is refused. It is valid
 * until the loop is driven again: copy it.
 */
extern const char *dbi_token(DbiWorkspace *workspace);

/* The token was not accepted: forget it, if it is still that one. */
extern void dbi_token_refused(DbiWorkspace *workspace, const char *token);

#endif
