/*
 * What people say for the values of arguments: "tokens that live forever" is
 * type LONG_LIVED_TOKEN, "two hops" is max_depth 2.
 */
CREATE TABLE dbinsight.argument_words (
	tool text NOT NULL DEFAULT '',
	argument text NOT NULL,
	value text NOT NULL,
	form text NOT NULL CHECK (form ~ '\S'),
	builtin boolean NOT NULL DEFAULT false,
	PRIMARY KEY (tool, argument, value, form)
);
COMMENT ON TABLE dbinsight.argument_words IS
'Words and phrases for a value of an argument, compared by stem; tool: of this tool only, empty of every tool with an argument of that name; in a form * stands for up to three words and # for a number; value # takes that number. The longest form found wins';

CREATE TRIGGER lexicon_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON dbinsight.argument_words
	FOR EACH STATEMENT EXECUTE FUNCTION dbinsight._lexicon_changed();

INSERT INTO dbinsight.argument_words (tool, argument, value, form, builtin)
SELECT w.tool, w.argument, w.value, btrim(f), true
FROM (VALUES
/* ---- kinds of violations ---- */
('get_compliance_violations', 'type', 'LONG_LIVED_TOKEN',
 'long lived token|token * forever|token * never expire|never expiring token|token * not expire|token * without expiry|token * without * expiry|token * without expiration|token * no expiry|token * no expiration|token * too long|token * dont expire|token * no end date|token * without end|token * live too long|token|pat|pats|api key|personal access token|eternal token|old token|token lifetime'),
('get_compliance_violations', 'type', 'UNMASKED_SENSITIVE_COLUMN',
 'unmasked|not masked|arent masked|isnt masked|without * mask|no mask|no masking|without masking|unprotected column|mask missing|missing mask|column * clear text|column * plain text|plaintext column|clear text|not * masked|lack * mask|masking|unmask'),
('get_compliance_violations', 'type', 'PUBLIC_GRANT_ON_SENSITIVE',
 'public grant|granted to everyone|grant to everyone|open to everybody|open to everyone|open to * whole company|open to all|open to anyone|open to the world|visible to all|visible to everyone|readable by everyone|readable by all|readable by anyone|everyone can read|everybody can read|anyone can read|anybody can read|all account users|account users|world readable|grant to all|granted to all|public access|publicly readable|whole company'),
('get_compliance_violations', 'type', 'SENSITIVE_TABLE_WITHOUT_OWNER',
 'without owner|without an owner|no owner|ownerless|orphan table|orphaned|nobody own|no one own|unowned|owner missing|missing owner|lack * owner'),
('get_compliance_violations', 'type', 'ADMIN_GRANT',
 'admin grant|admin right|made admin|new admin|admin * made|become admin|became admin|admin added|promoted to admin|granted admin|handed * admin|admin role|admin privilege|admin permission|administrator|admin'),
('get_compliance_violations', 'type', 'IP_ACL_WEAKENED',
 'ip access list * weakened|ip acl|ip access list * loosened|ip access list * removed|ip access list * disabled|ip access list|ip allow list|weakened ip|loosened ip|ip restriction|ip list * opened'),
('get_compliance_violations', 'type', 'AUDIT_WEAKENED',
 'audit * weakened|audit log * off|audit log * disabled|audit logging|logging * switched off|logging * turned off|logging * disabled|verbose audit|audit * turned off|audit * switched off|audit trail * cut'),
('get_compliance_violations', 'type', 'LEGACY_ACCESS_MODE',
 'legacy access mode|no isolation|without isolation|legacy mode|legacy cluster|isolation * shared|shared without isolation|old access mode|outdated access mode|table acl cluster|not unity catalog enabled|unisolated'),
('get_compliance_violations', 'type', 'UNSUPPORTED_RUNTIME',
 'unsupported runtime|end of support|end of life|eol|eos runtime|outdated runtime|old runtime|runtime * out of support|runtime * not supported|no longer supported|out of support|unsupported dbr|old dbr|outdated dbr|unsupported version|deprecated runtime|ancient runtime|obsolete runtime|runtime version|dbr'),
('get_compliance_violations', 'type', 'STALE_SENSITIVE_GRANT',
 'grant * nobody use|nobody use * grant|grant * no one use|right * no one use|grant * not need|stale grant|unused grant|grant * not used|grant * never used|unused right|unused permission|unused access|stale access|stale permission|right * nobody use|dormant grant|permission * never used|access * never used|access * no longer need'),
('get_compliance_violations', 'type', 'SHARE_WITHOUT_IP_ACL',
 'share * without * ip|share * no ip|delta share|delta sharing|share without ip acl|recipient * without * ip|recipient * no ip|recipient|unrestricted share|shares * open|open share|sharing * without'),
('get_compliance_violations', 'type', 'SUPPORT_ACCESS',
 'support access|vendor support|databricks support|databricks employee|databricks staff|databricks engineer|support engineer|support staff|vendor * in|vendor staff|vendor engineer|support people|support team'),
('get_compliance_violations', 'type', 'SENSITIVE_OFF_HOURS_READ',
 'off hours|off hour read|outside office hours|outside business hours|outside working hours|out of hours|after hours|in the dead of night|at unusual hours|at odd hours|weird hours|night read|nightly read|read * at night'),
/* ---- states of runs ---- */
('', 'result_state', 'RUNNING',
 'live now|open run|unfinished|executing|in the works|hanging|hung|stuck|at work right now|busy now|still at it|not yet done|still working|still open|on the go|still running|currently running|now running|running now|running right now|running at the moment|is running|are running|whats running|what is running|still * chugging|chugging along|still going|in progress|in flight|inflight|ongoing|under way|underway|active run|not finished|not done yet|still executing|executing now|still busy|hasnt finished|havent finished|live run'),
('', 'result_state', 'CANCELLED', 'cancelled|canceled|manual stop|pulled the plug|interrupted|terminated|cancelation|cancellation|cancel|aborted|aborted by|killed|stopped by|stopped manually|called off'),
('', 'result_state', 'TIMED_OUT', 'took too long|ran out of time|exceed * time limit|hit * time limit|over * time limit|time limit|timed out|time out|timeout|timing out|hit * timeout|ran into * timeout'),
('', 'result_state', 'SUCCEEDED', 'made it|ok run|clean run|without error|worked|finished ok|finished well|succeed|successful|success|green run|went through|completed|finished fine|finished ok|good run|passed'),
('', 'result_state', 'FAILED', 'blew up|blow up|bombed|fell over|tanked|bust|broke|break|errored out|went wrong|failed|fail|failing|failure|red run|crashed|crash|broken run|died|bad run|unsuccessful'),
('', 'result_state', 'SKIPPED', 'did not start|didnt start|never started|passed over|skipped|skipped run|were skipped|was skipped'),
('', 'result_state', 'BLOCKED', 'blocked|blocked run'),
('', 'result_state', 'ERROR', 'errored|in error|internal error'),
/* ---- kinds of resources ---- */
('', 'resource_type', 'JOB', 'job|workflow'),
('', 'resource_type', 'PIPELINE', 'pipeline|dlt'),
('', 'resource_type', 'WAREHOUSE', 'warehouse|sql warehouse|sql endpoint'),
('', 'resource_type', 'ENDPOINT', 'endpoint|serving endpoint|model endpoint|model serving'),
('', 'resource_type', 'CLUSTER', 'cluster|all purpose cluster|compute cluster|interactive cluster'),
('', 'resource_type', 'NOTEBOOK', 'notebook'),
('', 'resource_type', 'APP', 'app|apps'),
('', 'resource_type', 'DATABASE', 'database instance|lakebase|database'),
('', 'scope_type', 'WORKSPACE', 'workspace|per workspace|workspace level'),
('', 'scope_type', 'TAG', 'tag|tagged|tag scoped|tag level|team budget|per team|project budget|per project|cost center|label'),
('', 'scope_type', 'ACCOUNT', 'account|account wide|account level|whole account|entire account|company wide|global budget|overall budget|total budget'),
/* ---- directions ---- */
('', 'direction', 'upstream',
 'upstream|feed it|feed this|feeds that|come from|coming from|comes from|came from|feed|fed by|fed from|feeds|get * data from|gets * data from|get * from|source|sources|source of|origin|originate|built from|made of|made from|derived from|depends on|what * depend on|parent|parents|ancestor|input|inputs|populate|populated by|filled by|filled from|fills|fill|loaded from|backwards|what go into|what goes into|what goes in|who feeds|what flow into|what feed into|what land in|who write|written by|what write|who load|what load|what produce|produced by|created by|generated by|how * built|how * made|roots|root of|trace back|traced back|come together|receive * data from|pull * from|pulls from|draw on|draws on|get filled|get its data|get its rows|get their data|get loaded|precede|underlying|ingredients|back to * source|up|where * data from|calculated from|computed from|based on what|behind'),
('', 'direction', 'downstream',
 'downstream|it feed|they feed|this feed|feeds what|hang off|hangs off|hanging off|hang on|hangs on|built on|built on top|on top of|derived from it|depend on|depends on it|depend on it|what depends on|who depends on|who depend on|dependent|dependents|consumer|consumers|consumed by|consume|who consume|child|children|use by|used by|who use|uses it|fed by it|who get hit|will be hit|would be hit|gets hit|get hit|affected|affect|impact|impacted|impact analysis|blast radius|break|breaks|broken if|curse me|suffer|hurt|forward|forwards|flow into|flows into|goes into|go into|goes to|where * go|end up|ends up|read from it|reads from|what read|who read|down|fallout|if i change|if i drop|if i rename|if * change|if * drop|if * goes away|if * breaks|if * dies|relies on|rely on|relying on|do * feed|does * feed|do * supply|does * supply|where does * go|stop working|land in|lands in|sit on|sits on|sitting on|sit on top|receive it|receive from|picked up by|pick up|who need|where * used|used where|derived table|who * care|complain|notice|ripple|collateral|if * wrong|if * late|if * delete|if * remove|if * alter|if i touch|if * touch|gets its data from it|feeding into|feed into|read by|goes down|go down with|taps|next in line|reports built|dashboard|subscriber|leans on|lean on|reports * on'),
('', 'direction', 'both', 'both direction|both way|in both|up and down|upstream and downstream|full lineage|end to end|whole lineage|entire lineage|family tree'),
('', 'max_depth', '#', '# hop|# step|# level|# layer|# generation|depth #|depth of #|# deep|# node away|# edge'),
('', 'max_depth', '1', 'direct parent|direct child|direct source|direct consumer|directly|immediate|next hop|one up|one down'),
/* ---- services ---- */
('', 'service_name', 'jobs', 'job|workflow|lakeflow job|job service|orchestration|scheduler'),
('', 'service_name', 'sql', 'sql|warehouse|sql warehouse|query service|dbsql|sql endpoint'),
('', 'service_name', 'pipelines', 'pipeline|dlt|delta live table|declarative pipeline'),
('', 'service_name', 'serving', 'serving|model serving|endpoint|serving endpoint|inference service|model endpoint'),
('', 'service_name', 'clusters', 'cluster|compute|cluster start|all purpose compute'),
('', 'service_name', 'ingestion', 'ingestion|ingest|loading|auto loader|autoloader|loader'),
/* ---- domains of alerts ---- */
('', 'domain', 'cost', 'cost|money|spend|spending|budget|dollar|financial|finance|billing|finops|costs|bill|cash|expense'),
('', 'domain', 'security', 'security|infosec|secops|threat|intrusion|login|sign in'),
('', 'domain', 'performance', 'performance|query|slow|slowness|speed|latency'),
('', 'domain', 'reliability', 'reliability|service|uptime|availability|sla|outage|incident'),
('', 'domain', 'quality', 'quality|data alert|data alarm|table|data quality|freshness|dq|stale'),
('', 'domain', 'mlops', 'mlops|ml|model|machine learning|drift'),
('', 'domain', 'governance', 'governance|compliance|lineage|privacy|catalog'),
('', 'domain', 'network', 'network|egress|bandwidth|connectivity|traffic|networking'),
/* ---- tags that many accounts have ---- */
('', 'tag_key', 'team', 'team|squad|crew'),
('', 'tag_key', 'project', 'project|initiative'),
('', 'tag_key', 'environment', 'environment|env|stage'),
('', 'tag_key', 'env', 'environment|env|stage'),
('', 'tag_key', 'cost_center', 'cost center|cost centre|costcenter|costcentre|cost_center|kostenstelle'),
('', 'tag_key', 'department', 'department|dept|division'),
('', 'tag_key', 'business_unit', 'business unit|bu'),
('', 'tag_key', 'owner', 'owner'),
('', 'tag_key', 'application', 'application'),
('', 'tag_key', 'product', 'product'),
/* ---- severities where no noun follows ---- */
('', 'severity', 'critical', 'critical|crit|crits|criticals|urgent|blocker|emergency'),
('', 'severity', 'high', 'high|severe|major|serious'),
('', 'severity', 'medium', 'medium|moderate|med'),
('', 'severity', 'low', 'low|minor'),
('', 'severity', 'info', 'informational|info'),
/* ---- numbers by the noun beside them ---- */
('', 'min_failures', '#', '# * in row|# * consecutive|# * straight|# * back to back|# * running|# time * row|consecutive * #|# * after * other|# * after another|# fail|# failure|# failed run|# crash|# time|row of #|streak of #|streak * #|# or more|last # attempt|last # run|last # execution|all # run|# attempt|# red|# loss|# lost|# bad run|run of #|last # * fail|past # run'),
('', 'min_failures', '2', 'twice * row|twice running|both last runs'),
('', 'min_failures', '3', 'thrice * row|three times * row'),
('', 'min_runs', '#', 'fewer than # * run|less than # * run|at least # * run|# * run|# execution|# or more run|more than # * run|minimum # run|min # run|ran * # time|ran at least # time|run * # time|minimum #|min #|at least #|more than #|fewer than #|less than #|below # run|ignore * #|skip * #|exclude * #|leave out * #|less than # execution|fewer than # execution|under # run'),
('', 'z_threshold', '#', '# sigma|sigma #|sigma of #|# standard deviation|# std|# stddev|# sd|z score * #|z score #|z of #|z #|zscore #|# z score|z threshold #|# deviation|sensitivity #|sensitivity of #|threshold #|threshold of #|threshold * to #|cutoff #|cut off #|score * #|beyond # *|factor #'),
('', 'cpu_threshold', '#', '# % cpu|cpu * below #|cpu * under #|cpu * less than #|# percent cpu|# pct cpu|below # cpu|below # * cpu|under # * cpu|less than # * cpu|cpu threshold #|cpu limit #|# * cpu * limit|# as * limit|# as * threshold|idle below #|idle under #|limit of #|threshold of #'),
('', 'min_spill_gib', '#', '# gib|# gb|# gig|# gigabyte|# gigs'),
('', 'threshold_seconds', '#', 'threshold of #|threshold #|limit of #')
) AS w(tool, argument, value, forms), regexp_split_to_table(w.forms, '\|') f
WHERE btrim(f) <> ''
ON CONFLICT DO NOTHING;
