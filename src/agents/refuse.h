/*
 * agents/refuse.h: private to understanding: what is not a question.
 */
#ifndef DBI_AGENTS_REFUSE_H
#define DBI_AGENTS_REFUSE_H

#include "agents/understand.h"

extern bool dbi_wants_change(const DbiLexicon *lexicon, DbiText *text, List *slots);
/* Whether a text with a verb of change only asks to be told or for a document. */
extern bool dbi_reads_only(const DbiLexicon *lexicon, const DbiText *text, const DbiClause *all);
extern bool dbi_wants_rules_broken(const DbiLexicon *lexicon, DbiText *text, List *slots);
extern const char *dbi_refusal(DbiPlanKind kind);
extern const char *dbi_smalltalk(const DbiLexicon *lexicon, const DbiClause *clause);

#endif
