/*
 * databricks/workspace.h: a workspace is a foreign server of the wrapper
 * `databricks`; who may speak to it, and with which secret, is a user mapping.
 */
#ifndef DBI_DATABRICKS_WORKSPACE_H
#define DBI_DATABRICKS_WORKSPACE_H

#include "postgres.h"

typedef struct DbiWorkspace DbiWorkspace;

/*
 * The options of a server and the secret of a user's mapping on it, in the
 * current memory context. Whether the user may use the server is the caller's
 * to know, as with postgres_fdw; to have a mapping is what counts here (42704
 * without one). Raises 55000 when an option or the secret is missing. Asks
 * nothing of the network.
 */
extern DbiWorkspace *dbi_workspace_open(Oid serverid, Oid userid);

/* The same of a server by its name, for the current user, who must have USAGE on it (42501). */
extern DbiWorkspace *dbi_workspace_named(const char *name);

/* The same for another role. */
extern DbiWorkspace *dbi_workspace_of(const char *name, Oid userid);

#endif
