/*
 * alerts/channel.h: receivers of events are foreign servers of the wrapper
 * `dbinsight_channel`. Private to alerts/.
 */
#ifndef DBI_ALERTS_CHANNEL_H
#define DBI_ALERTS_CHANNEL_H

#include "postgres.h"

#include "foreign/foreign.h"

/* What a signing secret begins with when base64 follows. */
#define DBI_WEBHOOK_SECRET "whsec_"

typedef struct DbiChannel
{
	const char *url;
	bool secret_url;    /* it is the mapping's */
	const char *secret; /* NULL when not set, as below */
	const char *username;
	const char *password;
} DbiChannel;

/* The options of a server and of the user's mapping, if there is one. Raises 55000 without a url. */
DbiChannel *dbi_channel_open(ForeignServer *server, Oid user);

#endif
