/*
 * text.c: the nearest name to one that does not exist.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/varlena.h"

#include "base/text.h"

/* Longer words are typed wrong on purpose; core's function takes 255 bytes. */
#define MAX_WORD 255

const char *
dbi_nearest(const char *word, List *candidates)
{
	const char *best = NULL;
	int best_distance = (int) strlen(word) / 2 + 1;
	ListCell *lc;

	if (strlen(word) > MAX_WORD)
		return NULL;
	foreach(lc, candidates)
	{
		const char *c = lfirst(lc);
		int d;

		/* "audit" means system.access.audit */
		if (strlen(c) > strlen(word) && strlen(word) > 3 &&
			strcmp(c + strlen(c) - strlen(word), word) == 0)
			return c;
		if (strlen(c) > MAX_WORD)
			continue;
		d = varstr_levenshtein_less_equal(word, strlen(word), c, strlen(c), 1, 1, 1, best_distance,
										  true);
		if (d < best_distance)
		{
			best_distance = d;
			best = c;
		}
	}
	return best;
}
