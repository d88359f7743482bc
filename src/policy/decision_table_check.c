/*
 * decision_table_check.c
 *		What is wrong with a decision table: rules that overlap, rows that no rule hits, rules that never count.
 *
 * Every column is cut into parts that the rules do not tell apart, so a rule is a box of parts and the questions are of boxes.  Whether
 * boxes cover a region is found column by column: the parts that leave the same rules are taken together, and a set of rules that is
 * known to cover what the later columns may be is not looked at twice.  The answer is exact; the work is counted and has a limit.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "policy/decision_table_region.h"

#define MAX_WORK (4000 * INT64CONST(1000000))
#define MAX_PROBLEMS 10000

typedef struct Check
{
	const DecisionTable *table;
	const Dimension *dimensions;
	int ncolumns;
	bool **region; /* the region at hand */
	int64 work;
	int64 nproblems;
	MemoryContext scratch; /* of one problem's report */
	ReturnSetInfo *result;
} Check;

static void
add_work(Check *check, int64 steps)
{
	CHECK_FOR_INTERRUPTS();
	check->work += steps;
	if (check->work > MAX_WORK)
		ereport(ERROR,
		        (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
		         errmsg("the decision table is too large to be checked"),
		         errdetail("Its rules cut the rows into more regions than can be compared in "
		                   "%d million steps.",
		                   (int) (MAX_WORK / 1000000)),
		         errhint("Check tables of some of the rules, or of some of the inputs.")));
}

/* ---- reporting ---- */

typedef enum Problem
{
	PROBLEM_UNREACHABLE,
	PROBLEM_OVERLAP,
	PROBLEM_CONFLICT,
	PROBLEM_GAP
} Problem;

/* Report a problem of rules; it shows in the region at hand, if it shows at all. */
static void
report(Check *check, Problem problem, const int *rules, int nrules, bool has_region,
       const char *message)
{
	static const char *const names[] = {"unreachable", "overlap", "conflict", "gap"};
	MemoryContext caller = MemoryContextSwitchTo(check->scratch);
	Datum *numbers = palloc(sizeof(Datum) * Max(nrules, 1));
	Datum values[5];
	bool nulls[5] = {false};

	if (++check->nproblems > MAX_PROBLEMS)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
		                errmsg("the decision table has more than %d problems", MAX_PROBLEMS),
		                errhint("Check tables of some of the rules, or of some of the inputs.")));
	for (int i = 0; i < nrules; i++)
		numbers[i] = Int32GetDatum(rules[i]);
	values[0] = CStringGetTextDatum(names[problem]);
	values[1] = PointerGetDatum(
	    construct_array(numbers, nrules, INT4OID, sizeof(int32), true, TYPALIGN_INT));
	nulls[2] = nulls[3] = !has_region;
	if (has_region)
	{
		values[2] = crm_region_tests(check->table, check->dimensions, check->region);
		values[3] = crm_region_row(check->table, check->dimensions, check->region, &nulls[3]);
	}
	values[4] = CStringGetTextDatum(message);
	tuplestore_putvalues(check->result->setResult, check->result->setDesc, values, nulls);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(check->scratch);
}

/* Make the region of the rows that all of some rules hit; the column where there are none, or -1. */
static int
select_hits(Check *check, int rule, int other)
{
	for (int c = 0; c < check->ncolumns; c++)
	{
		const Dimension *it = &check->dimensions[c];
		bool some = false;

		for (int part = 0; part < it->nparts; part++)
		{
			const uint64 *hits = it->hits + (Size) part * check->table->nwords;

			check->region[c][part] = bit_is_set(hits, rule) && bit_is_set(hits, other);
			some |= check->region[c][part];
		}
		add_work(check, it->nparts);
		if (!some)
			return c;
	}
	return -1;
}

/* ---- whether rules cover a region ---- */

/* A search for rows of a box that some rules do not hit. */
typedef struct Search
{
	Check *check;
	int box;         /* the rule whose box is searched, or -1 for all rows */
	bool first_only; /* whether there is such a row is all that is asked */
	uint64 **
	    whole; /* the rules that hit all that the columns from one on may be; one set more than columns */
	HTAB **covered; /* for each column, the sets of rules that are known to cover the same */
	uint64 **sets;  /* for each column, the sets that its parts leave */
	int **groups;   /* and which of them each part leaves, or -1 */
	uint64 *needed; /* the rules that cover */
} Search;

/* Whether a part of a column is searched. */
static inline bool
is_searched(const Search *search, int column, int part)
{
	const Dimension *it = &search->check->dimensions[column];

	return search->box < 0
	           ? it->allowed[part]
	           : bit_is_set(it->hits + (Size) part * search->check->table->nwords, search->box);
}

static Search *
make_search(Check *check, int box, bool first_only)
{
	Search *search = palloc0(sizeof(Search));
	int nwords = check->table->nwords;
	int n = check->ncolumns;

	search->check = check;
	search->box = box;
	search->first_only = first_only;
	search->whole = palloc(sizeof(uint64 *) * (n + 1));
	search->covered = palloc0(sizeof(HTAB *) * n);
	search->sets = palloc0(sizeof(uint64 *) * n);
	search->groups = palloc0(sizeof(int *) * n);
	search->needed = palloc0(sizeof(uint64) * nwords);
	search->whole[n] = palloc(sizeof(uint64) * nwords);
	memset(search->whole[n], 0xff, sizeof(uint64) * nwords);
	for (int c = n - 1; c >= 0; c--)
	{
		const Dimension *it = &check->dimensions[c];

		search->whole[c] = palloc(sizeof(uint64) * nwords);
		memcpy(search->whole[c], search->whole[c + 1], sizeof(uint64) * nwords);
		for (int part = 0; part < it->nparts; part++)
			if (is_searched(search, c, part))
				for (int w = 0; w < nwords; w++)
					search->whole[c][w] &= it->hits[(Size) part * nwords + w];
		add_work(check, (int64) it->nparts * nwords);
	}
	return search;
}

/* Whether it is known that a set covers what the columns from c on may be; "enter" makes it known. */
static bool
known_to_cover(Search *search, int c, const uint64 *set, bool enter)
{
	bool found;

	if (search->covered[c] == NULL)
	{
		HASHCTL control = {.keysize = sizeof(uint64) * search->check->table->nwords,
		                   .entrysize = sizeof(uint64) * search->check->table->nwords,
		                   .hcxt = CurrentMemoryContext};

		search->covered[c] =
		    hash_create("crm_ext covered", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	hash_search(search->covered[c], set, enter ? HASH_ENTER : HASH_FIND, &found);
	return found;
}

/* Group the searched parts of a column by what they leave of a set; the number of groups. */
static int
group_parts(Search *search, int c, const uint64 *set)
{
	const Dimension *it = &search->check->dimensions[c];
	int nwords = search->check->table->nwords;
	Size size = sizeof(uint64) * nwords;
	int n = 0;

	if (search->sets[c] == NULL)
	{
		search->sets[c] = palloc_extended(size * (it->nparts + 1), MCXT_ALLOC_HUGE);
		search->groups[c] = palloc(sizeof(int) * it->nparts);
	}
	for (int part = 0; part < it->nparts; part++)
	{
		uint64 *left = search->sets[c] + (Size) n * nwords;
		int group = 0;

		search->groups[c][part] = -1;
		if (!is_searched(search, c, part))
			continue;
		for (int w = 0; w < nwords; w++)
			left[w] = set[w] & it->hits[(Size) part * nwords + w];
		while (memcmp(search->sets[c] + (Size) group * nwords, left, size) != 0)
			group++;
		search->groups[c][part] = group;
		n = Max(n, group + 1);
		add_work(search->check, nwords + group);
	}
	return n;
}

/*
 * Search the rows whose earlier columns leave a set of rules for some that none of them hits.  True where there are; unless the first is
 * all that is asked, each region of them is reported.
 */
static bool
search_gaps(Search *search, int c, const uint64 *set)
{
	Check *check = search->check;
	int nwords = check->table->nwords;
	bool none_left = true;
	bool found = false;
	int n;

	check_stack_depth();
	for (int w = 0; w < nwords; w++)
	{
		uint64 whole = set[w] & search->whole[c][w];

		none_left &= set[w] == 0;
		if (whole != 0)
		{
			int rule = w * WORD_BITS + pg_rightmost_one_pos64(whole);

			search->needed[w] |= bit_of(rule);
			return false;
		}
	}
	if (none_left)
	{
		if (search->first_only)
			return true;
		for (; c < check->ncolumns; c++)
			for (int part = 0; part < check->dimensions[c].nparts; part++)
				check->region[c][part] = is_searched(search, c, part);
		report(check, PROBLEM_GAP, NULL, 0, true, "no rule hits these rows");
		return true;
	}
	if (known_to_cover(search, c, set, false))
		return false;

	n = group_parts(search, c, set);
	for (int group = 0; group < n; group++)
	{
		for (int part = 0; part < check->dimensions[c].nparts; part++)
			check->region[c][part] = search->groups[c][part] == group;
		found |= search_gaps(search, c + 1, search->sets[c] + (Size) group * nwords);
		if (found && search->first_only)
			return true;
	}
	if (!found)
		known_to_cover(search, c, set, true);
	return found;
}

/* ---- the checks ---- */

/* The numbers of a rule and of those in a set, which come first. */
static int *
rule_numbers(const DecisionTable *table, int rule, const uint64 *others, int *n)
{
	int *numbers = palloc(sizeof(int) * (table->nrules + 1));

	*n = 0;
	numbers[(*n)++] = table->rules[rule].number;
	for (int r = next_hit(table, others, -1); r >= 0; r = next_hit(table, others, r))
		numbers[(*n)++] = table->rules[r].number;
	return numbers;
}

/* Rules whose tests contradict each other or what the inputs allow, and rules that others always come before. */
static void
check_reachable(Check *check)
{
	const DecisionTable *table = check->table;
	bool ordered = table->hit_policy == HIT_FIRST || table->hit_policy == HIT_PRIORITY;
	uint64 *earlier = palloc0(sizeof(uint64) * table->nwords);
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext work = AllocSetContextCreate(caller, "crm_ext search", ALLOCSET_DEFAULT_SIZES);

	for (int r = 0; r < table->nrules; r++)
	{
		int empty;

		MemoryContextReset(work);
		MemoryContextSwitchTo(work);
		empty = select_hits(check, r, r);
		if (empty >= 0)
			report(check, PROBLEM_UNREACHABLE, &table->rules[r].number, 1, false,
			       psprintf("rule %d can never hit: its tests allow no value of \"%s\"",
			                table->rules[r].number, table->policy.attributes.items[empty].name));
		else if (ordered && r > 0)
		{
			Search *search = make_search(check, r, true);

			if (!search_gaps(search, 0, earlier))
			{
				int n;
				int *numbers = rule_numbers(table, r, search->needed, &n);

				select_hits(check, r, r);
				report(check, PROBLEM_UNREACHABLE, numbers, n, true,
				       psprintf("rule %d never counts: %s wherever it hits", numbers[0],
				                n == 2 ? psprintf("rule %d comes first", numbers[1])
				                       : psprintf("one of %d other rules comes first", n - 1)));
			}
		}
		MemoryContextSwitchTo(caller);
		earlier[r / WORD_BITS] |= bit_of(r);
	}
	MemoryContextDelete(work);
}

/* Pairs of rules that hit the same rows where they must not. */
static void
check_overlaps(Check *check)
{
	const DecisionTable *table = check->table;
	int nwords = table->nwords;
	uint64 *partners = palloc(sizeof(uint64) * nwords);
	uint64 *of_column = palloc(sizeof(uint64) * nwords);

	for (int r = 0; r < table->nrules; r++)
	{
		memset(partners, 0xff, sizeof(uint64) * nwords);
		for (int c = 0; c < check->ncolumns; c++)
		{
			const Dimension *it = &check->dimensions[c];

			memset(of_column, 0, sizeof(uint64) * nwords);
			for (int part = 0; part < it->nparts; part++)
			{
				const uint64 *hits = it->hits + (Size) part * nwords;

				if (bit_is_set(hits, r))
					for (int w = 0; w < nwords; w++)
						of_column[w] |= hits[w];
			}
			for (int w = 0; w < nwords; w++)
				partners[w] &= of_column[w];
			add_work(check, (int64) it->nparts * nwords);
		}
		for (int other = next_hit(table, partners, r); other >= 0;
		     other = next_hit(table, partners, other))
		{
			int numbers[2] = {table->rules[r].number, table->rules[other].number};
			bool differ = table->rules[r].same != table->rules[other].same;

			if (table->hit_policy == HIT_ANY && !differ)
				continue;
			select_hits(check, r, other);
			report(check, table->hit_policy == HIT_ANY ? PROBLEM_CONFLICT : PROBLEM_OVERLAP,
			       numbers, 2, true,
			       psprintf("rules %d and %d hit the same rows and give %s outputs", numbers[0],
			                numbers[1], differ ? "different" : "the same"));
		}
	}
}

/*
 * decision_table_check(decision_table) -> table (problem, rules, region, witness, message)
 *
 * unreachable: a rule that can never hit, or (first, priority) that others come before wherever it hits.  overlap: two rules of a unique
 * table that hit the same rows.  conflict: two rules of an any table that do and give different outputs.  gap: rows, NULL included, that no
 * rule hits, where the table has no default.  The region says all such rows as tests, the witness is one of them.  Errors: 54000 where
 * that takes more than MAX_WORK steps, or there are more than MAX_PROBLEMS.
 */
PG_FUNCTION_INFO_V1(crm_decision_table_check);
Datum
crm_decision_table_check(PG_FUNCTION_ARGS)
{
	const DecisionTable *table = crm_decision_table_of(PG_GETARG_VARLENA_P(0));
	Check check = {.table = table, .ncolumns = table->policy.attributes.n};

	InitMaterializedSRF(fcinfo, 0);
	check.result = (ReturnSetInfo *) fcinfo->resultinfo;
	check.scratch =
	    AllocSetContextCreate(CurrentMemoryContext, "crm_ext problem", ALLOCSET_DEFAULT_SIZES);
	check.dimensions = crm_table_dimensions(table);
	check.region = palloc(sizeof(bool *) * check.ncolumns);
	for (int c = 0; c < check.ncolumns; c++)
		check.region[c] = palloc0(check.dimensions[c].nparts);

	check_reachable(&check);
	if (table->hit_policy == HIT_UNIQUE || table->hit_policy == HIT_ANY)
		check_overlaps(&check);
	if (table->otherwise == NULL)
	{
		uint64 *all = palloc(sizeof(uint64) * table->nwords);

		memset(all, 0, sizeof(uint64) * table->nwords);
		for (int r = 0; r < table->nrules; r++)
			all[r / WORD_BITS] |= bit_of(r);
		search_gaps(make_search(&check, -1, false), 0, all);
	}
	return (Datum) 0;
}
