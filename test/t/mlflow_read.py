"""What an MLflow server has, as its own Python client sees it: mlflow_read.py URI. One JSON object."""

import json
import sys

import mlflow

mlflow.set_tracking_uri(sys.argv[1])
client = mlflow.MlflowClient()
found = {"runs": {}, "traces": {}}
for experiment in client.search_experiments():
    for run in client.search_runs([experiment.experiment_id]):
        history = {key: [[m.step, m.value if m.value == m.value else "NaN"] for m in client.get_metric_history(run.info.run_id, key)] for key in run.data.metrics}
        found["runs"].setdefault(run.info.run_name, []).append({
            "id": run.info.run_id, "experiment": experiment.name, "status": run.info.status, "params": run.data.params, "tags": run.data.tags,
            "metrics": history, "seconds": (run.info.end_time - run.info.start_time) / 1000})
    for trace in client.search_traces(locations=[experiment.experiment_id]):
        found["traces"][trace.info.trace_id] = {
            "experiment": experiment.name, "state": str(trace.info.state.value), "preview": trace.info.request_preview,
            "response": trace.info.response_preview, "metadata": trace.info.trace_metadata,
            "spans": [[s.name, s.span_type, s.parent_id, s.status.status_code.value, s.inputs] for s in trace.data.spans]}
json.dump(found, sys.stdout)
