/*
 * agents/answer_expr.h: the small language of answer templates.
 *
 * A body is words with references: {expression|format|format}. A part in
 * [[ … ]] is left out when a reference inside it has no value or is zero.
 *
 * An expression: column (of the first row) · tool.column (of another call of
 * the answer) · base.column (of the other side of a comparison) ·
 * rows(where …) sum(x where …) min max avg distinct list first last mode ·
 * mode_count best(x by y where …) · same(column) · arg(name) · period · in_period · focus · entity ·
 * today · yesterday · weekday(time) · hour(time) ·
 * numbers, 'texts', + - * /, = != < <= > >=, in ('a', 'b'), and or not, ().
 */
#ifndef DBI_AGENTS_ANSWER_EXPR_H
#define DBI_AGENTS_ANSWER_EXPR_H

#include "agents/answer_text.h"

/* What an expression can see. */
typedef struct DbiScope
{
	DbiResult *self;
	DbiResult *base; /* the other side of a comparison, or NULL */
	List *results;   /* of all calls of the answer */
	int nrows;       /* rows of self in view: -1 all, else those in row_numbers */
	const int *row_numbers;
	const char *entity; /* the thing two results share, or NULL */
	bool has_row;       /* plain columns are of this row, not of the first in view */
	int at_row;
} DbiScope;

/* Evaluates; NULL scope only checks the syntax. Throws 22023 naming the place. */
DbiValue dbi_eval(const char *expression, const DbiScope *scope);
bool dbi_holds(const char *condition, const DbiScope *scope);

/* Appends the body, references resolved. False, and nothing appended, when a reference outside [[ ]] has no value. */
bool dbi_render(DbiText *t, const char *body, const DbiScope *scope);

/*
 * The period of a call, from the question or from its arguments: "the last 7
 * days", "2026-06-14"; with preposition "in the last 7 days", "on 2026-06-14".
 * NULL when it has none.
 */
char *dbi_period(const DbiResult *result, bool preposition);
bool dbi_say_period(DbiText *t, const DbiResult *result, bool preposition);

/* Names of the columns an expression or a body mentions, tool-qualified where it does. */
List *dbi_template_columns(const char *body, bool is_condition);

#endif
