/*
 * databricks/mlflow.h: the door of MLflow: what the outbox sends there.
 */
#ifndef DBI_DATABRICKS_MLFLOW_H
#define DBI_DATABRICKS_MLFLOW_H

#include "postgres.h"

#include "net/delivery.h"

extern const DbiSender dbi_mlflow_run_sender;   /* kind mlflow_run */
extern const DbiSender dbi_mlflow_trace_sender; /* kind mlflow_trace */

#endif
