/*
 * router_logistic.c: logistic regression of a few features, whole batch, in a
 * fixed number of rounds: the same numbers give the same weights.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "agents/router_learn.h"

#define ROUNDS 900
#define RATE 0.8
#define DECAY 1e-4

void
dbi_table_init(DbiTable *t, int columns)
{
	t->columns = columns;
	t->n = 0;
	t->size = 1024;
	t->x = palloc(sizeof(double) * columns * t->size);
	t->yes = palloc(sizeof(bool) * t->size);
}

/* The features of a new row, to be filled in. Its memory is the table's. */
double *
dbi_table_row(DbiTable *t, bool yes)
{
	if (t->n == t->size)
	{
		t->size *= 2;
		t->x = repalloc_huge(t->x, sizeof(double) * t->columns * t->size);
		t->yes = repalloc_huge(t->yes, sizeof(bool) * t->size);
	}
	t->yes[t->n] = yes;
	return t->x + (Size) t->columns * t->n++;
}

/* Weights for "yes when their sum is positive"; frees the table's rows. */
void
dbi_fit_logistic(DbiTable *t, float *weights)
{
	double *w = palloc0(sizeof(double) * t->columns);
	double *g = palloc(sizeof(double) * t->columns);

	for (int round = 0; round < ROUNDS && t->n > 0; round++)
	{
		CHECK_FOR_INTERRUPTS();
		memset(g, 0, sizeof(double) * t->columns);
		for (int i = 0; i < t->n; i++)
		{
			const double *x = t->x + (Size) t->columns * i;
			double z = 0;
			double error;

			for (int k = 0; k < t->columns; k++)
				z += w[k] * x[k];
			error = 1 / (1 + exp(-z)) - t->yes[i];
			for (int k = 0; k < t->columns; k++)
				g[k] += error * x[k];
		}
		for (int k = 0; k < t->columns; k++)
			w[k] -= RATE * (g[k] / t->n + DECAY * w[k]);
	}
	for (int k = 0; k < t->columns; k++)
		weights[k] = (float) w[k];
	pfree(t->x);
	pfree(t->yes);
	pfree(w);
	pfree(g);
}
