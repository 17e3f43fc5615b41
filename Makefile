# dbinsight: build, install, demo, test, lint, bench.  See README.md.
EXTENSION = dbinsight
MODULE_big = dbinsight
EXTVERSION := $(shell sed -n "s/^default_version *= *'\([^']*\)'/\1/p" dbinsight.control)

SRC_C := $(sort $(wildcard src/*.c src/*/*.c))
SRC_H := $(sort $(wildcard src/*.h src/*/*.h))
OBJS = $(SRC_C:.c=.o)
PG_CPPFLAGS = -Isrc -DDBINSIGHT_VERSION='"$(EXTVERSION)"'
PG_CFLAGS = -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers
SHLIB_LINK = -ljson-c

# File names carry their order: inside a room the number, between rooms this list.
SQL_PARTS := $(sort $(wildcard sql/schema/*.sql)) $(sort $(wildcard sql/semantic/*.sql)) \
	$(sort $(wildcard sql/tools/*.sql)) $(sort $(wildcard sql/detect/*.sql)) \
	$(sort $(wildcard sql/report/*.sql)) $(sort $(wildcard sql/sample/*.sql)) sql/grants.sql
DATA_built = sql/dbinsight--$(EXTVERSION).sql
EXTRA_CLEAN = $(DATA_built)

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

$(OBJS): $(SRC_H)

sql/dbinsight--$(EXTVERSION).sql: $(SQL_PARTS)
	cat $^ > $@
