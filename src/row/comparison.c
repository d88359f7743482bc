/*
 * comparison.c
 *		Conditions that set two attributes, or an attribute and a day, against each other.
 *
 *	{"allowed": {"client": "risk_level", "product": "risk_level", "pairs": {"C1": ["R1"], ...}}}
 *	{"at_least": {"client": "assets_20_days", "value": 500000, "measure": "20-day average"}}, "at_most" likewise
 *	{"contains": {"client": "kinds", "product": "kind"}}, {"overlaps": {...}}
 *	{"within_months": {"client": "assessed_on", "months": 24}}, {"within_days": {..., "days": 90}}
 *	{"for_months": {"client": "first_trade_on", "months": 24}}, {"for_days": {...}}
 *
 * Months are calendar months, clamped at the month's end.  "Within 24 months" includes the day 24 months later.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "row/condition.h"
#include "row/comparison.h"
#include "value/day.h"

static const char *const comparison_names[] = {"allowed",     "at_least",   "at_most",
                                               "contains",    "overlaps",   "within_months",
                                               "within_days", "for_months", "for_days"};

/* ---- reading ---- */

/* The pairs of an allowed table. */
static void
read_pairs(Comparison *comparison, DocumentNode *pairs)
{
	int capacity = 0;

	crm_document_expect(pairs, DOCUMENT_OBJECT); /* their order is that of the levels: it stays */
	if (pairs->nitems == 0)
		document_malformed(pairs, NULL, "no pair is allowed");
	for (int i = 0; i < pairs->nitems; i++)
	{
		crm_document_expect(pairs->items[i], DOCUMENT_ARRAY);
		for (int j = 0; j < pairs->items[i]->nitems; j++)
			crm_document_expect(pairs->items[i]->items[j], DOCUMENT_STRING);
		capacity += pairs->items[i]->nitems;
	}
	comparison->nlefts = pairs->nitems;
	comparison->lefts = palloc(sizeof(Literal) * pairs->nitems);
	comparison->rights = palloc(sizeof(Literal) * Max(capacity, 1));
	if ((Size) capacity * pairs->nitems > CRM_DOCUMENT_MAX_LENGTH)
		crm_document_error(pairs, ERRCODE_PROGRAM_LIMIT_EXCEEDED, NULL, "too many pairs");
	comparison->allowed = palloc0(sizeof(bool) * Max(capacity, 1) * pairs->nitems);
	for (int i = 0; i < pairs->nitems; i++)
	{
		const DocumentNode *list = pairs->items[i];

		crm_literal_text(&comparison->lefts[i], list->key, strlen(list->key));
		for (int j = 0; j < list->nitems; j++)
		{
			Literal literal;
			int r = 0;

			crm_literal_text(&literal, list->items[j]->text, strlen(list->items[j]->text));
			CHECK_FOR_INTERRUPTS();
			while (r < comparison->nrights &&
			       crm_literal_compare(&literal, &comparison->rights[r]) != 0)
				r++;
			if (r == comparison->nrights)
				comparison->rights[comparison->nrights++] = literal;
			if (comparison->allowed[i * capacity + r])
				document_malformed(list->items[j], NULL, "is listed twice");
			comparison->allowed[i * capacity + r] = true;
		}
	}
	/* close the rows up to the number of texts on the right */
	for (int i = 1; i < comparison->nlefts; i++)
		memmove(comparison->allowed + i * comparison->nrights, comparison->allowed + i * capacity,
		        comparison->nrights * sizeof(bool));
}

/* The attribute that a member names for a side, or -1 where the side has no member. */
static int
side_attribute(DocumentNode *node, AttributeList *attributes, const char *side, ValueKind kind)
{
	DocumentNode *member = crm_document_get(node, side);

	for (int s = 0; member != NULL && s < attributes->nsides; s++)
		if (strcmp(attributes->sides[s], side) == 0)
			return crm_attribute_use(attributes, s, crm_document_text(member), kind, member);
	return -1;
}

/* Read a comparison, {"at_least": {...}}; NULL where the object is none. */
Comparison *
crm_comparison_parse(DocumentNode *node, AttributeList *attributes)
{
	static const char *const table_keys[] = {"client", "product", "pairs", "measure"};
	static const char *const compare_keys[] = {"client", "instruction", "product",
	                                           "value",  "times",       "measure"};
	static const char *const list_keys[] = {"client", "instruction", "product", "measure"};
	static const char *const month_keys[] = {"client", "product", "months", "measure"};
	static const char *const day_keys[] = {"client", "product", "days", "measure"};
	static const char *const order[] = {"client", "instruction", "product"};
	Comparison *comparison;
	DocumentNode *body, *value, *times;
	ValueKind kinds[2] = {KIND_TEXT, KIND_TEXT};
	int sides = 0;
	int type = 0;

	if (node->type != DOCUMENT_OBJECT || node->nitems != 1)
		return NULL;
	body = node->items[0];
	while (type < lengthof(comparison_names) && strcmp(body->key, comparison_names[type]) != 0)
		type++;
	if (type == lengthof(comparison_names) || body->type != DOCUMENT_OBJECT ||
	    (type == COMPARISON_AT_LEAST && crm_document_get(body, "of")))
		return NULL;

	comparison = palloc0(sizeof(Comparison));
	comparison->type = type;
	comparison->left = comparison->right = -1;
	switch (comparison->type)
	{
		case COMPARISON_ALLOWED:
			crm_document_keys(body, table_keys, lengthof(table_keys));
			break;
		case COMPARISON_AT_LEAST:
		case COMPARISON_AT_MOST:
			crm_document_keys(body, compare_keys, lengthof(compare_keys));
			kinds[0] = kinds[1] = KIND_NUMBER;
			break;
		case COMPARISON_CONTAINS:
			crm_document_keys(body, list_keys, lengthof(list_keys));
			kinds[0] = KIND_TEXTS;
			kinds[1] = KIND_TEXT_OR_TEXTS;
			break;
		case COMPARISON_OVERLAPS:
			crm_document_keys(body, list_keys, lengthof(list_keys));
			kinds[0] = kinds[1] = KIND_TEXTS;
			break;
		case COMPARISON_WITHIN_MONTHS:
		case COMPARISON_FOR_MONTHS:
			crm_document_keys(body, month_keys, lengthof(month_keys));
			comparison->count = crm_document_integer(crm_document_require(body, "months"), 1, 1200);
			kinds[0] = KIND_DATE;
			break;
		case COMPARISON_WITHIN_DAYS:
		case COMPARISON_FOR_DAYS:
			crm_document_keys(body, day_keys, lengthof(day_keys));
			comparison->count = crm_document_integer(crm_document_require(body, "days"), 1, 36525);
			kinds[0] = KIND_DATE;
			break;
	}

	/* the first side that is named stands on the left, the second on the right */
	for (int i = 0; i < lengthof(order); i++)
	{
		if (crm_document_get(body, order[i]) == NULL)
			continue;
		if (sides == 0)
			comparison->left = side_attribute(body, attributes, order[i], kinds[0]);
		else if (sides == 1)
			comparison->right = side_attribute(body, attributes, order[i], kinds[1]);
		sides++;
	}
	if ((value = crm_document_get(body, "value")))
	{
		sides++;
		crm_document_expect(value, DOCUMENT_NUMBER);
		crm_literal_number(&comparison->value, value->text);
	}
	if (kinds[0] == KIND_DATE ? sides != 1 : sides != 2)
		document_malformed(body, NULL,
		                   kinds[0] == KIND_DATE ? "names %d sides, must name one"
		                                         : "names %d sides, must name two",
		                   sides);
	if ((times = crm_document_get(body, "times")))
	{
		if (crm_document_number(times) <= 0)
			document_malformed(times, NULL, "must be above 0");
		if (comparison->right < 0)
			document_malformed(times, NULL, "multiplies an attribute, not a value");
		crm_literal_number(&comparison->times, times->text);
		comparison->multiplied = true;
	}
	if (comparison->type == COMPARISON_ALLOWED)
		read_pairs(comparison, crm_document_require(body, "pairs"));
	comparison->measure =
	    document_text_or(body, "measure", crm_attribute_label(attributes, comparison->left));
	return comparison;
}

/* ---- applying ---- */

static bool
is_missing(const Row *row, int attribute)
{
	return attribute >= 0 && row->nulls[attribute];
}

/* A double as its shortest decimal. */
static Numeric
decimal_of(double number)
{
	return DatumGetNumeric(DirectFunctionCall3(
	    numeric_in, CStringGetDatum(crm_value_text(COLUMN_FLOAT8, Float8GetDatum(number))),
	    ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
}

/* A number of a row as numeric; false where it counts as missing. */
static bool
as_numeric(const Row *row, int attribute, Numeric *numeric)
{
	Operand operand;

	if (!crm_operand_read(&operand, row->types[attribute], row->values[attribute]))
		return false;
	switch (operand.form)
	{
		case OPERAND_INTEGER:
			*numeric = int64_to_numeric(operand.integer);
			break;
		case OPERAND_FLOAT:
			*numeric = decimal_of(operand.number);
			break;
		case OPERAND_NUMERIC:
			*numeric = operand.numeric;
			break;
		case OPERAND_TEXT:
			return false;
	}
	return true;
}

/* Both sides of a comparison as numerics; false where one is missing. */
static bool
numeric_sides(const Comparison *comparison, const Row *row, Numeric *left, Numeric *right)
{
	if (!as_numeric(row, comparison->left, left))
		return false;
	if (comparison->right < 0)
		*right = comparison->value.exact;
	else if (!as_numeric(row, comparison->right, right))
		return false;
	if (comparison->multiplied)
	{
		/* a product beyond the range of numeric is beyond every number that it is compared with */
		bool overflow = false;
		bool negative =
		    *DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(*right))) == '-';
		Numeric product = numeric_mul_opt_error(*right, comparison->times.exact, &overflow);

		*right = overflow ? decimal_of(negative ? -get_float8_infinity() : get_float8_infinity())
		                  : product;
	}
	return true;
}

static Truth
compare_sides(const Comparison *comparison, const Row *row)
{
	Operand left, right;
	Numeric a, b;
	int order;

	if (!crm_operand_read(&left, row->types[comparison->left], row->values[comparison->left]))
		return TRUTH_UNKNOWN;
	if (comparison->right < 0)
		order = crm_operand_compare(&left, &comparison->value);
	else if (!comparison->multiplied && left.form == OPERAND_INTEGER &&
	         crm_operand_read(&right, row->types[comparison->right],
	                          row->values[comparison->right]) &&
	         right.form == OPERAND_INTEGER)
		order = (left.integer > right.integer) - (left.integer < right.integer);
	else if (!comparison->multiplied && left.form == OPERAND_FLOAT &&
	         crm_operand_read(&right, row->types[comparison->right],
	                          row->values[comparison->right]) &&
	         right.form == OPERAND_FLOAT)
		order = (left.number > right.number) - (left.number < right.number);
	else
	{
		if (!numeric_sides(comparison, row, &a, &b))
			return TRUTH_UNKNOWN;
		order =
		    DatumGetInt32(DirectFunctionCall2(numeric_cmp, NumericGetDatum(a), NumericGetDatum(b)));
	}
	return (comparison->type == COMPARISON_AT_LEAST ? order >= 0 : order <= 0) ? TRUTH_TRUE
	                                                                           : TRUTH_FALSE;
}

static int
find_text(const Literal *literals, int n, const Row *row, int attribute)
{
	Operand operand;

	crm_operand_read(&operand, row->types[attribute], row->values[attribute]);
	for (int i = 0; i < n; i++)
		if (literals[i].length == operand.length &&
		    memcmp(literals[i].text, operand.text, operand.length) == 0)
			return i;
	return -1;
}

/* A pair of which one side is in no list is undecided: nobody has said what it means. */
static Truth
look_up_pair(const Comparison *comparison, const Row *row)
{
	int left = find_text(comparison->lefts, comparison->nlefts, row, comparison->left);
	int right = find_text(comparison->rights, comparison->nrights, row, comparison->right);

	if (left < 0 || right < 0)
		return TRUTH_UNKNOWN;
	return comparison->allowed[left * comparison->nrights + right] ? TRUTH_TRUE : TRUTH_FALSE;
}

/* The texts of a list, or the one text of a column that is no list; NULL elements are left out. */
static int
read_texts(const Row *row, int attribute, Operand **texts)
{
	Datum *elements;
	bool *nulls;
	int n, kept = 0;

	if (row->types[attribute] != COLUMN_TEXTS)
	{
		*texts = palloc(sizeof(Operand));
		crm_operand_read(*texts, row->types[attribute], row->values[attribute]);
		return 1;
	}
	crm_deconstruct_texts(row->values[attribute], &elements, &nulls, &n);
	*texts = palloc(sizeof(Operand) * Max(n, 1));
	for (int i = 0; i < n; i++)
		if (!nulls[i])
			crm_operand_read(&(*texts)[kept++], COLUMN_TEXT, elements[i]);
	return kept;
}

static Truth
compare_lists(const Comparison *comparison, const Row *row)
{
	Operand *lefts, *rights;
	int nlefts = read_texts(row, comparison->left, &lefts);
	int nrights = read_texts(row, comparison->right, &rights);
	bool all = comparison->type == COMPARISON_CONTAINS;

	for (int r = 0; r < nrights; r++)
	{
		bool found = false;

		for (int l = 0; l < nlefts && !found; l++)
			found = lefts[l].length == rights[r].length &&
			        memcmp(lefts[l].text, rights[r].text, lefts[l].length) == 0;
		if (found != all)
			return found ? TRUTH_TRUE : TRUTH_FALSE;
	}
	return all ? TRUTH_TRUE : TRUTH_FALSE;
}

/* The day of an attribute that is not NULL. */
DateADT
crm_row_day(const Row *row, int attribute)
{
	Timestamp moment;
	DateADT day;

	if (row->types[attribute] == COLUMN_DATE)
		return DatumGetDateADT(row->values[attribute]);
	moment = DatumGetTimestamp(row->values[attribute]);
	if (TIMESTAMP_IS_NOBEGIN(moment))
		DATE_NOBEGIN(day);
	else if (TIMESTAMP_IS_NOEND(moment))
		DATE_NOEND(day);
	else
		day = (DateADT) (moment >= 0 ? moment / USECS_PER_DAY
		                             : -((USECS_PER_DAY - 1 - moment) / USECS_PER_DAY));
	return day;
}

/* The day on which the count of months or days since a day is full. */
static DateADT
day_when_full(const Comparison *comparison, DateADT day)
{
	if (comparison->type == COMPARISON_WITHIN_MONTHS || comparison->type == COMPARISON_FOR_MONTHS)
		return crm_day_add_months(day, comparison->count);
	if (DATE_NOT_FINITE(day))
		return day;
	return day > DATE_END_JULIAN - POSTGRES_EPOCH_JDATE - 1 - comparison->count
	           ? DATEVAL_NOEND
	           : day + comparison->count;
}

/* The truth of a comparison with the as-of day.  A day after it has not come yet: what rests on it is undecided. */
Truth
crm_comparison_of_day(const Comparison *comparison, DateADT day, DateADT as_of)
{
	if (day > as_of)
		return TRUTH_UNKNOWN;
	if (comparison->type == COMPARISON_WITHIN_MONTHS || comparison->type == COMPARISON_WITHIN_DAYS)
		return as_of <= day_when_full(comparison, day) ? TRUTH_TRUE : TRUTH_FALSE;
	return as_of >= day_when_full(comparison, day) ? TRUTH_TRUE : TRUTH_FALSE;
}

Truth
crm_comparison_eval(const Comparison *comparison, const Row *row)
{
	if (is_missing(row, comparison->left) || is_missing(row, comparison->right))
		return TRUTH_UNKNOWN;
	switch (comparison->type)
	{
		case COMPARISON_ALLOWED:
			return look_up_pair(comparison, row);
		case COMPARISON_AT_LEAST:
		case COMPARISON_AT_MOST:
			return compare_sides(comparison, row);
		case COMPARISON_CONTAINS:
		case COMPARISON_OVERLAPS:
			return compare_lists(comparison, row);
		default:
			return crm_comparison_of_day(comparison, crm_row_day(row, comparison->left),
			                             row->as_of);
	}
}

/* ---- explaining ---- */

static void
add_shortfall(Finding *finding, Datum shortfall)
{
	finding->shortfall = shortfall;
	finding->nshortfalls++;
}

/* Say of a comparison what its two sides are, what is short, and what time alone changes. */
void
crm_comparison_explain(const Comparison *comparison, const Row *row,
                       const AttributeList *attributes, Finding *finding)
{
	Truth truth = crm_comparison_eval(comparison, row);
	StringInfo out = &finding->text;
	const char *right_label =
	    comparison->right < 0 ? NULL : crm_attribute_label(attributes, comparison->right);

	if (truth != TRUTH_TRUE)
	{
		if (out->len > 0)
			appendStringInfoString(out, "; ");
		if (is_missing(row, comparison->left) || is_missing(row, comparison->right))
		{
			bool left = is_missing(row, comparison->left);

			appendStringInfo(out, "%s is not known", left ? comparison->measure : right_label);
			return;
		}
	}
	switch (comparison->type)
	{
		case COMPARISON_AT_LEAST:
		case COMPARISON_AT_MOST:
		{
			Numeric left, right;
			Datum difference;
			bool least = comparison->type == COMPARISON_AT_LEAST;

			if (truth == TRUTH_TRUE)
				return;
			if (!numeric_sides(comparison, row, &left, &right))
			{
				appendStringInfo(out, "%s is not known", comparison->measure);
				return;
			}
			difference = DirectFunctionCall2(numeric_sub, NumericGetDatum(least ? right : left),
			                                 NumericGetDatum(least ? left : right));
			appendStringInfo(out, "%s %s, %s %s, %s %s", comparison->measure,
			                 crm_number_text(NumericGetDatum(left)), least ? "needs" : "at most",
			                 crm_number_text(NumericGetDatum(right)), least ? "short" : "over by",
			                 crm_number_text(difference));
			add_shortfall(finding, difference);
			return;
		}
		case COMPARISON_ALLOWED:
		case COMPARISON_CONTAINS:
		case COMPARISON_OVERLAPS:
			if (truth != TRUTH_TRUE)
			{
				char *left =
				    crm_value_text(row->types[comparison->left], row->values[comparison->left]);
				char *right =
				    crm_value_text(row->types[comparison->right], row->values[comparison->right]);

				appendStringInfo(out, "%s %s, %s %s", comparison->measure,
				                 left && *left ? left : "none", right_label,
				                 right && *right ? right : "none");
			}
			return;
		default:
		{
			DateADT day, full;
			bool within = comparison->type == COMPARISON_WITHIN_MONTHS ||
			              comparison->type == COMPARISON_WITHIN_DAYS;

			if (is_missing(row, comparison->left))
				return;
			day = crm_row_day(row, comparison->left);
			full = day_when_full(comparison, day);
			if (truth == TRUTH_TRUE)
			{
				if (within && !DATE_NOT_FINITE(full))
				{
					finding->lapses = true;
					finding->valid_until = full;
				}
				return;
			}
			if (day > row->as_of)
				appendStringInfo(out, "%s %s is after %s", comparison->measure, crm_day_text(day),
				                 crm_day_text(row->as_of));
			else
				appendStringInfo(out, "%s %s, %s %s", comparison->measure, crm_day_text(day),
				                 within ? "valid until" : "enough from", crm_day_text(full));
			if (!within && !DATE_NOT_FINITE(full))
			{
				finding->resolves = true;
				finding->resolves_on = full;
			}
			return;
		}
	}
}
