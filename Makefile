# crm_ext: PGXS build. The install script is joined from the pieces below, in this order.
EXTENSION = crm_ext
EXTVERSION = $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" crm_ext.control)

SQL_PIECES = \
	sql/value/day.sql \
	sql/policy/scorecard.sql \
	sql/policy/pmml.sql \
	sql/policy/tier_policy.sql \
	sql/policy/tier_standing.sql \
	sql/policy/decision_table.sql \
	sql/policy/dmn.sql \
	sql/policy/suitability_policy.sql \
	sql/summary/activity.sql \
	sql/summary/rfm.sql \
	sql/summary/balance.sql \
	sql/summary/distribution.sql \
	sql/summary/cut_points.sql \
	sql/summary/population_stability.sql \
	sql/policy/frozen_cuts.sql \
	sql/summary/survival.sql \
	sql/summary/migration.sql \
	sql/summary/repeat_purchase.sql \
	sql/summary/spend.sql \
	sql/summary/co_holding.sql \
	sql/summary/coverage.sql \
	sql/summary/service_concentration.sql \
	sql/summary/asset_bridge.sql \
	sql/model/bgnbd.sql \
	sql/model/pareto_nbd.sql \
	sql/model/gamma_gamma.sql \
	sql/model/clv.sql \
	sql/mart/source_contract.sql \
	sql/mart/check_source.sql \
	sql/mart/mart_fact.sql \
	sql/mart/mart_setting.sql \
	sql/mart/mart_policy.sql \
	sql/mart/mart_summary.sql \
	sql/mart/mart_tier.sql \
	sql/mart/mart_client.sql \
	sql/mart/mart_service.sql \
	sql/mart/mart_relationship.sql \
	sql/mart/mart_offer.sql \
	sql/mart/mart_question.sql \
	sql/mart/mart_plan.sql \
	sql/mart/refresh_mart.sql \
	sql/mart/create_mart.sql \
	sql/mart/client_value.sql \
	sql/mart/propose_rfm_cuts.sql \
	sql/mart/simulate_tiers.sql \
	sql/mart/verify_mart.sql \
	sql/mart/grant_mart.sql \
	sql/registry/policy_diff.sql \
	sql/registry/policy_store.sql \
	sql/registry/decision_log.sql \
	sql/registry/replay.sql \
	sql/registry/create_registry.sql

MODULE_big = crm_ext
OBJS = $(patsubst %.c,%.o,$(sort $(wildcard src/*.c src/*/*.c)))
PGFILEDESC = "crm_ext - analytic CRM in the database"

DATA_built = sql/crm_ext--$(EXTVERSION).sql
DATA = $(filter-out $(DATA_built),$(wildcard sql/crm_ext--*--*.sql))
DOCS = $(wildcard doc/*.md)

TESTS = $(patsubst test/sql/%.sql,%,$(sort $(wildcard test/sql/*.sql)))
REGRESS = install $(filter-out install,$(TESTS))
REGRESS_OPTS = --inputdir=test
EXTRA_CLEAN = $(DATA_built) results regression.diffs regression.out

SHLIB_LINK = -lnlopt -lm
PG_CPPFLAGS = -I$(srcdir)/src -DCRM_EXT_VERSION='"$(EXTVERSION)"'

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

$(OBJS): $(wildcard src/*.h src/*/*.h)

$(DATA_built): $(SQL_PIECES) crm_ext.control
	{ printf '%s\n\n' '\echo Use "CREATE EXTENSION crm_ext" to load this file. \quit'; cat $(SQL_PIECES); } > $@

# C files in PostgreSQL's style; the committed .clang-format says what that is.
format:
	clang-format -i $(wildcard src/*.[ch] src/*/*.[ch])

check-format:
	clang-format --dry-run -Werror $(wildcard src/*.[ch] src/*/*.[ch])

.PHONY: format check-format
