/*
 * slots_word.c: severities, regulations and environments by their words.
 */
#include "postgres.h"

#include "agents/slots.h"

static const struct
{
	const char *word;
	const char *severity;
	bool alone; /* needs no noun beside it */
} severities[] = {{"critical", "critical", true},
				  {"sev1", "critical", true},
				  {"sev0", "critical", true},
				  {"sev1s", "critical", true},
				  {"p1", "critical", true},
				  {"p1s", "critical", true},
				  {"p0", "critical", true},
				  {"urgent", "critical", false},
				  {"crit", "critical", true},
				  {"crits", "critical", true},
				  {"criticals", "critical", true},
				  {"blocker", "critical", false},
				  {"high", "high", false},
				  {"severe", "high", true},
				  {"sev2", "high", true},
				  {"sev2s", "high", true},
				  {"p2", "high", true},
				  {"p2s", "high", true},
				  {"serious", "high", false},
				  {"important", "high", false},
				  {"major", "high", false},
				  {"medium", "medium", false},
				  {"moderate", "medium", false},
				  {"sev3", "medium", true},
				  {"p3", "medium", true},
				  {"low", "low", false},
				  {"minor", "low", false},
				  {"sev4", "low", true},
				  {"p4", "low", true},
				  {"informational", "info", true}};

#define SEVERITY_NOUNS                                                                                           \
	"severity|severities|priority|risk|level|sev|alert|alerts|incident|incidents|event|events|finding|"          \
	"findings|violation|violations|issue|issues|threat|threats|alarm|alarms|security|open|active|compliance|or|" \
	"detection|detections|ones|hits|audit|outage|outages"

/* Tokens after the word that make it a least severity: "and above", "or worse", "+", "upwards". */
static int
upwards(DbiScan *s, int i)
{
	const DbiToken *t = dbi_scan_at(s, i);

	if (dbi_scan_is(s, i, "or|and|n") &&
		dbi_scan_is(s, i + 1, "above|higher|worse|more|up|over|upwards|greater|beyond|upward"))
		return 2;
	if (dbi_scan_is(s, i, "upwards|upward|plus|up"))
		return 1;
	return t && t->kind == DBI_TOK_PUNCT && strcmp(t->text, "+") == 0 && t->glued;
}

/* "at least high", "nothing below medium", "from high on" */
static bool
is_least(DbiScan *s, int i)
{
	return (dbi_scan_is(s, i - 1, "least") && dbi_scan_is(s, i - 2, "at")) ||
		   (dbi_scan_is(s, i - 1, "below|under") && dbi_scan_is(s, i - 2, "nothing|not|none")) ||
		   (dbi_scan_is(s, i - 1, "minimum|min"));
}

/* high-severity, severity high, critical alerts, sev 1, "high or above". */
int
dbi_read_severity(DbiScan *s, int i)
{
	int p = i;
	bool named = dbi_scan_is(s, i, "severity|sev|priority") && dbi_scan_at(s, i + 1);
	DbiSlot *slot;

	if (named)
		p++;
	if (named && dbi_scan_is(s, p, "of|is|at|least"))
		p++;
	if (named && (dbi_scan_is(s, i, "sev") || dbi_scan_is(s, i, "priority")) && dbi_scan_at(s, p) &&
		dbi_scan_at(s, p)->kind == DBI_TOK_NUMBER && dbi_scan_at(s, p)->number >= 0 &&
		dbi_scan_at(s, p)->number <= 4)
	{
		static const char *const by_number[] = {"critical", "critical", "high", "medium", "low"};

		slot = dbi_scan_add(s, DBI_SLOT_SEVERITY, i, p + 1);
		slot->value = by_number[(int) s->text->tokens[p].number];
		return p + 1 - i;
	}
	for (int k = 0; k < lengthof(severities); k++)
	{
		if (!dbi_scan_is(s, p, severities[k].word))
			continue;
		if (!named && !severities[k].alone && !dbi_scan_is(s, p + 1, SEVERITY_NOUNS) &&
			upwards(s, p + 1) == 0 && !is_least(s, i))
			return 0;
		if (dbi_scan_is(s, p + 1, "path|section|success"))
			return 0;
		if (!named && dbi_scan_is(s, p + 1, "severity|priority|sev|level"))
			p++;
		p += upwards(s, p + 1);
		slot = dbi_scan_add(s, DBI_SLOT_SEVERITY, i, p + 1);
		slot->value = severities[k].severity;
		return p + 1 - i;
	}
	return 0;
}

static const struct
{
	const char *words; /* tokens with spaces between */
	const char *regulation;
} regulations[] = {{"gdpr", "GDPR"},
				   {"hipaa", "HIPAA"},
				   {"soc 2", "SOC2"},
				   {"soc2", "SOC2"},
				   {"soc ii", "SOC2"},
				   {"soc", "SOC2"},
				   {"pci dss", "PCI"},
				   {"pci", "PCI"},
				   {"iso 27001", "ISO27001"},
				   {"iso27001", "ISO27001"},
				   {"iso", "ISO27001"},
				   {"sox", "SOX"},
				   {"sarbanes oxley", "SOX"},
				   {"ccpa", "CCPA"},
				   {"nist", "NIST"},
				   {"fedramp", "FEDRAMP"},
				   {"general data protection regulation", "GDPR"}};

/* Tokens the phrase takes at i, or 0. */
static int
phrase_at(DbiScan *s, int i, const char *phrase)
{
	int used = 0;
	const char *p = phrase;

	while (*p)
	{
		size_t len = strcspn(p, " ");
		const DbiToken *t = dbi_scan_at(s, i + used);

		if (!t || strlen(t->text) != len || strncmp(t->text, p, len) != 0)
			return 0;
		used++;
		p += len;
		while (*p == ' ')
			p++;
	}
	return used;
}

int
dbi_read_regulation(DbiScan *s, int i)
{
	for (int k = 0; k < lengthof(regulations); k++)
	{
		int used = phrase_at(s, i, regulations[k].words);

		if (used > 0)
		{
			DbiSlot *slot = dbi_scan_add(s, DBI_SLOT_REGULATION, i, i + used);

			slot->value = regulations[k].regulation;
			return used;
		}
	}
	return 0;
}

static const struct
{
	const char *word;
	const char *environment;
	bool alone; /* false: only as "in test", "the test workspace" */
} environments[] = {{"production", "production", true},
					{"prod", "production", true},
					{"prd", "production", true},
					{"staging", "staging", true},
					{"stage", "staging", false},
					{"stg", "staging", true},
					{"preprod", "preprod", true},
					{"development", "development", true},
					{"dev", "development", true},
					{"test", "test", false},
					{"testing", "test", false},
					{"qa", "qa", true},
					{"uat", "uat", true},
					{"sandbox", "sandbox", true}};

int
dbi_read_environment(DbiScan *s, int i)
{
	for (int k = 0; k < lengthof(environments); k++)
	{
		bool noun;
		int from = i;
		int to = i + 1;
		DbiSlot *slot;

		if (!dbi_scan_is(s, i, environments[k].word))
			continue;
		noun = dbi_scan_is(s, i + 1, "workspace|workspaces|environment|env|environments");
		if (!environments[k].alone && !noun && !dbi_scan_is(s, i - 1, "in|for|on|from"))
			return 0;
		/* "workspace prod" and "prod-eu" are names, not environments. */
		if (dbi_scan_is(s, i - 1, "workspace") ||
			(dbi_scan_at(s, i + 1) && dbi_scan_at(s, i + 1)->glued &&
			 dbi_scan_at(s, i + 1)->kind != DBI_TOK_PUNCT))
			return 0;
		if (noun)
			to++;
		slot = dbi_scan_add(s, DBI_SLOT_ENVIRONMENT, from, to);
		slot->value = s->text->tokens[i].text;
		return to - i;
	}
	return 0;
}
