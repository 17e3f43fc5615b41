# trace_otlp() against OpenTelemetry's own definition of a trace: the Python package opentelemetry-proto, where there is
# one or PyPI can be reached.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $folder = PostgreSQL::Test::Utils::tempdir;
my $package = 'opentelemetry-proto==1.45.2';
my $python = 'python3';

sub has_package { return system(qq{$python -c "import opentelemetry.proto.collector.trace.v1.trace_service_pb2" >/dev/null 2>&1}) == 0 }

if (!has_package())
{
	system("python3 -m venv '$folder/venv' >/dev/null 2>&1 && timeout 60 '$folder/venv/bin/pip' -q install --retries 0 --timeout 10 $package >/dev/null 2>&1");
	$python = "$folder/venv/bin/python3";
	plan skip_all => 'there is no Python package opentelemetry-proto' unless has_package();
}

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION dbinsight');

# Ids are hexadecimal in OTLP/JSON, base64 in the JSON that protobuf knows by itself: the one difference.
PostgreSQL::Test::Utils::append_to_file("$folder/check.py", <<'PYTHON');
import base64, json, sys
from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
request = json.load(open(sys.argv[1]))
for r in request["resourceSpans"]:
    for scope in r["scopeSpans"]:
        for span in scope["spans"]:
            for member, size in (("traceId", 16), ("spanId", 8), ("parentSpanId", 8)):
                if member in span:
                    raw = bytes.fromhex(span[member])
                    assert len(raw) == size, member
                    span[member] = base64.b64encode(raw).decode()
message = json_format.ParseDict(request, ExportTraceServiceRequest())
spans = [s for r in message.resource_spans for c in r.scope_spans for s in c.spans]
roots = [s for s in spans if not s.parent_span_id]
assert len(roots) == 1 and len({s.trace_id for s in spans}) == 1
assert all(s.kind == s.SPAN_KIND_INTERNAL and 0 < s.start_time_unix_nano <= s.end_time_unix_nano for s in spans)
assert {s.parent_span_id for s in spans if s.parent_span_id} <= {s.span_id for s in spans}
print(" ".join(sorted(s.name for s in spans)), ExportTraceServiceRequest.FromString(message.SerializeToString()) == message)
PYTHON

for my $content ('off', 'on')
{
	my $trace = $node->safe_psql('postgres', "SET dbinsight.trace_content = $content; SELECT message_id AS m FROM dbinsight.chat('Why are costs high and jobs failing?') \\gset\n SELECT dbinsight.trace_otlp(:'m')");
	PostgreSQL::Test::Utils::append_to_file("$folder/$content.json", $trace);
	my ($out, $err) = run_command([ $python, "$folder/check.py", "$folder/$content.json" ]);
	like($out, qr/^execute_tool get_cost_anomalies .*invoke_agent cost invoke_agent performance invoke_workflow dbinsight plan True$/, "a trace with content $content is one") or diag($err);
}
$node->stop;
done_testing();
