# dbinsight: build, install, demo, test, lint, bench.  See README.md.
EXTENSION = dbinsight
MODULE_big = dbinsight
EXTVERSION := $(shell sed -n "s/^default_version *= *'\([^']*\)'/\1/p" dbinsight.control)

SRC_C := $(sort $(wildcard src/*.c src/*/*.c))
SRC_H := $(sort $(wildcard src/*.h src/*/*.h))
OBJS = $(SRC_C:.c=.o)
PG_CPPFLAGS = -Isrc -DDBINSIGHT_VERSION='"$(EXTVERSION)"'
PG_CFLAGS = -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers
SHLIB_LINK = -lcurl -ljson-c

# File names carry their order: inside a room the number, between rooms this list.
SQL_PARTS := $(sort $(wildcard sql/schema/*.sql)) $(sort $(wildcard sql/semantic/*.sql)) \
	$(sort $(wildcard sql/tools/*.sql)) $(sort $(wildcard sql/detect/*.sql)) \
	$(sort $(wildcard sql/report/*.sql)) $(sort $(wildcard sql/sample/*.sql)) sql/router.sql sql/grants.sql
INSTALL_SQL = sql/dbinsight--$(EXTVERSION).sql
DATA = $(wildcard sql/updates/dbinsight--*--*.sql)
DATA_built = $(INSTALL_SQL)

# Assigned at once, for PGXS asks whether they are defined; an empty one is not.
REGRESS := $(patsubst test/sql/%.sql,%,$(sort $(wildcard test/sql/*.sql)))
REGRESS_OPTS = --inputdir=test --launcher=test/harness/launcher
ISOLATION := $(patsubst test/specs/%.spec,%,$(sort $(wildcard test/specs/*.spec)))
ISOLATION_OPTS = --inputdir=test --outputdir=. --load-extension=dbinsight
PROVE_TESTS := $(sort $(wildcard test/t/*.pl))
TAP_TESTS := $(if $(PROVE_TESTS),1)

EXTRA_CLEAN = $(INSTALL_SQL) build/test build/lint report.html

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)

.DEFAULT_GOAL := all
ifneq ($(wildcard $(PGXS)),)
include $(PGXS)
else
# The targets below can still run here: they install what is missing and call make again.
all install installcheck clean:
	@echo "$(PG_CONFIG) finds no PostgreSQL server headers." >&2
	@echo "On Debian: apt-get install postgresql-server-dev-15 libjson-c-dev libcurl4-openssl-dev; elsewhere set PG_CONFIG." >&2
	@exit 1
endif

# Learning and scoring are loops over rows of numbers; sqrtf() need not set errno there.
src/agents/router.o src/agents/router_train.o: CFLAGS += $(CFLAGS_VECTORIZE) -fno-math-errno

# PGXS follows no headers; a changed version changes what the library says it is.
$(OBJS) $(OBJS:.o=.bc): $(SRC_H) dbinsight.control

# The folders are listed because a part taken away must also rebuild the script.
$(INSTALL_SQL): $(SQL_PARTS) $(filter-out sql/,$(sort $(dir $(SQL_PARTS)))) dbinsight.control
	cat $(SQL_PARTS) > $@

export PG_CONFIG
.PHONY: demo demo-stop test lint format docs bench gate fuzz test-llm test-versions print-sql-parts
demo:
	+@test/harness/demo.sh start
demo-stop:
	+@test/harness/demo.sh stop
test:
	+@test/harness/test.sh
lint:
	+@test/harness/lint.sh
format:
	+@test/harness/lint.sh --format
# The list is the planner's own, as its regression test shows it.
docs:
	+@test/harness/docs.sh
bench:
	+@test/bench/run
gate:
	+@test/gate/run
fuzz:
	+@test/fuzz/run
test-llm:
	+@test/llm/run
test-versions:
	+@test/harness/versions.sh

print-sql-parts:
	@printf '%s\n' $(SQL_PARTS)
