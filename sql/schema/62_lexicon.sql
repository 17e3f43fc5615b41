/*
 * What words mean to the embedded planner, as tables anyone with the right to
 * may change: concepts, the forms they are said in, what they speak for.
 */
CREATE TABLE dbinsight.concepts (
	name text PRIMARY KEY,
	kind text NOT NULL DEFAULT 'topic'
		CHECK (kind IN ('topic', 'intent', 'scope', 'write', 'injection', 'smalltalk', 'stop', 'follow')),
	description text NOT NULL DEFAULT '',
	builtin boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE dbinsight.concepts IS
'Concepts of the planner. kind: topic speaks for agents and tools; intent says what is wanted; scope speaks for nothing of ours; write orders a change; injection attacks the rules; smalltalk; stop carries no meaning; follow points back into the conversation';

CREATE TABLE dbinsight.concept_forms (
	concept text NOT NULL REFERENCES dbinsight.concepts ON UPDATE CASCADE ON DELETE CASCADE,
	form text NOT NULL,
	weight float4 NOT NULL DEFAULT 1,
	builtin boolean NOT NULL DEFAULT false,
	PRIMARY KEY (concept, form)
);
COMMENT ON TABLE dbinsight.concept_forms IS
'Words and phrases that mean a concept, compared by stem; with = in front by the very words; <job>, <table>, <date> and the like stand for a thing of that type';

CREATE TABLE dbinsight.concept_weights (
	concept text NOT NULL REFERENCES dbinsight.concepts ON UPDATE CASCADE ON DELETE CASCADE,
	with_concept text NOT NULL DEFAULT '',
	agent text NOT NULL,
	tool text NOT NULL DEFAULT '',
	weight float4 NOT NULL,
	builtin boolean NOT NULL DEFAULT false,
	PRIMARY KEY (concept, with_concept, agent, tool)
);
COMMENT ON TABLE dbinsight.concept_weights IS
'What a concept speaks for: an agent, or one of its tools; agent - means nothing of ours; with_concept: only when that concept is in the same clause';

CREATE TABLE dbinsight.tool_companions (
	tool text NOT NULL,
	intent text NOT NULL,
	companion text NOT NULL,
	position int NOT NULL DEFAULT 100,
	builtin boolean NOT NULL DEFAULT false,
	PRIMARY KEY (tool, intent, companion)
);
COMMENT ON TABLE dbinsight.tool_companions IS
'Tools called beside a tool for an intent: why adds those that look for causes, platform those of a platform-wide question; a concept adds those that its words ask for; position 0: in a follow-up before the tool itself, whose answer is known; of_KIND (of_job, of_workspace) the tool that answers in its place when a thing of that kind is named which neither its arguments nor its rows tell';

CREATE TABLE dbinsight.name_hints (
	pattern text PRIMARY KEY CHECK (pattern ~ '^%?[^%]+%?$' AND pattern = lower(pattern)),
	kind text NOT NULL,
	builtin boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE dbinsight.name_hints IS
'What an identifier that is not in the account is likely to name, by how it begins or ends';

/* A change reaches every backend as an invalidation of the relation. */
CREATE FUNCTION dbinsight._lexicon_changed() RETURNS trigger
	LANGUAGE C AS 'MODULE_PATHNAME', 'dbi_lexicon_changed';
COMMENT ON FUNCTION dbinsight._lexicon_changed() IS 'Makes every backend read the registry and the lexicon anew';

DO $$
DECLARE
	t text;
BEGIN
	FOREACH t IN ARRAY ARRAY['agents', 'agent_tools', 'concepts', 'concept_forms', 'concept_weights', 'tool_companions', 'name_hints'] LOOP
		EXECUTE format('CREATE TRIGGER lexicon_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON dbinsight.%I'
			' FOR EACH STATEMENT EXECUTE FUNCTION dbinsight._lexicon_changed()', t);
	END LOOP;
END $$;

/*
 * Names of the account. key is lower case, value what a tool takes: a name,
 * or the id that was given. Each branch has an index on its key.
 */
CREATE VIEW dbinsight.known_names WITH (security_invoker = true) AS
SELECT 'workspace' AS kind, lower(workspace_name) AS key, workspace_name AS value FROM dbinsight.dim_workspace WHERE workspace_name IS NOT NULL
UNION ALL SELECT 'workspace', workspace_id, workspace_id FROM dbinsight.dim_workspace
UNION ALL SELECT 'job', lower(job_name), job_name FROM dbinsight.dim_job WHERE is_current AND job_name IS NOT NULL
UNION ALL SELECT 'job', job_id, job_id FROM dbinsight.dim_job WHERE is_current
UNION ALL SELECT 'pipeline', lower(pipeline_name), pipeline_name FROM dbinsight.dim_pipeline WHERE is_current AND pipeline_name IS NOT NULL
UNION ALL SELECT 'pipeline', pipeline_id, pipeline_id FROM dbinsight.dim_pipeline WHERE is_current
UNION ALL SELECT 'warehouse', lower(warehouse_name), warehouse_name FROM dbinsight.dim_warehouse WHERE is_current AND warehouse_name IS NOT NULL
UNION ALL SELECT 'warehouse', warehouse_id, warehouse_id FROM dbinsight.dim_warehouse WHERE is_current
UNION ALL SELECT 'cluster', lower(cluster_name), cluster_name FROM dbinsight.dim_cluster WHERE is_current AND cluster_name IS NOT NULL
UNION ALL SELECT 'cluster', cluster_id, cluster_id FROM dbinsight.dim_cluster WHERE is_current
UNION ALL SELECT 'endpoint', lower(endpoint_name), endpoint_name FROM dbinsight.dim_served_entities WHERE is_current AND endpoint_name IS NOT NULL
UNION ALL SELECT 'model', lower(entity_name), entity_name FROM dbinsight.dim_served_entities WHERE is_current AND entity_name IS NOT NULL
UNION ALL SELECT 'model', lower(split_part(entity_name, '.', -1)), entity_name FROM dbinsight.dim_served_entities WHERE is_current AND entity_name LIKE '%.%'
UNION ALL SELECT 'model', lower(name), name FROM dbinsight.models
UNION ALL SELECT 'table', lower(table_full_name), table_full_name FROM dbinsight.dim_table
UNION ALL SELECT 'table', lower(table_name), table_full_name FROM dbinsight.dim_table
UNION ALL SELECT 'schema', lower(table_catalog || '.' || table_schema), table_catalog || '.' || table_schema FROM dbinsight.dim_table
UNION ALL SELECT 'sku', lower(sku_name), sku_name FROM dbinsight.fact_list_prices;
COMMENT ON VIEW dbinsight.known_names IS
'Names and ids of the account by kind: key in lower case, value as tools take it';

CREATE INDEX ON dbinsight.dim_workspace (lower(workspace_name));
CREATE INDEX ON dbinsight.dim_job (lower(job_name)) WHERE is_current;
CREATE INDEX ON dbinsight.dim_job (job_id) WHERE is_current;
CREATE INDEX ON dbinsight.dim_pipeline (lower(pipeline_name)) WHERE is_current;
CREATE INDEX ON dbinsight.dim_pipeline (pipeline_id) WHERE is_current;
CREATE INDEX ON dbinsight.dim_warehouse (lower(warehouse_name)) WHERE is_current;
CREATE INDEX ON dbinsight.dim_warehouse (warehouse_id) WHERE is_current;
CREATE INDEX ON dbinsight.dim_cluster (lower(cluster_name)) WHERE is_current;
CREATE INDEX ON dbinsight.dim_served_entities (lower(endpoint_name)) WHERE is_current;
CREATE INDEX ON dbinsight.dim_served_entities (lower(entity_name)) WHERE is_current;
CREATE INDEX ON dbinsight.dim_served_entities (lower(split_part(entity_name, '.', -1))) WHERE is_current AND entity_name LIKE '%.%';
CREATE INDEX ON dbinsight.dim_table (lower(table_schema));
CREATE INDEX ON dbinsight.dim_table (lower(table_full_name));
CREATE INDEX ON dbinsight.dim_table (lower(table_name));
CREATE INDEX ON dbinsight.dim_table (lower(table_catalog || '.' || table_schema));
CREATE INDEX ON dbinsight.fact_list_prices (lower(sku_name));

/*
 * A concept that ships with the extension. forms: 'a|b b|=c|d^0.5' (^ gives a
 * weight); weights: 'agent 2; agent/tool 1.5; other + agent/tool 2'.
 */
CREATE FUNCTION dbinsight._builtin_concept(name text, kind text, description text, forms text, weights text DEFAULT '') RETURNS void
	LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
	INSERT INTO dbinsight.concepts (name, kind, description, builtin)
	VALUES (_builtin_concept.name, _builtin_concept.kind, _builtin_concept.description, true);
	INSERT INTO dbinsight.concept_forms (concept, form, weight, builtin)
	SELECT DISTINCT ON (1, 2) _builtin_concept.name, split_part(btrim(f), '^', 1), coalesce(nullif(split_part(btrim(f), '^', 2), '')::float4, 1), true
	FROM regexp_split_to_table(_builtin_concept.forms, '\|') f WHERE btrim(f) <> '';
	INSERT INTO dbinsight.concept_weights (concept, with_concept, agent, tool, weight, builtin)
	SELECT _builtin_concept.name, coalesce(m[1], ''), m[2], coalesce(m[3], ''), m[4]::float4, true
	FROM regexp_split_to_table(_builtin_concept.weights, ';') w,
		regexp_match(btrim(w), '^(?:(\w+) \+ )?([a-z0-9_]+|-)(?:/(\w+))? (-?[0-9.]+)$') m
	WHERE btrim(w) <> '';
$$;
COMMENT ON FUNCTION dbinsight._builtin_concept(text, text, text, text, text) IS 'A concept that ships with the extension: forms and weights in a short notation';

SELECT dbinsight._builtin_concept(c.name, c.kind, c.description, c.forms, coalesce(c.weights, '')) FROM (VALUES
/* ---- words that carry no meaning ---- */
('function_word', 'stop', 'articles, pronouns, auxiliaries, prepositions',
 'the|a|an|of|our|my|your|their|its|his|her|me|us|we|i|you|they|is|are|was|were|be|been|being|am|do|does|did|done|any|some|each|every|there|here|to|for|in|on|at|by|with|from|into|as|if|or|and|too|very|really|actually|currently|just|also|then|so|else|ever|yet|still|both|such|own|got|get|gets|already|im|ive|weve|were|theres|whats|hows|please|thing|things|stuff|bit|one|ones|much|lot|lots|need|want|know|tell|say|let|lets', null),
('command_word', 'stop', 'verbs that only ask to see', 'show|list|give|display|see|view|fetch|present|provide|return|find|check|pull|bring|print out|output|detail|details', null),
('polite', 'topic', 'courtesy before an order', 'please|can|could|would|will|shall|should|must|might|kindly|hey|hi|hello|ok|okay|now|want|need|like|help|lets|let|go|ahead|just|you|i|we|me|us|to|id|ill|the|dbinsight|quickly|immediately|also|then|and|assistant|simply|lemme|gimme', null),

/* ---- vocabulary only: known words, not to be taken for typos ---- */
('plain', 'topic', 'common words that stand for nothing here but are no typos',
 'yesterday|today|tonight|tomorrow|overnight|morning|afternoon|evening|night|weekend|monday|tuesday|wednesday|thursday|friday|saturday|sunday|january|february|march|april|june|july|august|september|october|november|december|second|minute|hour|hourly|day|daily|week|weekly|month|monthly|quarter|quarterly|year|yearly|annual|fortnight|recently|lately|since|until|before|after|during|between|within|first|last|past|next|previous|current|this|that|these|those|about|house|coats|coast|every|other|another|where|there|their|which|while|whose|would|could|should|might|people|person|company|customer|customers|number|amount|value|level|point|place|right|small|large|great|little|long|short|start|begin|happen|happened|happening|work|works|working|team|teams|project|production|staging|development|critical|high|medium|low|think|thing|today|hours|minutes|seconds|percent|dollars|because|through|against|without|around|under|above|below|please|quick|quickly|normal|usual|usually|whole|entire|total|average|maximum|minimum|count|counts|early|later|latest|newest|oldest|biggest|largest|smallest|highest|lowest|better|worse|best|worst|good|great|nice|fine|alright|tables|loads|reads|writes|state|states|worth|plans|plane|planet|coach|choir|paths|plant|stage|chess|quiet|quite|house|horse|mouse|share|shared|score|sport|sports|store|story|study|speak|speech|space|spare|spoke|sound|south|north|water|world|woman|world|whether|wether|wheel|loaf|light|limit|linen|train|plain|brain|trail|crash|stock|stocks|music|movie|movies|recipe|recipes|dinner|lunch|pizza|games|game|color|colors|email|letter|paper|phone|photo|picture|market|rates|crazy|break|bread|cough|doubt|court|coupe|modal|modem|medal|metal|battery|usage|using|built|build|given|taken|about|above|accept|accident|according|account|across|action|active|activity|actual|actually|address|admit|adult|affect|after|again|against|agency|agent|agree|agreement|ahead|allow|almost|alone|along|already|although|always|among|amount|analyst|answer|anyone|anything|anyway|appear|apply|approach|april|argue|around|arrive|article|aside|asked|asking|assume|attack|attention|author|avoid|award|aware|backup|balance|basic|basis|battle|beach|beads|beautiful|became|because|become|before|began|begin|behavior|behind|being|belief|believe|belong|below|beneath|benefit|beside|better|between|beyond|bigger|birth|black|blame|blind|block|blood|board|boast|bother|bottle|bottom|bought|brand|brave|bring|brother|brought|brown|brush|budget|build|building|business|buyer|camera|campaign|cancer|candidate|cannot|career|careful|carry|catch|caught|cause|causes|center|central|century|certain|chain|chair|challenge|chance|chapter|character|charge|cheap|check|cheese|child|children|choice|choose|church|circle|citizen|civil|claim|class|clause|clean|clear|clearly|client|climb|clinic|clock|close|closed|closer|clothes|cloud|coach|coast|coffee|collect|college|color|column|combine|comfort|coming|command|comment|common|community|company|compare|complete|concern|condition|confirm|consider|contain|content|continue|contract|control|corner|correct|costume|could|council|counter|country|couple|courage|course|court|cousin|cover|crash|crazy|cream|create|credit|crime|cross|crowd|culture|current|custom|customer|cycle|daily|damage|dance|danger|daughter|death|debate|decade|decide|decision|defense|degree|deliver|demand|depend|describe|desert|design|despite|detail|develop|device|dialog|differ|different|difficult|dinner|direct|direction|director|dirty|discover|discuss|disease|divide|doctor|double|doubt|dozen|draft|drama|dream|dress|drink|drive|driver|during|eager|early|earth|easily|economy|editor|effect|effort|eight|either|elect|empty|enable|enemy|energy|engine|enjoy|enough|ensure|enter|entire|equal|error|escape|especially|essay|evening|event|every|exact|examine|example|except|excuse|exist|expand|expect|expert|explain|express|extra|faith|false|family|famous|fancy|father|favor|feature|fence|fever|field|fight|figure|final|finally|finger|finish|first|floor|flower|focus|follow|force|foreign|forest|forget|former|forward|found|frame|freedom|fresh|friend|front|fruit|fully|function|funny|future|garden|gather|general|ghost|giant|glass|global|government|grade|grand|grass|great|green|greet|ground|group|growth|guard|guess|guest|guests|guide|guilty|habit|handle|happen|happy|hardly|heads|health|heard|heart|heavy|hence|herself|himself|history|honest|horse|hospital|hosting|hosts|hotel|house|however|human|hundred|hurry|husband|ideal|identify|image|imagine|impact|important|improve|include|income|increase|indeed|index|industry|inform|inside|instead|insure|intend|interest|invest|invite|involve|island|issue|itself|jacket|joint|journal|journey|judge|juice|junior|justice|kitchen|knife|knock|known|label|labor|language|large|later|laugh|launch|lawyer|layer|leader|leads|league|learn|least|leather|leave|legal|lesson|letter|level|liberty|library|light|likely|limit|listen|literally|little|loads|loans|local|locate|logic|loose|lower|loyal|lunch|machine|magic|maintain|major|maker|making|manage|manager|manner|market|marry|master|match|material|matter|maxed|maybe|mayor|meaning|measure|media|medical|meeting|member|memory|mention|message|messy|metal|method|middle|might|military|mining|minor|minute|mirror|mission|mistake|mixing|modern|moment|money|month|moral|morning|mother|motion|mountain|mouse|mouth|movement|movie|murder|museum|music|myself|naming|narrow|nation|nature|nearly|necessary|negative|neighbor|neither|nerve|never|newer|newspaper|night|nobody|noise|noisy|normal|north|nothing|notice|novel|nurse|object|obvious|ocean|october|offer|office|officer|often|older|online|opera|operate|opinion|option|order|organ|other|ought|outside|owner|pager|paging|paint|panel|paper|parent|particular|partner|party|patch|patient|pattern|pause|peace|people|perfect|perhaps|period|permit|person|phone|photo|phrase|piano|picture|piece|pilot|pizza|place|plain|plane|planet|plant|plastic|plate|player|please|plenty|point|police|policy|popular|position|possible|posting|posts|potato|pound|power|practice|praise|prepare|present|press|pretty|prevent|price|pride|priest|print|prison|private|prize|problem|proceed|product|profit|program|promote|proof|proper|protect|proud|prove|provide|public|pupil|purple|purpose|quality|queen|queue|quick|quickly|quiet|quite|radio|raise|range|rapid|rarely|rather|reach|react|reads|ready|reality|realize|really|reason|recall|receive|recent|recipe|record|reduce|refer|reflect|reform|refuse|regard|region|regret|relate|relax|relief|remain|remember|remind|remote|remove|repeat|reply|report|require|rescue|research|reserve|resist|respect|respond|result|return|reveal|review|reward|rhythm|right|river|roads|roasts|rough|round|route|royal|rural|safety|salad|salary|sauce|scale|scene|school|science|scope|screen|script|search|season|second|secret|section|sector|seize|select|senate|senior|sense|sentence|separate|series|serious|serve|session|settle|seven|several|severe|shade|shadow|shake|shall|shape|share|sharp|sheet|shelf|shell|shift|shine|shirt|shock|shoot|short|should|shoulder|shout|shower|shrink|sight|signal|silent|silver|similar|simple|simply|since|single|sister|skill|sleep|slice|slide|slight|small|smart|smell|smile|smoke|smooth|soccer|social|soldier|solid|solve|sorry|sound|source|south|space|spare|speak|special|speech|speed|spell|spend|spirit|split|spoke|sport|spread|spring|square|stable|staff|stage|stair|stand|standard|stare|start|state|station|status|steady|steal|steel|stick|still|stomach|stone|stood|store|storm|story|straight|strange|stream|street|strength|stress|stretch|strike|string|strong|struggle|student|studio|study|stuff|stupid|style|subject|submit|succeed|sudden|suffer|sugar|suggest|summer|super|supper|supply|support|suppose|surely|surface|surgery|survive|suspect|sweet|switch|symbol|system|table|taken|talent|target|tasks|taste|teach|teacher|technical|teeth|telephone|temper|terrible|tested|tests|thank|theme|theory|therapy|there|therefore|these|thick|thing|think|third|thirty|those|though|thought|thousand|thread|three|threw|throat|through|throw|ticket|tiger|tight|tired|title|toast|toasts|today|together|tonight|tooth|topic|total|touch|tough|toward|tower|trace|track|trade|tradition|train|transfer|travel|treat|trend|trial|tribe|trick|trouble|truck|truly|trust|truth|twelve|twenty|twice|twist|uncle|under|understand|union|unique|unless|until|upper|upset|urban|useful|usual|usually|vacation|valley|value|various|victim|video|village|violent|visit|visual|vital|voice|volume|waste|watch|water|wealth|weapon|weather|wedding|weekend|weight|welcome|whatever|wheel|where|whether|which|while|white|whole|whose|willing|window|winner|winter|wisdom|within|without|witness|woman|women|wonder|worker|world|worry|worse|worst|worth|would|wound|write|writer|wrong|wrote|yellow|yesterday|yield|young|yours|youth|finance|marketing|sales|engineering|analytics|platform', null),

/* ---- intents ---- */
('why', 'intent', 'asks for the cause', 'why|how come|cause|caused|causing|reason|reasons|root cause|what is behind|behind|explain|what made|what makes|responsible for|due to|whats behind|what led to|what triggered|diagnose|investigate|culprit|blame', null),
('compare', 'intent', 'sets two things beside each other', 'compare|compared|comparison|versus|vs|against|difference between|differ|relative to|change from|than last|than previous|than before|side by side|compared with|up or down', null),
('forecast_intent', 'intent', 'asks for what will be', 'forecast|predict|projection|going to be', null),
('summarise', 'intent', 'asks for a summary', 'summarize|summarise|summary|overview|recap|digest|sum up|brief me|rundown|roundup|highlights', null),
('trend', 'intent', 'asks for a course over time', 'trend|trends|trending|over time|history of|develop|developing|evolution|evolve|trajectory|day by day|growing|growth|pattern over', null),
('count', 'intent', 'asks for a number', 'how many|number of|count of|how often', null),
('when', 'intent', 'asks for a time', 'when|what time|since when', null),
('list', 'intent', 'asks for things', 'which|who|list all|enumerate', null),
('whether', 'intent', 'asks yes or no', 'is there|are there|did anyone|has anyone', null),
('asks', 'topic', 'words of a question, by which a statement named in it is not an order', 'who|which|what|when|did|has|why|how|how many|was|were', null),
('document', 'topic', 'what is made by reading only', 'report|summary|overview|chart|graph|list|forecast|breakdown|dashboard|comparison|analysis|table of|digest|recap', null),
('day_over_day', 'intent', 'this day against the one before', 'day over day|dod|day on day', null),
('week_over_week', 'intent', 'this week against the one before', 'week over week|wow|week on week|wow change', null),
('month_over_month', 'intent', 'this month against the one before', 'month over month|mom|month on month', null),
('quarter_over_quarter', 'intent', 'this quarter against the one before', 'quarter over quarter|qoq|quarter on quarter', null),
('year_over_year', 'intent', 'this year against the one before', 'year over year|yoy|year on year', null),
('upstream', 'topic', 'where a table comes from', 'upstream|source|sources|come from|comes from|came from|fed by|feeds into it|built from what|derived from|origin|inputs|what feeds|parents|ancestors|populated from|read from', 'governance 0.6; governance/get_table_lineage 1'),
('downstream', 'topic', 'where a table goes', 'downstream|depend|depends on|dependents|consumers|consumes|used by|built from|impact|affected tables|children|feeds from|what breaks if|derives from', 'governance 0.5; governance/get_table_lineage 1; incident + governance -0.8; down + governance -0.5'),

/* ---- cost ---- */
('spend', 'topic', 'money', 'cost|costs|costing|spend|spent|spending|bill|billing|bills|invoice|invoiced|charge|charges|charged|expense|expenses|expenditure|dbu|dbus|consumption|credits|credit|money|dollars|usd|bucks|price|pay|paying|paid|burn|burning|burn rate|burned|outlay|finances|financial|financially|chargeback|showback|spends|finops|cash|euros|run up|racked up|rack up|clocked up|shelled out|shell out|forked out|fork out|quid|opex|accrual|accruals|whats the damage|what is the damage|price tag|set us back|sets us back|cloud bill|invoicing|burnt',
 'cost 2; cost/get_daily_cost_summary 0.6; compare + cost/get_daily_cost_summary 1.5; trend + cost/get_daily_cost_summary 1; fail_risk + cost -0.5; inference + cost -0.6'),
('expensive', 'topic', 'what costs much', 'most expensive|cost most|burned most|burns most|expensive|priciest|costliest|most costly|costly|pricey|dear|biggest spender|top spender|spenders|heaviest|eats|eating|ate|ate up|hog|hogs|money goes|money going|where does money go|budget killer|dearest|money pit|money pits|money eater|money eaters|wallet drainers|gas guzzler|gas guzzlers|resource hogs|big ticket|budget eaters|cost hogs|guzzle|guzzles|guzzling|pricier|getting pricier|getting expensive|getting dearer|dearer|more expensive|cheaper|cash going|cash goes|cash go|cash went|money went|money go|dollars going|dollars go|dollars went|budget going|money disappearing|money vanishing|cash burners|wallet biggest|biggest bills',
 'cost 1.8; cost/get_top_cost_drivers 1.5; sku + cost/get_cost_by_sku 1; workspace_word + cost/get_workspace_cost_breakdown 1; query + cost 0.2'),
('anomaly', 'topic', 'out of the ordinary', 'spike|spikes|spiked|spiking|jump|jumped|surge|surged|anomaly|anomalies|anomalous|unusual|unexpected|unexpectedly|abnormal|abnormally|outlier|outliers|shot up|go up|went up|gone up|rise|rose|risen|increase|increased|increasing|sudden|suddenly|blew up|blow up|bump|weird|strange|skyrocket|skyrocketed|exploded|explode|through the roof|doubled|balloon|ballooned|peak|high|higher|hike|hiked|leap|soar|soared|climbing|climbed|out of whack|off the charts|hockey stick|blip|blips|aberration|irregularity|irregularities|haywire|out of pattern|ramped up|crept up|creeping up|leapt|ballooning|bill shock|sticker shock|out of the ordinary',
 'spend + cost/get_cost_anomalies 2.2; expensive + cost/get_cost_anomalies 1; user_word + security 0.5; login + security 0.5; connection + network/get_connection_patterns 0.8; dq + quality 0.4; rows + quality/get_drift_metrics 1'),
('driver', 'topic', 'what makes up the cost', 'drive|drives|driving|driver|drivers|cost driver|cost drivers|contributor|contributors|contributing|culprits|spending most|cost most|costs most|biggest cost|biggest costs|largest cost|top cost|top costs|resources cost|cost more than usual|top offenders|worst offenders|biggest offenders|main contributors|whats eating|what is eating|bulk of cost|bulk of spend|line items|whodunnit|culprit|perpetrator|guilty party|to blame for bill|biggest items|biggest consumers|top consumers|top burners',
 'cost 1.2; cost/get_top_cost_drivers 3'),
('workspace_word', 'topic', 'workspaces', 'workspace|workspaces|by workspace|per workspace|each workspace|<workspace>^0.5|<environment>^0.5',
 'spend + cost/get_workspace_cost_breakdown 1.4; budget + cost/get_budget_status 0.5; anomaly + cost/get_workspace_cost_breakdown -1; forecast + cost/get_workspace_cost_breakdown -2; compare + cost/get_workspace_cost_breakdown 0.8; driver + cost/get_workspace_cost_breakdown -1.2'),
('workspace_named', 'topic', 'a workspace by name or use', '<workspace>|<environment>', 'spend + cost/get_workspace_cost_breakdown 2; anomaly + cost/get_workspace_cost_breakdown -2; driver + cost/get_workspace_cost_breakdown -1'),
('breakdown', 'topic', 'a sum by its parts', 'breakdown|break down|broken down|split|itemized|itemised|by product|per product|composition|distribution of spend', 'spend + cost/get_workspace_cost_breakdown 0.8; sku + cost/get_cost_by_sku 0.8; workspace_word + cost/get_workspace_cost_breakdown 1'),
('sku', 'topic', 'SKUs', 'sku|skus|by sku|per sku|unit price|list price|product code|serverless sql|all purpose compute|jobs compute|<sku>', 'cost 1.6; cost/get_cost_by_sku 1.8; trend + cost/get_sku_cost_trend 2.5; sku_named + cost/get_sku_cost_trend 1.5'),
('sku_named', 'topic', 'a SKU by its name', '<sku>', 'cost/get_sku_cost_trend 1'),
('forecast', 'topic', 'what will be', 'forecast|forecasts|forecasted|predict|prediction|predicted|projection|projected|projections|estimate|estimated|outlook|going to spend|going to cost|will cost|will we spend|will spend|expected spend|expected cost|run rate|end up|extrapolate|expect to pay|expect to spend|anticipate|anticipated|future|where will we land|where do we land|land at|heading for|headed for|on course for|next months bill|coming bill',
 'cost 0.9; cost/get_cost_forecast 2; spend + cost/get_cost_forecast 1.5; fail + cost -0.8; fail + performance/get_job_failure_risk 3.5; job + cost -0.4; budget + cost/get_budget_status 1; model_word + cost -0.6'),
('budget', 'topic', 'budgets', 'budget|budgets|budgeted|over budget|overspend|overspent|overspending|overrun|exceed budget|spending limit|spending limits|spend limit|spend cap|allocation|allowance|out of money|blow budget|blown budget|blown through|within budget|under budget|on budget|above budget|within plan|over plan|under plan|above plan|on plan|against plan|versus plan|vs plan|spending targets|money left|envelope|envelopes|on track with budget|commitment|committed spend|wallet last|money last|last until month end|kitty|war chest|coffers|purse strings|allotment|allotments|spending envelope|out of budget|budget left|budget remaining',
 'cost 2; cost/get_budget_status 3.5; error_budget + cost -3'),
('error_budget', 'topic', 'how much failure a promise leaves', 'error budget|error budgets', 'reliability 2; reliability/get_uptime_metrics 2'),
('month_to_date', 'topic', 'this month so far', '<running_month>^0.7|month to date|=month to date|mtd|=mtd|=so far this month|=this month so far|so far this month|this month so far|month end|end of month|month so far|current month|running month|mtd figure', 'cost 0.8; cost/get_cost_mtd_summary 0.5; spend + cost/get_cost_mtd_summary 2; compare + cost/get_cost_mtd_summary -1'),
('day_wise', 'topic', 'each day by itself', 'daily|per day|each day|every day|by day|day by day|per calendar day|day for day|days of|cost curve|spend curve|~a day|$ per day|curve',
 'spend + cost/get_daily_cost_summary 1.5; month_to_date + cost/get_cost_mtd_summary -2'),
('tag', 'topic', 'tags and what they stand for', 'tag|tags|tagged|tagging|by team|per team|each team|by project|per project|each project|by department|per department|cost center|cost centre|business unit|chargeback|showback|squad|squads',
 'cost 1; spend + cost/get_cost_by_tag 1.5'),
('untagged', 'topic', 'what carries no tag', 'untagged|not tagged|no tag|no tags|without tags|without tag|without any tag|missing tags|missing tag|tags missing|lack tags|lacks tags|lacking tags|unlabelled|unlabeled|unattributed|unallocated|carry no tag|carries no tag|forgot to tag|never tagged|nobody tagged',
 'cost 2; cost/get_untagged_resources 3; cost/get_cost_by_tag -1'),

/* ---- security ---- */
('security_word', 'topic', 'security', 'security|secure|infosec|secops|soc analyst', 'security 2; security/get_security_events 1.6; incident + reliability -1.5; incident + security/get_security_events 0.8; network_word + network 0.5'),
('security_event', 'topic', 'events of the audit log', 'security event|security events|security issue|security issues|security incident|security incidents|security problem|security problems|security concerns|suspicious|suspicious activity|threat|threats|attack|attacks|attacked|attacker|intrusion|intruder|malicious|hack|hacked|hacker|compromised|audit event|audit events|audit log|audit logs|audit trail|fishy|shady|exfiltration|data leak|leaked|stolen|insider|breached account|data breach|security breach|security alerts^0.3|sketchy|dodgy|funny business|monkey business|nefarious|shenanigans|up to no good|naughty|mischief|red flags|indicators of compromise|bad actor|bad actors',
 'security 2; security/get_security_events 2'),
('destructive', 'topic', 'things that were deleted', '=dropped|=deleted|=truncated|=destroyed|=removed table|deletions|destructive|=wiped|=killed|=nuke|=nuked|=zapped|=blown away|=obliterated|~nuke a table|~drop a table|=trashed|=purged', 'security 1; security/get_security_events 1.2; who + security 0.8; expectation + security -2; rows + security -1'),
('export', 'topic', 'data that was taken out', '=exported|=export data|=exports data|exporting data|export of data|exports of data|data export|data exports|export results|=downloaded|data download|data downloads|bulk download|mass download|bulk export|mass export|took data out|taken data out|data leaving|data out of|siphoned|siphoning|exfiltrated',
 'security 1.5; security/get_security_events 3.2; who + security 0.8; who + security/get_security_events 0.8; pii + security/get_security_events 0.5; egress + security -1; security/get_pii_access_logs -1'),
('finding', 'topic', 'what detection rules found', 'finding|findings|=finding|=findings|detection|detections|detected|detection rule|detection rules|rule hits|rules fired|rule fired|under attack|being attacked|being hacked|got hacked|been hacked|being breached|attacking us|attack us|hacking us|compromised users|compromised accounts|compromised|look compromised|insider threat|rogue user|rogue users|threats detected|caught by rules|dodgy user|dodgy users|shady user|shady users|sketchy users|suspicious user|suspicious users|risky user|risky users|suspicious people|look at first|investigate first|look into first|bad apples|bad apple|tripped detections|tripped our detections|behaving oddly|acting strange|acting weird|acting suspiciously', 'security 1.2; security/get_findings 2.5; model_word + security -0.6'),
('login', 'topic', 'signing in', 'login|logins|log in|logged in|logging in|logon|sign in|signin|sign ins|signins|signing in|auth|authentication|authenticate|authenticated|authenticating|password|passwords|mfa|2fa|sso|credential|credentials',
 'security 1.5; security/get_failed_auth_attempts 1.5; fail + security 1.5; fail + security/get_failed_auth_attempts 1.5; fail + performance -2; attempt + security/get_failed_auth_attempts 1; external_ip + network -0.5'),
('failed_auth', 'topic', 'failed sign-ins', 'failed auth|failed auth attempt|failed auth attempts|failed authentication|failed authentications|failed authentication attempts|failed login|failed logins|failed login attempts|failed sign in|failed sign ins|login failure|login failures|auth failure|auth failures|authentication failure|authentication failures|authentication error|authentication errors|sign in failure|sign in failures|login error|login errors|unsuccessful login|unsuccessful logins|unsuccessful sign in|wrong password|wrong passwords|bad password|brute force|brute forcing|password spray|password spraying|spraying|locked out|lockouts|lockout|denied login|denied logins|rejected login|rejected logins|could not log in|couldnt log in|unable to log in|login attempts|login attempt|sign in attempts|sign in attempt|access attempts|failed access attempts|guessing passwords|break in|break in attempts|breaking in|invalid credentials|tried to log in|trying to log in|failed attempts|bad passwords|refused logins|denied sign ins|turned away|failed sso|mfa failures|failed to log in|mistyped passwords|hammering|hammering login|login door|cant log in|cannot log in|cant sign in|cannot sign in|cant get in|couldnt get in|kept out|shut out|fat fingered|knocking on the door',
 'security 2; security/get_failed_auth_attempts 3.5; fail + performance -1'),
('attempt', 'topic', 'a try', 'attempt|attempts|attempted|tried|tries', null),
('permission', 'topic', 'rights', 'permission|permissions|privilege|privileges|grant|grants|acl|acls|entitlement|entitlements|=rights|role|roles|access right|access rights|access control',
 'governance 1; security 0.9; governance/get_access_grants 1.5; security/get_permission_changes 1.2; change + security 1.6; change + security/get_permission_changes 2; change + governance -0.4; has_access + governance 1; security_word + security/get_permission_changes 1.5'),
('permission_change', 'topic', 'changes of rights', 'permission change|permission changes|permissions change|permissions changed|permission modification|privilege change|privilege changes|privilege escalation|escalated privileges|escalate|grant change|grants change|role change|role changes|changes to permissions|changes in permissions|permission update|permission updates|access change|access changes|=granted|=revoked|was granted|were granted|who granted|gave access|given access|new grants|recent grants|made admin|became admin|admin added|admins added|added to admins|new admin|new admins|elevated|elevated rights|rights changed|acl changes|entitlement changes|revocation|revocations|admin rights|modified permissions|altered permissions|rights handed out|handed out rights|who got access|was given access|were given access|fresh grants|permissions granted|access granted|grants and revokes|new entitlements|grant revoke|revoke grant|grant activity|revoke activity|handing out keys|handed out keys|handing out rights|handing out permissions|new keys|promoted to admin|rights given|rights taken away',
 'security 2.2; security/get_permission_changes 3.5'),
('change', 'topic', 'something changed', 'change|changes|changed|changing|modified|modify|modification|modifications|altered|alter|updated rights|edited|edit|edits|touched|added|removed', null),
('pii', 'topic', 'personal and sensitive data', 'pii|personal data|personal information|sensitive|sensitive data|sensitive table|sensitive tables|sensitive information|personally identifiable|personally identifiable information|phi|confidential|confidential data|private data|ssn|health data|customer data|salary data|classified data|secrets table|crown jewels|restricted data|health records|card numbers|social security numbers',
 'security 1; security/get_pii_access_logs 1.6; governance 0.4; has_access + governance 1.4; has_access + governance/get_access_grants 1; accessed + security 1.2; accessed + security/get_pii_access_logs 2; who + security/get_pii_access_logs 0.2'),
('accessed', 'topic', 'reads that happened', '=accessed|=accessing|=accesses|=has accessed|=have accessed|=who accessed|=was accessed|=viewed|=viewing|=queried|=opened|=touched|=looked at|access log|access logs|access history|access audit|who looked|looked at|read pii|read personal data|=read|=reads|=reading|=downloaded|usage of sensitive|been reading|did access|access events|peeked|who used',
 'security 0.8; security/get_pii_access_logs 1; table_named + security 0.8; table_named + security/get_pii_access_logs 0.8; user_word + security 0.6; external_ip + network 0.3; pii + governance -0.6'),
('who', 'topic', 'asks for persons', 'who|whom|whose|which user|which users|which people|anyone|anybody|somebody|someone|nobody', null),
('user_word', 'topic', 'a person', 'user|users|account|accounts|principal|principals|employee|employees|<user>', null),
('user_named', 'topic', 'a person by name', '<user>', 'security 0.8'),
('compliance', 'topic', 'rules from outside', 'compliance|compliant|comply|complies|complying|regulatory|regulation|regulations|regulator',
 'governance 1.2; security 0.7; governance/get_compliance_report 1.5; security/get_compliance_violations 1.2; violation + security 2; violation + security/get_compliance_violations 2; violation + governance -0.6; document + governance 1.5; document + governance/get_compliance_report 1.5'),
('regulation', 'topic', 'a regulation by name', '<regulation>', 'governance 1.8; governance/get_compliance_report 2; violation + security 1.5; violation + security/get_compliance_violations 2; violation + governance -1; document + governance 0.5'),
('violation', 'topic', 'a rule broken', 'violation|violations|violate|violated|violates|violating|noncompliance|non compliance|non compliant|noncompliant|policy breach|policy breaches|misconfiguration|misconfigurations|misconfigured|policy violation|policy violations|rules broken|break rules|out of compliance|not compliant|compliance issue|compliance issues|compliance problem|compliance problems|compliance gaps|unmasked|long lived token|long lived tokens|control failures|failed controls|without expiry|no expiry|without expiration|no expiration|never expire|never expires|never expiring|dont expire|do not expire|never run out|out of line with policy|against policy|off policy|breaking policy|policy breaks|policy gaps|break our own rules|offences|infractions|infringement|infringements',
 'security 1; security/get_compliance_violations 2.2; sla + security -1.5; freshness + security -1.5; freshness + quality 0.5'),
('audit_report', 'topic', 'a regulation report', 'compliance report|compliance reports|audit report|compliance status|compliance check|compliance overview|compliance summary|compliance posture|audit readiness|audit ready|ready for audit|regulatory report|evidence for auditors|auditors|attestation|certification|audit evidence|evidence pack|pass the audit|control status', 'governance 2.2; governance/get_compliance_report 3'),

/* ---- performance ---- */
('job', 'topic', 'jobs and their runs', 'job|jobs|workflow|workflows|etl|etls|run|runs|batch|batches|load|loads|task|tasks|dag|dags|nightly|scheduled|process|processes|<job>|lakeflow',
 'performance 1; performance/get_job_runs 0.6; slow + performance/get_job_bottlenecks 1.8; slow + performance/get_slow_queries -1; spend + performance -0.5; model_word + performance -0.5; training + performance -1; sla + performance -0.4'),
('fail', 'topic', 'went wrong', 'fail|fails|failed|failing|failure|failures|crash|crashed|crashes|crashing|abort|aborted|broke|broken|break|breaking|error|errors|errored|erroring|die|died|dying|dead|belly up|went belly up|blew|bomb|bombed|unsuccessful|unsuccessfully|went wrong|gone wrong|go wrong|going wrong|red|fall over|fell over|falling over|tanked|hosed|choked|whats wrong with|what is wrong with|~wrong with|not finish|not finish successfully|didnt finish|not succeed|didnt succeed|not successful|unfinished|not complete|didnt complete|did not work|not working|exception|exceptions|timed out|timeout|timeouts|kaput|tripped|stuck|hang|hanging|hung|killed|keeled over|keel over|bit the dust|went south|gone south|went sideways|borked|flaked|flaked out|puked|barfed|fell flat|face planted|nosedived|turned red|gone red|conked out|croaked|crapped out|went bang|threw an error|throwing errors|ended badly|did not make it|didnt make it|timing out|times out|crapping out|exploding|imploded|gave up the ghost|snuffed it|went pop|fubar|wrecked|cratered|blew up last night|blew up overnight|exploded overnight|exploded last night|went up in smoke|fell apart|fallen over|kicked the bucket|went kablooey',
 'performance 0.9; performance/get_failed_jobs 1.5; job + performance 0.8; job + performance/get_failed_jobs 1.5; name + performance/get_failed_jobs 0.5; query + performance/get_slow_queries 0.3; expectation + performance -1.5; inference + performance -0.5; model_word + performance -0.8; login + performance/get_failed_jobs -2; training + performance -1; training + mlops/get_training_history 0.5; inference + mlops/get_inference_metrics 1; again + performance/get_failure_streaks 2'),
('likely', 'topic', 'may come to be', 'will|probability|probable|probably|chance|chances|likelihood|likely|odds|=tomorrow|next run|prone|might|expect', 'spend + cost/get_cost_forecast 2; fail + performance/get_job_failure_risk 3.5; fail + performance 0.5; forecast + performance 0'),
('most', 'topic', 'the greatest', 'most|biggest|largest|highest|top|greatest|most of', 'spend + cost/get_top_cost_drivers 1.8; spend + cost 0.2'),
('again', 'topic', 'once more and more', 'keep failing|keeps failing|repeatedly|in a row|consecutive|consecutively|streak|streaks|chronically|over and over|again and again|time and again|time after time', 'performance/get_failure_streaks 2; performance 0.5; fail + performance/get_failure_streaks 1.5'),
('fail_risk', 'topic', 'may fail', 'at risk|risk of failure|risk of failing|failure risk|likely to fail|likely to break|likely to crash|going to fail|going to break|about to fail|might fail|may fail|could fail|will fail|would fail|probably fail|expected to fail|expect to fail|failure probability|probability of failure|chance of failure|chances of failing|predict failure|predict failures|predicted failures|predicted to fail|failure prediction|failure predictions|failure forecast|fail next|fail tonight|fail soon|fail tomorrow|prone to failure|jobs at risk|riskiest jobs|in danger|danger of failing|worry about failing|shaky|flaky|about to fall over|about to fall|about to go down|about to crash|fall over next|next to fail|next to break',
 'performance 2.2; performance/get_job_failure_risk 3.5; forecast + cost -1'),
('risk', 'topic', 'risk', 'risk|risks|risky|riskiest|risk score|risk scores|high risk', 'job + performance 1; job + performance/get_job_failure_risk 2.5; user_word + security 1; external_ip + network 0.5; user_word + security/get_findings 3.5; who + security 0.8; who + security/get_findings 1.5; user_word + performance -1.5'),
('success_rate', 'topic', 'share that succeeds', 'success rate|success rates|pass rate|succeed|succeeds|succeeded|succeeding|success percentage|successful|successfully|success|completion rate|failure rate|failure rates|fail rate|fail most|fails most|fail most often|least reliable|most unreliable|unreliable|reliable jobs|error rate of jobs|percentage of runs|batting average|hit rate of jobs|how often do jobs succeed|strike rate',
 'performance 1.4; performance/get_job_success_rate 3; inference + performance -1; expectation + performance -1'),
('job_runs', 'topic', 'runs as they were', 'job runs|job run|run history|runs of|recent runs|latest runs|last runs|list runs|executions|execution history|job history|history of runs|running jobs|jobs running|running now|runs now|last run|when did run|ran|run times|job status|status of jobs|cancelled runs|canceled runs|in flight|currently executing|currently running|did it finish|finished running',
 'performance 1.2; performance/get_job_runs 2.5'),
('query', 'topic', 'SQL statements', 'query|queries|sql|statement|statements|select statements|warehouse|warehouses|sql warehouse|dashboard queries|<warehouse>',
 'performance 1; slow + performance 0.6; slow + performance/get_slow_queries 2; fail + performance 0.4; spend + performance -0.5; has_access + performance -0.8; spill + performance/get_high_spill_queries 1'),
('warehouse_word', 'topic', 'SQL warehouses', 'warehouse|warehouses|<warehouse>|sql endpoints|sql warehouse|sql warehouses', null),
('slow', 'topic', 'takes long', 'slow|slower|slowest|slowly|slowness|sluggish|long running|longest|longest running|took long|takes long|take long|taking long|taking forever|takes forever|take forever|took forever|laggy|crawl|crawling|dragging|drag|latency|duration|durations|response time|response times|query times|query time|performance problems|performance issues|performance problem|performance issue|poor performance|bad performance|tune|tuning|optimize|optimise|p95|p99|heavy queries|worst queries|inefficient|runtime|run longer|ran longer|running long|running longer|dog slow|crawls|drags|snail|molasses|treacle|glacial|takes ages|taking ages|slowpoke|slowpokes|tortoise',
 'performance 1.1; performance/get_slow_queries 1.2; inference + performance -1; inference + mlops/get_inference_metrics 1; model_word + performance -0.8; model_word + mlops/get_inference_metrics 1.5; network_word + performance -0.5'),
('spill', 'topic', 'spilling to disk', 'spill|spills|spilled|spilling|disk spill|out of memory|spillage|spiller|spillers|overflow to disk|overflows to disk|goes to disk|going to disk|go to disk|runs out of memory|short of memory|memory hungry', 'performance 1.5; performance/get_high_spill_queries 2.5'),
('bottleneck', 'topic', 'what holds up', 'bottleneck|bottlenecks|choke point|chokepoint|hold up|holding up|holds up|held up|slowing down|slows down|slow down|slowed down|constraint|constrained|critical path|limiting factor|congestion|congested|clogged|jam|jammed|backed up|pile up|piling up|queueing|queued|waiting|~spend its time|~spend their time|~spend time|~spends its time|~spends time|~spending its time|~spent its time|~lose time|~time is lost',
 'performance 1.3; performance/get_job_bottlenecks 2.2; network_word + network 1; network_word + network/get_network_bottlenecks 3; network_word + performance -1.2; query + performance/get_slow_queries 0.5; warehouse_word + performance/get_network_bottlenecks 4; warehouse_word + performance/get_job_bottlenecks -2'),
('idle', 'topic', 'compute that is paid for and does nothing', 'idle|idling|sitting idle|unused compute|unused cluster|unused clusters|doing nothing|does nothing|forgot to turn off|left running|nobody uses|no one uses|zombie|zombies|twiddling thumbs|sitting around|down the drain|nobody home|running for nothing|burning for nothing|snoozing|overprovisioned|oversized|lazy|loafing|slacking|napping|dozing|sleeping|asleep|twiddle|twiddle thumbs|left on|not shut down|never shut down|without any work|nothing to do|ghost clusters',
 'cost 1.5; cost/get_idle_cluster_cost 3.5; cluster + cost 1.5; spend + cost 1'),
('utilization', 'topic', 'how busy compute is', 'utilization|utilisation|utilized|utilised|cpu|memory|ram|cluster usage|compute usage|resource usage|resource consumption|load average|capacity|underused|underutilized|underutilised|overprovisioned|over provisioned|underprovisioned|oversized|undersized|right size|right sizing|resource|resources|compute|busy|how busy|node|nodes|hot clusters|headroom|swap|pressure|sizing|sized|cpu bound|memory bound|starving|working hard|sweating',
 'performance 1.4; performance/get_resource_utilization 2.5; network_word + network 0.8; network_word + network/get_bandwidth_usage 1; network_word + performance -0.8; spend + performance -0.6; inference + performance -0.4; driver + performance -1'),
('saturation', 'topic', 'at the limit', 'saturated|saturation|saturating|saturate|overloaded|overload|maxed out|maxing out|at capacity|hitting limits', 'performance 1.2; performance/get_resource_utilization 2; network_word + network 1; network_word + network/get_network_bottlenecks 3.5; network_word + performance -1; warehouse_word + performance/get_network_bottlenecks 4; warehouse_word + performance 0.5'),
('cluster', 'topic', 'clusters', 'cluster|clusters|<cluster>', 'performance 0.7; performance/get_resource_utilization 1.2; spend + performance -0.3'),

/* ---- reliability ---- */
('uptime', 'topic', 'share of time up', 'uptime|up time|availability|available|nines|always up|stay up|stayed up|been up|mtbf|mttr|mean time between failures|mean time to recover|mean time to recovery|recovery time|time to recover|how long up|three nines|four nines|five nines|downtime minutes|minutes down|minutes of downtime|were we up|up all month|up all week|stay online|stayed online',
 'reliability 2; reliability/get_uptime_metrics 3.5'),
('down', 'topic', 'not up', 'outage|outages|downtime|unreachable|went down|go down|gone down|was down|were down|been down|is down|unavailable|unavailability|dark|went dark|offline|down|interruption|interruptions|disruption|disruptions|not responding|inaccessible|knocked out',
 'reliability 2; reliability/get_incident_summary 1.2; reliability/get_uptime_metrics 1; pattern + reliability/get_incident_summary 2; count + reliability/get_uptime_metrics 1; slow + reliability -1.6; drill + reliability -1'),
('sla', 'topic', 'promises', 'sla|slas|slo|slos|service level|service levels|service level agreement|deadline|deadlines|promise|promised|promises|breached targets|missed targets|missed target|missed deadline|missed deadlines|late jobs|overran|overrunning|contractual|blown deadline|blew deadline|delivered late|came in late|finished late|past due|late deliveries',
 'reliability 2; reliability/get_sla_breaches 3; violation + reliability 1; breach + reliability 1; breach + reliability/get_sla_breaches 1; uptime + reliability/get_sla_breaches -1.5'),
('breach', 'topic', 'a breach', 'breach|breaches|breached|breaching', 'security 0.9; security/get_security_events 1; sla + security -1.2; budget + security -1; freshness + security -1'),
('incident', 'topic', 'incidents', 'incident|incidents|postmortem|post mortem|postmortems|major incident|major incidents|sev1s|pager|on call|oncall|root causes|sev2|p1|p1s|war room|firefighting|carnage|meltdown|meltdowns',
 'reliability 2; reliability/get_incident_summary 3; security_event + reliability -1'),
('service_health', 'topic', 'state of the services', 'service health|health of services|health of service|services healthy|service healthy|service status|services status|status of services|status of service|services up|service up|pipeline health|health of pipelines|pipelines healthy|serving health|service degradation|degraded|degraded services|serving service|sql service|jobs service|unhealthy services|unhealthy service|elevated error rate|error rates of services|sql healthy|jobs healthy|status page|anything down|is anything down|up and running|heartbeat|anything degraded|~is serving up|~is sql up|~is serving down|~is sql down|~are jobs up|serving up|sql up',
 'reliability 2; reliability/get_service_health 3.5'),
('service', 'topic', 'services', 'service|services', 'reliability 0.9; reliability/get_service_health 1.2; spend + reliability -0.8'),
('reliability_word', 'topic', 'reliability', 'reliability|reliable|resilience|resilient|stability|stable|unstable|dependable', 'reliability 1.8; reliability/get_uptime_metrics 1; job + performance 0.2; success_rate + reliability -1'),
('trouble', 'topic', 'something amiss, of whatever kind', 'issue|issues|problem|problems|trouble|troubles|concern|concerns|concerning|threat|threats|worrying|alarming|suspicious', ''),
('pattern', 'topic', 'what recurs', 'pattern|patterns|recurring|recurrent|recurrence|repeating|common cause|commonality|regularity', 'incident + reliability/get_incident_summary 1; connection + network/get_connection_patterns 2; external_ip + network/get_connection_patterns 1'),

/* ---- quality ---- */
('dq', 'topic', 'data quality', 'data quality|dq|dq score|quality issue|quality issues|quality problem|quality problems|quality score|quality checks|quality check|bad data|data issue|data issues|data problem|data problems|corrupt|corrupted|corruption|unhealthy table|unhealthy tables|dirty data|dirty|trust data|trustworthy|completeness|incomplete data|data health|garbage data|quality of data|wrong data|data wrong|data correct|accurate data|data accurate|quality monitoring|data trustworthy|good is data|trust the data|can we trust|rubbish data|data hygiene|data any good|rubbish|garbage|junk data|junk|is data rubbish|crap data|dodgy data|clean data|how clean',
 'quality 2.2; quality/get_dq_summary 3.2; expectation + quality/get_dq_summary -1.5; freshness + quality/get_dq_summary -1'),
('quality_word', 'topic', 'quality', 'quality', 'quality 1.5; quality/get_dq_summary 1.5; metadata + quality -1.2; model_word + quality -0.5'),
('rows', 'topic', 'rows and values', 'null|nulls|null rate|duplicate|duplicates|duplicated|row count|row counts|missing values|missing rows|missing data', 'quality 1.6; quality/get_dq_summary 1; drift + quality/get_drift_metrics 0.5'),
('freshness', 'topic', 'how old data is', 'stale|staleness|stalest|fresh|freshness|freshest|outdated|out of date|overdue|late data|data late|arrive late|arrived late|arriving late|not updated|been updated|havent updated|hasnt updated|up to date|old data|not refreshed|been refreshed|refresh|refreshed|last updated|last update|lagging|lag|behind schedule|delayed data|data delayed|delayed|current data|data current|aging|ageing|fresh data|old tables|updated tables|tables updated|expired data|aged|not loaded|late arriving|gone cold|late^0.6|how recent|how old|gone stale|running behind|not landed|hasnt landed|didnt land|has not landed|not arrived|hasnt been updated|no new rows|hasnt loaded|havent loaded|should have landed|not landed yet|mouldy|moldy|dusty|rotten tables|yesterdays data|behind on data|gathering dust',
 'quality 2; quality/get_freshness_violations 3.2; ingestion + platform 1; ingestion + quality -0.5; sku + quality -1'),
('expectation', 'topic', 'expectations of pipelines', 'expectation|expectations|dlt|delta live|delta live tables|delta live table|expectation failure|expectation failures|dropped records|dropped rows|records dropped|rows dropped|rejected rows|rejected records|reject rows|constraint failure|constraint failures|constraint violations|failed constraints|failed records|quarantine|quarantined|validation rule|validation rules|data validation|validation failures|failed validation|failed checks|declarative pipelines|bad records|bad rows',
 'quality 2.2; quality/get_expectation_failures 3.5'),
('pipeline', 'topic', 'pipelines', 'pipeline|pipelines|<pipeline>', 'reliability 0.7; quality 0.5; performance 0.5; fail + performance 0.4; expectation + quality 0.5; reliability/get_service_health 0.6; quality/get_expectation_failures 0.4'),
('drift', 'topic', 'drift', 'drift|drifts|drifted|drifting|psi|shift|shifted|diverged|diverge|concept drift|ks statistic',
 'quality 0.9; mlops 0.8; quality/get_drift_metrics 2; mlops/get_model_drift 2; model_word + mlops 1.8; model_word + mlops/get_model_drift 1.5; model_word + quality -0.9; model_named + mlops 1.5; model_named + quality -0.9; table_word + quality 1.2; distribution + quality 0.8; data_word + quality 1; prediction_word + mlops 1; cost_anomaly + mlops 1'),
('model_drift', 'topic', 'drift of models', 'model drift|drift of models|prediction drift|feature drift|concept drift|model degradation|decayed|model decay|decay|model rot|rotting|training serving skew|needs retraining|time to retrain', 'mlops 2; mlops/get_model_drift 3; quality -0.5'),
('distribution', 'topic', 'distribution of data', 'distribution|distributions|data distribution|data distributions|distribution change|distribution changed|value distribution|column distribution|statistical profile|histogram|table profile|profile of table|data profile|data shape|data drift|drift of tables|table drift',
 'quality 1.8; quality/get_drift_metrics 3; model_word + mlops 0.8; prediction_word + mlops 1.5; prediction_word + quality -1'),
('data_word', 'topic', 'data', 'data|dataset|datasets', 'change + quality 0.4; table_word + quality 0.1'),
('prediction_word', 'topic', 'predictions', 'predictions|prediction distribution|predicted values', 'mlops 0.4'),

/* ---- mlops ---- */
('model_word', 'topic', 'models', 'model|models|ml|machine learning|classifier|classifiers|predictor|predictors|detector|detectors|forecaster|scorer|ai model|ai models|mlops|mlflow|<model>',
 'mlops 1.6; mlops/get_model_performance 1; distribution + mlops/get_model_drift 0.5'),
('model_named', 'topic', 'a model by its name', '<model>', 'mlops 0.8; mlops/get_model_performance 0.6'),
('model_performance', 'topic', 'how good models are', 'performing|perform|performs|performance|accuracy|accurate|precision|recall|f1|f1 score|rmse|mae|mape|auc|roc|metric|metrics|how good|how well|holding up|quality of model|getting worse|worse|degraded|degrade|degrading|score|scores|evaluation|evaluated|doing well|doing|hit rate|predicting well|still accurate',
 'model_word + mlops 0.8; model_word + mlops/get_model_performance 2; model_named + mlops/get_model_performance 0.8; inference + mlops/get_inference_metrics 0.5'),
('accuracy', 'topic', 'measures of models', 'accuracy|precision|recall|f1|f1 score|rmse|mae|mape|auc|roc', 'mlops 1.4; mlops/get_model_performance 1.5; dq + mlops -1.2'),
('performance_word', 'topic', 'performance', 'performance|performing|throughput of jobs', 'performance 0.9; model_word + performance -0.9; inference + performance -0.9; performance/get_slow_queries 0.3; job + performance/get_job_success_rate 0.8'),
('training', 'topic', 'training models', 'training|trained|retrain|retrained|retraining|retrainings|training run|training runs|training history|training job|training jobs|model training|fit|fitted|last trained|model version|model versions|experiment|experiments|=train|=trains|refit|registered models|hyperparameters|mlflow run|mlflow runs|trainings|latest trainings',
 'mlops 2.2; mlops/get_training_history 3.5; quality -0.3'),
('inference', 'topic', 'serving models', 'inference|inferences|serving|served|endpoint|endpoints|model serving|serving endpoint|serving endpoints|inference latency|model latency|prediction latency|scoring latency|latency of models|requests per second|request rate|tokens per request|throttled|throttling|token usage|serving errors|inference errors|inference requests|prediction requests|model requests|scoring requests|<endpoint>|llm|llm calls|chatbot|gateway|tokens per second|time to first token|rps|qps',
 'mlops 2.2; mlops/get_inference_metrics 3.2'),

/* ---- governance ---- */
('lineage', 'topic', 'where data comes from and goes', '~what would break if|~what will break if|~would break if|~break if i|~breaks if|~affected if|~happens if|trace|traced|~back to its sources|lineage|data lineage|provenance|data flow|dataflow|derived|upstream of|downstream of|dependency|dependencies|dependency graph|where come from|what uses|what writes|writes to|populates|feeds|feed|feeding|depends on|which tables use|tables use|tables depend|flows into|flow into|data origin|originate|originates|blast radius|knock on effects|pedigree|ancestry',
 'governance 2.2; governance/get_table_lineage 3.5'),
('table_word', 'topic', 'tables', 'table|tables|column|columns|schema|schemas|view|views|dataset|catalog|catalogs|<table>|<schema>', 'governance 0.4; quality 0.2; change + quality 0.3; spend + governance -0.4; query + governance -0.3'),
('table_named', 'topic', 'a table by its name', '<table>', 'governance 0.4; upstream + governance 1.2; downstream + governance 1.2; has_access + governance 0.5'),
('has_access', 'topic', 'rights people have', '=has access|=have access|=having access|=got access|=who has access|=can access|=may access|=could access|=get access|allowed access|=accessible|allowed to|allowed to see|allowed to read|can read|may read|can see|may see|can query|may query|can view|may view|able to read|able to see|able to query|permitted|authorized|authorised|access list|who is allowed|who can|can select|entitled|with access|has select|has permission|has permissions|have permissions|have permission|has privileges|has rights|have rights|permissions on|grants on|privileges on|granted on|access grants|owners of|access matrix|over privileged|overprivileged|overly broad|who can touch|who holds|entitlements|keys to|least privilege|~is overprivileged|~are overprivileged|too many rights|too much access|more rights than',
 'governance 2.2; governance/get_access_grants 3.2; accessed + governance -1.2; login + governance -1'),
('metadata', 'topic', 'how well data is described', 'description|descriptions|comment|comments|undocumented|documentation|documented|document tables|metadata|metadata quality|missing description|missing descriptions|missing comment|missing comments|missing documentation|without description|without descriptions|without comment|without comments|without owner|without owners|no owner|no description|no descriptions|no comment|no comments|owner missing|lack descriptions|lack description|lacking descriptions|lack documentation|uncommented|unowned|ownerless|data dictionary|catalog hygiene|documentation coverage|described|data catalog|untagged tables|tags on tables|tagged tables',
 'governance 2.2; governance/get_metadata_quality 3.5'),
('owner', 'topic', 'who owns', 'who owns|owner|owners|ownership|owned|owns', 'governance 1.4; governance/get_access_grants 1.5; spend + governance -1; spend + cost 0.3; expensive + governance -1; metadata + governance/get_access_grants -1'),
('governance_word', 'topic', 'governance', 'governance|govern|governed|stewardship|unity catalog|steward|stewards', 'governance 2; governance/get_metadata_quality 0.8'),

/* ---- network ---- */
('network_word', 'topic', 'the network', 'network|networks|networking|network traffic|packets|link|links|wire|nat|vpn|firewall', 'network 1.8; slow + network 0.8; slow + network/get_network_bottlenecks 1.5; utilization + network/get_bandwidth_usage 0.5; network/get_bandwidth_usage 0.3'),
('external_ip', 'topic', 'addresses from outside', 'external ip|external ips|ip|ips|ip address|ip addresses|external address|external addresses|external addresses|outside address|outside addresses|outside ip|outside ips|internet address|internet addresses|public ip|public ips|unknown address|unknown addresses|unknown ip|unknown ips|new ip|new ips|foreign ip|foreign ips|untrusted ip|untrusted ips|address|addresses|source ip|source ips|outside world|outside network|from outside|external connections|external connection|external hosts|external sources|external clients|<ip>|foreign addresses|strangers|doorstep|ips outside|foreign networks',
 'network 2; network/get_external_ips 2.8; login + security 0.5; login + network -0.8; pattern + network/get_external_ips -0.5'),
('connection', 'topic', 'connections', 'connect|connected|connects|connecting|connection|connections|connectivity|came in from|come in from|reach us|reaching us|coming from|client connections', 'network 1.4; network/get_connection_patterns 1.6; external_ip + network/get_external_ips 1.2; query + network -0.4'),
('connection_pattern', 'topic', 'who connects from where', 'connection pattern|connection patterns|connection behavior|connection behaviour|connect from|connecting from|where users connect|users connect from|impossible travel|unusual connections|unusual connection|new network|new networks|subnet|subnets|several networks|connection history|roaming|connection trends|habits|login habits|login patterns|logon patterns|sign in patterns|connection habits|two places|two countries|several places', 'network 2; network/get_connection_patterns 3; external_ip + network/get_connection_patterns -1.8'),
('bandwidth', 'topic', 'how much goes over the network', 'bandwidth|bandwidth usage|throughput|traffic|network traffic|network usage|network utilization|network utilisation|network load|data transfer|data transferred|transfer|transferred|bytes sent|bytes received|sent|received|egress traffic|ingress|ingress traffic|outbound traffic|inbound traffic|mbps|gbps|data volume|network consumption|gigabytes|terabytes|bytes moved|chatty|chattiest',
 'network 2; network/get_bandwidth_usage 3.2; bottleneck + network/get_network_bottlenecks 1; inference + network -1'),
('egress', 'topic', 'what leaves', 'egress|outbound|outgoing|denied egress|egress denied|blocked destination|blocked destinations|denied destination|denied destinations|blocked traffic|denied traffic|blocked connections|blocked outbound|denied outbound|firewall blocks|egress policy|network policy|destinations blocked|destination|destinations|dry run|phoned home|phone home|phoning home|calling out|call out to|reach out to|exfil|blocked hosts|blocked domains',
 'network 1.8; network/get_denied_egress 2.8; network/get_bandwidth_usage 0.3; bandwidth + network/get_denied_egress -2'),
('network_bottleneck', 'topic', 'network bottlenecks', 'network bottleneck|network bottlenecks|network congestion|network latency|network slow|slow network|network slowness|network saturation|network saturated|bottlenecks in network|network constraint|network constraints|network limits|network issue|network issues|network problem|network problems|429|429s|packet loss|clogged|connection resets|rate limited|rate limiting', 'network 2.2; network/get_network_bottlenecks 3.5; performance -0.5'),

/* ---- the platform as a whole ---- */
('alert', 'topic', 'alerts', 'alert|alerts|alerted|=alarm|=alarms|firing|fired|triggered alerts|active alerts|open alerts|unacknowledged|acknowledged|paging|pages|notifications|notification|going off|warnings|warning|beeping|whats firing|lit up|red lights|sirens|pager going|pager mad|pager buzzing|pager blowing up|phone blowing up|buzzing|screaming|screaming right now|ringing|alarms ringing|outstanding alerts|unresolved alerts', 'platform 2.6; platform/get_active_alerts 3.5'),
('overall', 'topic', 'the account as a whole',
 'how healthy|health check|overall health|overall status|overall state|overall|how are we doing|how we doing|how are we|how are things going|should look at|look at this morning|should look|should know|platform health|account health|health of platform|health of account|health score|health scores|everything ok|everything okay|everything fine|everything all right|everything alright|everything good|everything healthy|all good|all ok|all well|morning summary|morning report|morning briefing|daily briefing|daily summary|executive summary|state of platform|state of account|state of union|status report|status update|status overview|platform status|platform overview|account overview|account status|worry about|should worry|worried about|anything wrong|whats wrong|what is wrong|anything need attention|needs attention|need attention|anything unusual|whats going on|what is going on|going on|what happened|whats happening|what is happening|what happening|catch up|bring up to speed|big picture|at a glance|birds eye|anything look at|healthy|health|in good shape|any problems|any issues|any problem|biggest problems|biggest problem|top issues|top problems|whole platform|entire platform|how are things|how things|platform doing|how is platform|how is lakehouse|how is account doing|how are things looking|how are we looking|state of play|lay of the land|sitrep|anything on fire|on fire|anything broken|all green|pulse check|vital signs|birds eye view|hows everything|is everything running|helicopter view|everything green|all systems go|is everything green|the estate|hows estate|how is estate|our estate|whole estate|pulse|quick pulse|vitals|scorecard|temperature check|how are we all|how is everything|one liner on the platform|state of nation|state of the nation|how goes it',
 'platform 2.2; platform/get_platform_health 3; cost/get_cost_anomalies 1; security/get_security_events 1; performance/get_failed_jobs 1; reliability/get_service_health 1; quality/get_freshness_violations 1; mlops/get_model_drift 1; governance/get_metadata_quality 1; network/get_external_ips 1; service + platform -1; service + reliability/get_service_health 1; dq + platform -1.8; table_word + platform -1; model_word + platform -1.2; pipeline + platform -1.2; pipeline + reliability/get_service_health 1; network_word + platform -1; spend + platform -1.2; job + platform -0.8; security_word + platform -1.2; query + platform -0.8; data_word + platform -0.6; name + platform -2.5'),
('ingestion', 'topic', 'loading of dbinsight itself', 'ingestion|ingest|ingested|last loaded|loading status|sync status|sources loaded|system tables|last sync|synced|data sources', 'platform 1.8; platform/get_ingestion_status 3'),

/* ---- names ---- */
('name', 'topic', 'a thing by its name', '<name>', null),

/* ---- the conversation ---- */
('follow_up', 'follow', 'points back', 'what about|how about|same|instead|only|those|these|them|it|that|again|more|there|further|drill|drill down|break it down|same period|same time|same thing|that table|that job|that workspace|that model|that user|and for|any effect|effect on|related|narrow|restrict|exclude|first one|second one|third one|swap in|swap to|swap for|sub in|switch to|corresponding figure|corresponding figures|likewise|ditto|same again|same question', null),
('drill', 'topic', 'more detail', 'drill|drill down|dig|dig deeper', null),
('start_over', 'follow', 'forget what was said', 'start over|start again|new topic|forget that|clear conversation|reset conversation|reset', null),

/* ---- small talk ---- */
('greeting', 'smalltalk', 'greetings', 'hi|hello|hey|good morning|good afternoon|good evening|greetings|howdy|yo|how are you|hiya', null),
('thanks', 'smalltalk', 'thanks', 'thanks|thank you|thank|thx|cheers|great thanks|perfect|awesome|got it|makes sense|nice|cool|much appreciated', null),
('goodbye', 'smalltalk', 'goodbyes', 'bye|goodbye|see you|good night|ciao|that is all|thats all|that will be all|thatll be all|that was all|all for today|all for now|enough for today|done for today|nothing else|no more questions|signing off|calling it a day|that is it|thats it for|thats me done|over and out', null),
('capabilities', 'smalltalk', 'what can be asked', 'help|what can you do|what can do|what can ask|who are you|who you|what are you|how do you work|how does this work|what do you know|capabilities|commands|examples|what questions|usage help|what agents', null),

/* ---- nothing of ours ---- */
('elsewhere', 'scope', 'subjects that no table here knows',
 '=weather|=temperature|=rain|=snow|=sunny|=joke|=jokes|=poem|=poems|=poetry|=haiku|=song|=songs|=lyrics|=recipe|=recipes|=cook|=cooking|=bake|=pizza|=restaurant|=restaurants|=football|=soccer|=basketball|=baseball|=olympics|=championship|=sports|=movie|=movies|=film|=films|=actor|=actress|=celebrity|=president|prime minister|=election|=politics|=politician|capital of|=country|=countries|=continent|population of|=translate|=translation|=horoscope|=zodiac|=lottery|=bitcoin|=cryptocurrency|=crypto|stock price|stock market|=stocks|share price|exchange rate|=travel|=flight|=flights|=hotel|=hotels|=vacation|=holiday|=dating|=girlfriend|=boyfriend|=wife|=husband|=dog|=cat|=birthday|meaning of life|=philosophy|=religion|history of rome|world war|=einstein|=shakespeare|=homework|=essay|=dinner|=lunch|=breakfast|=diet|=workout|=gym|medical advice|=doctor|=lawyer|legal advice|=sing|=dance|=story|bedtime story|=riddle|=trivia|=quiz|=chess|video game|=playstation|=novel|=car|=iphone|=christmas|=easter|love letter|cover letter|=resume|=linkedin|=tweet|=instagram|=tiktok|=youtube|=netflix|=spotify|calculate square root|square root|=multiply|solve equation|=integral|prime numbers|pi digits|roman empire|=planet|=planets|=moon|=mars|=astronaut|=dinosaur|football match|who won|world cup|super bowl|=santa|=god|=alien|=aliens|=raining|=snowing|=sunshine|=thunderstorm',
 '- 3'),
('other_system', 'scope', 'systems whose records are not among the system tables',
 '=snowflake|=bigquery|=redshift|=teradata|=synapse|=github|=gitlab|=bitbucket|=repo|=repository|=git|=pull request|=pull requests|=jira|=confluence|=servicenow|=trello|=asana|=zendesk|=freshdesk|=slack|=zoom|=outlook|=sharepoint|=office 365|=mailbox|=mail gateway|=phishing|=inbox|=spam|=salesforce|=hubspot|=workday|=sap|=oracle|=erp|=netsuite|=okta|=kubernetes|=k8s|=docker|=jenkins|=airflow|=splunk|=datadog|=grafana|=pagerduty|=aws bill|=aws console|=ec2|=lambda function|=route53|=azure bill|=azure portal|=gcp bill|=google cloud bill|=wifi|=wi fi|=laptop|=laptops|=printer|=printers|=badge|=badge reader|=parking|=elevator|=coffee machine|=salary|=salaries|=payroll run|=pay slip|=pay rise|=vacation days|=sick leave|=onboarding|=hiring|=interview|=interviews|=website|=web site|=web shop|=homepage|=google analytics|=seo|=newsletter|=call center|=helpdesk|=help desk|=ticket queue|=tickets|=active directory|=vpn|=firewall rules|=antivirus|=crowdstrike|=mysql|=mongodb|=sql server|=kafka|=rabbitmq|=redis|=elasticsearch|=tableau|=looker|=power bi|=powerbi|=excel',
 '- 2.2; egress + - -2.2; external_ip + - -2.2; connection + - -2.2; query + - -1.2; table_named + - -1.2; pii + - -1.5; lineage + - -1.5'),
('code_request', 'scope', 'code to write, lessons, SQL to run',
 'write code|write python|python script|python code|write function|write script|write sql|write query|write program|write java|write bash|write regex|code for|code snippet|javascript|java|golang|rust|html|css|react|regex|unit test|unit tests|debug my code|debug code|fix my code|review my code|code review|implement|algorithm|fibonacci|bubble sort|quicksort|sort list|how do i write|how to write|how do i code|syntax|tutorial|teach|learn python|learn sql|select from|select where|=select^0.7|pyspark code|notebook code|generate code|refactor|compile|dockerfile|kubernetes yaml|explain quantum|quantum|essay about|chat with other|other peoples chats|other users conversations|other users chats|other conversations|someone elses chat|others chats|other users questions',
 '- 3; has_access + - -2; permission + - -1.5'),

/* ---- orders ---- */
('write_verb', 'write', 'verbs that change something, at the head of a request',
 '=drop|=delete|=truncate|=grant|=revoke|=kill|=cancel|=stop|=restart|=terminate|=create|=alter|=update|=insert|=disable|=enable|=resize|=remove|=rotate|=rerun|=retry|=repair|=fix|=pause|=resume|=unpause|=shutdown|=shut down|=rename|=scale|=downscale|=upscale|=block|=unblock|=ban|=lock|=unlock|=assign|=transfer|=reassign|=move|=vacuum|=purge|=wipe|=erase|=destroy|=deploy|=undeploy|=retrain|=train|=acknowledge|=ack|=resolve|=dismiss|=mute|=snooze|=approve|=install|=uninstall|=upgrade|=downgrade|=rollback|=roll back|=restore|=overwrite|=suspend|=start|=launch|=set|=reset password|=add|=modify|=edit|=merge|=commit|=write to|=tag them|=tag it|=tag those|=tag these|=tag all|=label them|=label those|=mask them|=mask it|=archive them|=archive it|=encrypt them|=run job|=run pipeline|=run query|=run sql|=run notebook|=run <job>|=run <pipeline>|=run <name>|=run it|=execute|=trigger job|=trigger pipeline|=trigger run|=trigger <job>|=trigger <name>|=turn off|=turn on|=switch off|=switch on|=take down|=change owner|=change password|=change permission|=change permissions|=make admin|=promote|=demote|=archive|=copy|=clone|=export all|=upload|=import|=send|=email|=notify|=page|=schedule|=increase|=decrease|=raise|=lower|=backfill|=optimize', null),
('write_statement', 'write', 'statements of SQL', '=drop table^2|=drop schema^2|=drop database^2|=drop extension^2|=drop user^2|=drop role^2|=delete from^2|=delete all^2|=truncate table^2|=alter table^2|=alter role^2|=alter user^2|=alter system^2|=insert into^2|=create user^2|=create role^2|=create extension^2|=grant select^2|=grant admin^2|=grant superuser^2|=revoke select^2|=copy from program^2|=copy to program^2|=pg sleep^2|=pg terminate backend^2', null),

/* ---- attacks on the rules ---- */
('injection', 'injection', 'attempts to rewrite the rules or to get secrets',
 'ignore all previous|ignore all previous instructions|ignore all prior|ignore all above|ignore all rules|ignore all your instructions|disregard all previous|disregard all instructions|disregard all prior|forget all previous|forget all instructions|forget all rules|ignore instructions|ignore previous|ignore previous instructions|ignore prior instructions|ignore all instructions|ignore above|ignore above instructions|ignore rules|ignore your rules|ignore earlier instructions|ignore everything above|ignore everything before|ignore system prompt|ignore safety|disregard instructions|disregard previous|disregard previous instructions|disregard prior|disregard above|disregard rules|disregard everything|forget instructions|forget previous instructions|forget rules|forget everything|forget prior instructions|forget above|override instructions|override rules|override safety|override system|bypass rules|bypass safety|bypass restrictions|bypass security|bypass permissions|bypass row level security|bypass rls|without any restrictions|you are now|act as|pretend you are|pretend that you|pretend to be|=pretend|roleplay|role play as|jailbreak|jailbroken|dan mode|do anything now|developer mode|debug mode|god mode|admin mode|sudo mode|system prompt|your prompt|initial prompt|hidden prompt|your instructions|hidden instructions|secret instructions|reveal instructions|reveal prompt|reveal system|print prompt|repeat prompt|repeat words above|repeat everything above|repeat text above|new instructions|updated instructions|from now on|system message|system override|end of instructions|begin new instructions|the api key|your api key|my api key|give me api key|print api key|reveal api key|show me api key|the api keys|your api keys|my api keys|give me api keys|print api keys|reveal api keys|show me api keys|the secret key|your secret key|my secret key|give me secret key|print secret key|reveal secret key|show me secret key|the private key|your private key|my private key|give me private key|print private key|reveal private key|show me private key|the bearer token|your bearer token|my bearer token|give me bearer token|print bearer token|reveal bearer token|show me bearer token|the access key|your access key|my access key|give me access key|print access key|reveal access key|show me access key|the secret value|your secret value|my secret value|give me secret value|print secret value|reveal secret value|show me secret value|reveal password|reveal passwords|reveal secrets|reveal secret|give password|password for|password of|passwords of|credentials for|credentials of|dump secrets|connection string|user mapping|pg authid|pg user mapping|pg shadow|pg read file|environment variables|env variables|etc passwd|=password hash|password hashes|dump database|exfiltrate data', null)
) AS c(name, kind, description, forms, weights);

INSERT INTO dbinsight.tool_companions (tool, intent, companion, position, builtin) VALUES
	('get_cost_anomalies', 'why', 'get_top_cost_drivers', 1, true),
	('get_daily_cost_summary', 'why', 'get_cost_anomalies', 0, true),
	('get_daily_cost_summary', 'why', 'get_top_cost_drivers', 2, true),
	('get_workspace_cost_breakdown', 'why', 'get_cost_anomalies', 0, true),
	('get_workspace_cost_breakdown', 'why', 'get_top_cost_drivers', 2, true),
	('get_cost_mtd_summary', 'why', 'get_cost_anomalies', 0, true),
	('get_cost_mtd_summary', 'why', 'get_top_cost_drivers', 1, true),
	('get_budget_status', 'why', 'get_top_cost_drivers', 0, true),
	('get_cost_forecast', 'why', 'get_cost_anomalies', 0, true),
	('get_failed_jobs', 'why', 'get_job_runs', 1, true),
	('get_failed_jobs', 'why', 'get_job_bottlenecks', 2, true),
	('get_job_runs', 'why', 'get_failed_jobs', 1, true),
	('get_job_runs', 'why', 'get_job_bottlenecks', 2, true),
	('get_job_success_rate', 'why', 'get_failed_jobs', 0, true),
	('get_failure_streaks', 'why', 'get_failed_jobs', 0, true),
	('get_job_failure_risk', 'why', 'get_job_success_rate', 1, true),
	('get_job_bottlenecks', 'why', 'get_resource_utilization', 1, true),
	('get_slow_queries', 'why', 'get_resource_utilization', 1, true),
	('get_sla_breaches', 'why', 'get_failed_jobs', 0, true),
	('get_sla_breaches', 'why', 'get_job_bottlenecks', 2, true),
	('get_uptime_metrics', 'why', 'get_incident_summary', 0, true),
	('get_incident_summary', 'why', 'get_failed_jobs', 1, true),
	('get_service_health', 'why', 'get_incident_summary', 0, true),
	('get_freshness_violations', 'why', 'get_failed_jobs', 1, true),
	('get_dq_summary', 'why', 'get_freshness_violations', 1, true),
	('get_dq_summary', 'why', 'get_expectation_failures', 2, true),
	('get_expectation_failures', 'why', 'get_drift_metrics', 1, true),
	('get_drift_metrics', 'why', 'get_expectation_failures', 1, true),
	('get_model_drift', 'why', 'get_training_history', 1, true),
	('get_model_performance', 'why', 'get_model_drift', 1, true),
	('get_model_performance', 'why', 'get_training_history', 2, true),
	('get_failed_auth_attempts', 'why', 'get_security_events', 1, true),
	('get_network_bottlenecks', 'why', 'get_bandwidth_usage', 1, true),
	('get_security_events', 'trouble', 'get_failed_auth_attempts', 1, true),
	('get_security_events', 'trouble', 'get_permission_changes', 2, true),
	('get_security_events', 'trouble', 'get_findings', 3, true),
	('get_security_events', 'summarise', 'get_failed_auth_attempts', 1, true),
	('get_security_events', 'summarise', 'get_findings', 2, true),
	('get_security_events', 'security_event', 'get_findings', 4, true),
	('get_findings', 'summarise', 'get_security_events', 1, true),
	('get_findings', 'summarise', 'get_failed_auth_attempts', 2, true),
	('get_top_cost_drivers', 'why', 'get_daily_cost_summary', 1, true),
	('get_dq_summary', 'trouble', 'get_freshness_violations', 1, true),
	('get_dq_summary', 'trouble', 'get_expectation_failures', 2, true),
	('get_daily_cost_summary', 'trouble', 'get_cost_anomalies', 1, true),
	('get_incident_summary', 'pattern', 'get_uptime_metrics', 1, true),
	('get_platform_health', 'platform', 'get_active_alerts', 1, true),
	('get_active_alerts', 'platform', 'get_platform_health', 1, true),
	('get_daily_cost_summary', 'of_workspace', 'get_workspace_cost_breakdown', 1, true),
	('get_cost_mtd_summary', 'of_workspace', 'get_workspace_cost_breakdown', 1, true),
	('get_daily_cost_summary', 'of_job', 'get_job_runs', 1, true),
	('get_cost_mtd_summary', 'of_job', 'get_job_runs', 1, true),
	('get_workspace_cost_breakdown', 'of_job', 'get_job_runs', 1, true),
	('get_cost_anomalies', 'of_job', 'get_job_runs', 1, true),
	('get_cost_by_sku', 'of_job', 'get_job_runs', 1, true);

INSERT INTO dbinsight.name_hints (pattern, kind, builtin) VALUES
	('fact_%', 'table', true), ('dim_%', 'table', true), ('stg_%', 'table', true), ('raw_%', 'table', true),
	('bronze_%', 'table', true), ('silver_%', 'table', true), ('gold_%', 'table', true), ('rollup_%', 'table', true),
	('tbl_%', 'table', true), ('%_table', 'table', true), ('%_pii', 'table', true), ('%_events', 'table', true),
	('%_etl', 'job', true), ('etl_%', 'job', true), ('%_job', 'job', true), ('job_%', 'job', true), ('%_load', 'job', true),
	('load_%', 'job', true), ('nightly_%', 'job', true), ('%_nightly', 'job', true), ('daily_%', 'job', true), ('%_daily', 'job', true),
	('hourly_%', 'job', true), ('%_hourly', 'job', true), ('%_sync', 'job', true), ('%_ingest', 'job', true),
	('%_predictor', 'model', true), ('%_detector', 'model', true), ('%_forecaster', 'model', true), ('%_classifier', 'model', true),
	('%_scorer', 'model', true), ('%_model', 'model', true), ('%_recommender', 'model', true), ('%_estimator', 'model', true),
	('%_regressor', 'model', true), ('%_trigger', 'model', true), ('%_alerter', 'model', true),
	('%_endpoint', 'endpoint', true), ('%_pipeline', 'pipeline', true), ('%_dlt', 'pipeline', true), ('dlt_%', 'pipeline', true),
	('%_wh', 'warehouse', true), ('%_warehouse', 'warehouse', true), ('wh_%', 'warehouse', true),
	('%_cluster', 'cluster', true), ('cluster_%', 'cluster', true),
	('%_compute', 'sku', true), ('%_dbu', 'sku', true), ('enterprise_%', 'sku', true), ('premium_%', 'sku', true), ('standard_%', 'sku', true);
