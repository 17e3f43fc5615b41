/*
 * agents/router_bytes.h: the form of a stored router model.
 */
#ifndef DBI_AGENTS_ROUTER_BYTES_H
#define DBI_AGENTS_ROUTER_BYTES_H

#define DBI_ROUTER_MAGIC "DBR2"

#endif
