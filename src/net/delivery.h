/*
 * net/delivery.h: what the outbox asks of who sends: one delivery, advanced
 * without ever waiting, so that several are under way at once.
 */
#ifndef DBI_NET_DELIVERY_H
#define DBI_NET_DELIVERY_H

#include "postgres.h"

#include "foreign/foreign.h"
#include "utils/jsonb.h"

#include "net/net.h"

typedef struct DbiDelivery
{
	/* What is to be sent, in the memory context of the attempt. */
	ForeignServer *server;
	const char *what; /* server "name", for messages */
	Oid user;         /* whose mapping has the secret; may use the server */
	Jsonb *payload;
	const char *key; /* the same with every attempt */
	DbiDeadline deadline;

	/* The sender's. */
	void *state;          /* NULL at first */
	const char *response; /* JSON: what is to be remembered of the answer */
	int status;           /* of the answer that was a refusal; 0: there was none */
	int retry_after;      /* s, as that answer asks for; 0: it does not */
} DbiDelivery;

typedef struct DbiSender
{
	const char *kind;    /* of rows of the outbox */
	const char *wrapper; /* of the servers they may go to */
	/*
	 * Does what can be done without waiting, and is called again when the loop
	 * was driven. True when it has arrived; raises when this attempt failed.
	 * What it holds goes with the current memory context.
	 */
	bool (*advance)(DbiDelivery *delivery);
} DbiSender;

/* Raises for an answer that is a refusal, having noted its status and Retry-After. */
pg_noreturn extern void dbi_delivery_refused(DbiDelivery *delivery, DbiRequest *answer,
											 const char *const *secrets, int nsecrets);

#endif
