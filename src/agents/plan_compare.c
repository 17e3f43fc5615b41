/*
 * plan_compare.c: periods of a question, and the two sides of a comparison.
 */
#include "postgres.h"

#include "agents/planner.h"

List *
dbi_period_slots(List *slots)
{
	List *r = NIL;
	ListCell *lc;

	foreach(lc, slots)
		if (((DbiSlot *) lfirst(lc))->kind == DBI_SLOT_DATE)
			r = lappend(r, lfirst(lc));
	return r;
}

DbiSlot *
dbi_made_period(const DbiSlot *like, const DbiPeriod *period, const char *span)
{
	DbiSlot *slot = palloc0(sizeof(DbiSlot));

	slot->kind = DBI_SLOT_DATE;
	slot->from = slot->to = -1;
	slot->origin = like ? like->origin : DBI_ORIGIN_TEXT;
	slot->span = slot->value = span;
	slot->period = *period;
	return slot;
}

/* Leading words a period is said with are no part of its name. */
const char *
dbi_period_label(const char *span)
{
	static const char *const leads[] = {"in ",     "on ",         "over ", "during ", "for ",
										"within ", "throughout ", "of ",   "at ",     "from ",
										"by ",     "to ",         "with ", "vs ",     "versus ",
										"than ",   "until ",      "the ",  "across "};
	char *s = dbi_lower(span);

	for (int i = 0; i < lengthof(leads); i++)
		if (strncmp(s, leads[i], strlen(leads[i])) == 0)
		{
			s += strlen(leads[i]);
			i = -1;
		}
	return s;
}

/* The period the conversation is about, or NULL. */
DbiSlot *
dbi_frame_period(DbiPlanner *p)
{
	ListCell *lc;

	foreach(lc, p->frame->slots)
		if (((DbiSlot *) lfirst(lc))->kind == DBI_SLOT_DATE)
			return lfirst(lc);
	return NULL;
}

/* "since yesterday … well, 36 hours", "no, friday": a word that takes back what was said before it. */
static bool
is_corrected(DbiPlanner *p, const DbiSlot *before, const DbiSlot *after)
{
	for (int i = Max(before->to, 0); i < after->from; i++)
		if (dbi_is_one_of(p->text->tokens[i].text,
						  "well|no|sorry|rather|actually|make|meant|mean|oops|instead|or"))
			return true;
	return false;
}

/* "the last month, 30 days": the same in days, which is more exact. */
static bool
is_told_in_days(DbiPlanner *p, const DbiSlot *before, const DbiSlot *after)
{
	return after->from == before->to + 1 && strchr(",(", p->text->tokens[before->to].text[0]) &&
		   p->text->tokens[before->to].kind == DBI_TOK_PUNCT &&
		   before->period.grain >= DBI_GRAIN_WEEK &&
		   (after->period.kind == DBI_PERIOD_ROLLING || after->period.kind == DBI_PERIOD_SPAN) &&
		   after->period.grain <= DBI_GRAIN_DAY;
}

/* "the 5th, not the 6th" */
static bool
is_excluded(DbiPlanner *p, const DbiSlot *slot)
{
	for (int i = slot->from - 1; i >= 0 && i >= slot->from - 2; i--)
		if (strcmp(p->text->tokens[i].text, "not") == 0)
			return true;
	return false;
}

/* Periods that count: not those taken back, nor a "now" or "recently" beside a real one. */
static List *
meant_periods(DbiPlanner *p, List *periods)
{
	List *r = NIL;
	ListCell *lc;

	foreach(lc, periods)
	{
		DbiSlot *slot = lfirst(lc);
		bool only = list_length(periods) == 1;

		if (only || slot->from < 0)
			r = lappend(r, slot);
		else if (slot->period.kind != DBI_PERIOD_RECENT && !is_excluded(p, slot))
		{
			if (r != NIL && ((DbiSlot *) llast(r))->from >= 0 &&
				(is_corrected(p, llast(r), slot) || is_told_in_days(p, llast(r), slot)))
				r = list_delete_last(r);
			r = lappend(r, slot);
		}
	}
	return r != NIL ? r : periods;
}

/* Several periods without a comparison: the stretch from the first to the last. */
DbiSlot *
dbi_joined_period(DbiPlanner *p, List *said)
{
	List *periods = meant_periods(p, said);
	DbiSlot *first = linitial(periods);
	DbiPeriod all = first->period;
	ListCell *lc;

	if (list_length(periods) == 1)
		return first;
	foreach(lc, periods)
	{
		DbiPeriod *q = &((DbiSlot *) lfirst(lc))->period;

		if (q->kind == DBI_PERIOD_PRIOR || q->kind == DBI_PERIOD_RECENT ||
			q->kind == DBI_PERIOD_SPAN || q->kind == DBI_PERIOD_FUTURE)
			return first;
		all.start = Min(all.start, q->start);
		all.end = Max(all.end, q->end);
	}
	all.kind = DBI_PERIOD_CALENDAR;
	all.grain = DBI_GRAIN_DAY;
	dbi_assume(&p->plan->assumptions, "The days from %s to %s were taken together.",
			   dbi_date_text(all.start), dbi_date_text(all.end));
	return dbi_made_period(first, &all,
						   psprintf("%s to %s", dbi_date_text(all.start), dbi_date_text(all.end)));
}

/* The two sides of a comparison of periods: the later one, and what it is held against. */
static bool
compared_periods(DbiPlanner *p, List *slots, DbiSlot **now, DbiSlot **before)
{
	static const struct
	{
		const char *concept;
		DbiGrain grain;
		const char *now;
		const char *before;
	} over[] = {{"day_over_day", DBI_GRAIN_DAY, "today", "yesterday"},
				{"week_over_week", DBI_GRAIN_WEEK, "this week", "last week"},
				{"month_over_month", DBI_GRAIN_MONTH, "this month", "last month"},
				{"quarter_over_quarter", DBI_GRAIN_QUARTER, "this quarter", "last quarter"},
				{"year_over_year", DBI_GRAIN_YEAR, "this year", "last year"}};
	List *periods = dbi_period_slots(slots);
	DbiSlot *a = periods ? linitial(periods) : NULL;
	DbiSlot *b = list_length(periods) > 1 ? lsecond(periods) : NULL;
	DbiPeriod made;

	*before = NULL;
	/* "vs last month": against what the conversation is about. */
	if (p->plan->follow_up && a && !b && a->origin == DBI_ORIGIN_TEXT &&
		a->period.kind != DBI_PERIOD_PRIOR && (b = dbi_frame_period(p)) != NULL &&
		b->period.start == a->period.start && b->period.end == a->period.end)
		b = NULL;
	if (b && b->period.kind == DBI_PERIOD_PRIOR)
		b = NULL;
	if (a && a->period.kind == DBI_PERIOD_PRIOR)
	{
		/* "vs the month before": of what the conversation is about, else of the running one. */
		DbiGrain grain = a->period.grain;
		const char *said = a->span;

		a = b ? b : dbi_frame_period(p);
		b = NULL;
		if (a && a->period.kind == DBI_PERIOD_CALENDAR && a->period.grain != grain)
		{
			made = dbi_period_shifted(&a->period, grain);
			b = dbi_made_period(a, &made, said);
		}
		if (!a)
		{
			(void) dbi_period_of_unit(grain, 0, &p->clock, &made);
			a = dbi_made_period(NULL, &made,
								psprintf("%s to %s", dbi_date_text(made.start),
										 dbi_date_text(made.end)));
		}
	}
	for (int i = 0; !b && i < lengthof(over); i++)
		if (dbi_hit_anywhere(p, over[i].concept))
		{
			if (!a)
			{
				(void) dbi_period_of_unit(over[i].grain, 0, &p->clock, &made);
				a = dbi_made_period(NULL, &made, over[i].now);
			}
			made = dbi_period_before(&a->period);
			b = dbi_made_period(a, &made, over[i].before);
		}
	if (!a || a->period.kind == DBI_PERIOD_FUTURE || a->period.kind == DBI_PERIOD_RECENT)
		return false;
	if (!b)
	{
		made = dbi_period_before(&a->period);
		b = dbi_made_period(a, &made, "the period before");
	}
	if (b->period.end > a->period.end ||
		(b->period.end == a->period.end && b->period.start > a->period.start))
	{
		DbiSlot *swap = a;

		a = b;
		b = swap;
	}
	*now = a;
	*before = b;
	return true;
}

/* A unit still running is held against as many days of the one before. */
static DbiSlot *
of_equal_length(DbiPlanner *p, DbiSlot *now, DbiSlot *before)
{
	int days = now->period.end - now->period.start;
	DbiPeriod cut = before->period;

	if (now->period.kind != DBI_PERIOD_CALENDAR || before->period.kind != DBI_PERIOD_CALENDAR ||
		now->period.end != p->clock.today || now->period.grain != before->period.grain ||
		now->period.grain < DBI_GRAIN_WEEK || before->period.end - before->period.start <= days)
		return before;
	cut.end = cut.start + days;
	if (days == 0)
		dbi_assume(&p->plan->assumptions,
				   "\"%s\" has only begun: its first day (%s) is compared with the first of \"%s\" (%s).",
				   dbi_period_label(now->span), dbi_date_text(now->period.start),
				   dbi_period_label(before->span), dbi_date_text(cut.start));
	else
		dbi_assume(&p->plan->assumptions,
				   "\"%s\" is not over: its %d days (%s to %s) are compared with the first %d of \"%s\" (%s to %s).",
				   dbi_period_label(now->span), days + 1, dbi_date_text(now->period.start),
				   dbi_date_text(now->period.end), days + 1, dbi_period_label(before->span),
				   dbi_date_text(cut.start), dbi_date_text(cut.end));
	return dbi_made_period(before, &cut, before->span);
}

bool
dbi_is_workspace(const DbiSlot *slot)
{
	return slot->kind == DBI_SLOT_ENVIRONMENT ||
		   (slot->kind == DBI_SLOT_NAME && slot->candidates &&
			strcmp(((DbiCandidate *) linitial(slot->candidates))->kind, "workspace") == 0);
}

/* Two things of one kind named in a comparison: their slots. */
static bool
compared_things(List *slots, DbiSlot **a, DbiSlot **b)
{
	*a = *b = NULL;
	for (int i = 0; i < list_length(slots); i++)
		for (int k = i + 1; k < list_length(slots); k++)
		{
			DbiSlot *x = list_nth(slots, i);
			DbiSlot *y = list_nth(slots, k);

			if (x->origin != y->origin || (x->kind != DBI_SLOT_NAME && !dbi_is_workspace(x)) ||
				!dbi_same_nature(x, y))
				continue;
			*a = x;
			*b = y;
			return true;
		}
	return false;
}

/* The call for the later or first side, NULL when there is nothing to compare. */
DbiPlanCall *
dbi_compare_calls(DbiPlanner *p, const DbiClause *clause, List *slots)
{
	DbiSlot *now;
	DbiSlot *before;
	List *rest = NIL;
	ListCell *lc;
	DbiPlanCall *one;
	DbiPlanCall *two;

	if (compared_things(slots, &now, &before))
	{
		List *periods = dbi_period_slots(slots);
		DbiSlot *period = periods ? dbi_joined_period(p, periods) : NULL;

		p->period = period;
		rest = list_delete_ptr(list_copy(slots), before);
		one = dbi_add_call(p, clause, clause->best_tool, rest, period, NULL, DBI_CALL_ANSWER,
						   clause->confidence);
		rest = list_delete_ptr(list_copy(slots), now);
		two = one ? dbi_add_call(p, clause, clause->best_tool, rest, period, NULL,
								 DBI_CALL_BASELINE, clause->confidence)
				  : NULL;
		if (one)
			one->label = now->span;
		if (two)
			two->label = before->span;
	}
	else
	{
		if (!compared_periods(p, slots, &now, &before))
			return NULL;
		before = of_equal_length(p, now, before);
		p->period = now;
		foreach(lc, slots)
			if (((DbiSlot *) lfirst(lc))->kind != DBI_SLOT_DATE)
				rest = lappend(rest, lfirst(lc));
		one = dbi_add_call(p, clause, clause->best_tool, rest, now, NULL, DBI_CALL_ANSWER,
						   clause->confidence);
		two = one ? dbi_add_call(p, clause, clause->best_tool, rest, before, NULL,
								 DBI_CALL_BASELINE, clause->confidence)
				  : NULL;
	}
	if (two)
		one->comparison = two->comparison = ++p->comparisons;
	return one;
}
