/*
 * agents/dates.h: private to dates*.c: a place in the tokens of a period, and
 * what is read there. Each reader takes its words and fills the period, or
 * leaves the place as it was.
 */
#ifndef DBI_AGENTS_DATES_H
#define DBI_AGENTS_DATES_H

#include "agents/understand.h"

/* The night: from six in the evening to eight in the morning. */
#define DBI_NIGHT_BEGINS 18

typedef struct DbiDates
{
	const DbiToken *tokens;
	int n;
	int at;
	const DbiClock *clock;
	DbiPeriod *period;
	int depth; /* of points within points: "week of the end of May" */
} DbiDates;

/* dates_word.c */
extern const DbiToken *dbi_date_peek(DbiDates *r, int ahead);
extern bool dbi_date_is_word(DbiDates *r, int ahead, const char *word);
extern bool dbi_date_one_of(DbiDates *r, int ahead, const char *words);
extern bool dbi_date_take(DbiDates *r, const char *words);
extern bool dbi_date_take_pair(DbiDates *r, const char *first, const char *second);
extern bool dbi_date_take_unit(DbiDates *r, DbiGrain *grain, double *hours);
extern bool dbi_date_take_count(DbiDates *r, double *value);
extern bool dbi_date_take_length(DbiDates *r, double *count, DbiGrain *grain, double *hours);
extern bool dbi_date_calendar(DbiDates *r, DateADT start, DateADT end, DbiGrain grain);
extern bool dbi_date_rolling(DbiDates *r, double count, DbiGrain grain, double hours);
extern bool dbi_date_unit_period(DbiDates *r, DbiGrain grain, int steps);
extern bool dbi_date_reach_back(DbiDates *r, DateADT day, int hour, DateADT last);
extern bool dbi_date_overnight(DbiDates *r);

/* dates_unit.c */
extern int dbi_date_month_number(const char *word);
extern int dbi_date_day_number(const DbiToken *t);
extern bool dbi_date_ends_there(DbiDates *r, int ahead);
extern bool dbi_date_is_month(DbiDates *r, int ahead);
extern bool dbi_date_month_period(DbiDates *r, int year, int month);
extern bool dbi_date_day_period(DbiDates *r, int year, int month, int day);
extern bool dbi_date_read_month_date(DbiDates *r);
extern bool dbi_date_read_digits(DbiDates *r);
extern bool dbi_date_read_quarter(DbiDates *r);
extern bool dbi_date_read_year(DbiDates *r);
extern bool dbi_date_read_part(DbiDates *r);
extern bool dbi_date_read_numbered_week(DbiDates *r);
extern bool dbi_date_read_week_of(DbiDates *r);

/* dates_day.c */
extern bool dbi_date_read_weekday(DbiDates *r);
extern bool dbi_date_read_weekend(DbiDates *r);
extern bool dbi_date_read_day_word(DbiDates *r);
extern bool dbi_date_read_ago(DbiDates *r);
extern bool dbi_date_read_ordinal_day(DbiDates *r);
extern bool dbi_date_read_hour(DbiDates *r);

/* dates.c */
extern bool dbi_date_read_point(DbiDates *r);

#endif
