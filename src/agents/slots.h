/*
 * agents/slots.h: private to slots*.c: the scan over the tokens. A reader
 * looks at token i and returns how many tokens it took, 0 when it is none of
 * its own.
 */
#ifndef DBI_AGENTS_SLOTS_H
#define DBI_AGENTS_SLOTS_H

#include "agents/understand.h"

typedef struct DbiScan
{
	DbiText *text;
	const DbiClock *clock;
	List *slots;
} DbiScan;

/* slots.c */
extern const DbiToken *dbi_scan_at(DbiScan *s, int i);
extern bool dbi_scan_is(DbiScan *s, int i, const char *words);
extern DbiSlot *dbi_scan_add(DbiScan *s, DbiSlotKind kind, int from, int to);

/* slots_number.c */
extern int dbi_read_threshold(DbiScan *s, int i);
extern int dbi_read_top_n(DbiScan *s, int i);
extern int dbi_read_number(DbiScan *s, int i);

/* slots_word.c */
extern int dbi_read_severity(DbiScan *s, int i);
extern int dbi_read_regulation(DbiScan *s, int i);
extern int dbi_read_environment(DbiScan *s, int i);

#endif
