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
 * current memory context. Raises 42501 without USAGE on the server, 55000 when
 * an option or the secret is missing. Asks nothing of the network.
 */
extern DbiWorkspace *dbi_workspace_open(Oid serverid, Oid userid);

#endif
