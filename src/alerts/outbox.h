/*
 * alerts/outbox.h: what sending is made of; private to alerts/.
 */
#ifndef DBI_ALERTS_OUTBOX_H
#define DBI_ALERTS_OUTBOX_H

#include "postgres.h"

#include "nodes/pg_list.h"
#include "utils/uuid.h"

#include "net/delivery.h"

/* One attempt of one row. */
typedef struct DbiAttempt
{
	MemoryContext context; /* of the attempt and all its requests */
	pg_uuid_t id;
	int number;
	char *kind;
	char *destination;
	char *owner;
	const DbiSender *sender; /* NULL until it has begun */
	DbiDelivery delivery;
} DbiAttempt;

/* ---- senders ---- */

extern const DbiSender dbi_webhook_sender;

/* NULL for a kind that nobody sends. */
const DbiSender *dbi_find_sender(const char *kind);
/* Raises unless it is a server that the sender sends to, and the role may use it. */
ForeignServer *dbi_sender_server(const DbiSender *sender, const char *name, Oid role);

/* ---- outbox_store.c: the table, as the extension's owner ---- */

/* Up to so many rows that are due, leased; each in a context of its own below the one given. */
List *dbi_outbox_claim(int slots, MemoryContext parent);
void dbi_outbox_sent(const DbiAttempt *attempt);
/* for_good: another attempt would fare no better; wide: nor would another delivery there. */
void dbi_outbox_failed(const DbiAttempt *attempt, const ErrorData *error, bool for_good, bool wide);
int64 dbi_outbox_left(void);

#endif
