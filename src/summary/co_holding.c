/*
 * co_holding.c
 *		co_holding_summary: how many clients hold each product, and each two of them.
 *
 * Open: the products in the order in which they came, with a hash table over their names, and a triangle with a number for each
 * two of them.  It is bounded by the number of products and the length of their names: below 5 MB.
 *
 * Closed: the number of clients, the number of products; for each, in the order of its bytes, its name and the number of
 * its clients; then the pairs, in the order of the second product, then of the first.  These are the numbers of all pairs
 * (flag DENSE), or how many occur and, for each of them, how many that do not occur go before it and its number: whichever
 * is shorter.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "compat.h"
#include "value/call_site.h"
#include "summary/co_holding.h"
#include "summary/record.h"

#define DENSE 1

#define MAX_PRODUCTS 1024
#define MAX_NAME_BYTES 255
#define FIRST_PRODUCTS 4
#define NAME_BYTES 16 /* for each product, at first */
#define WORD sizeof(int64)

typedef struct CoHoldingState
{
	CrmState state;      /* its items are words, all in use: products, pairs, slots, names */
	uint32 nproducts;    /* in use */
	uint32 product_room; /* a power of two */
	uint32 name_room;    /* bytes, full words */
	uint32 name_bytes;   /* in use */
	uint32 unused;
	int64 clients;
} CoHoldingState;

typedef struct StateProduct
{
	int64 clients;
	uint32 hash;
	uint32 name_at; /* in the names */
	uint32 length;
	uint32 unused;
} StateProduct;

static CrmState *open_co_holding(CrmReader *in, uint16 flags);
static uint16 close_co_holding(const CrmState *state, CrmWriter *out);
static CrmState *merge_co_holding(CrmState *into, const CrmState *from);
static CrmState *merge_closed_co_holding(CrmState *into, CrmReader *in, uint16 flags);
static void check_co_holding(const CrmState *state);

/* The words behind the fixed part. */
#define STATE_WORDS(products, name_bytes)                                                          \
	((products) * (sizeof(StateProduct) / WORD) + (products) * ((products) -1) / 2 +               \
	 2 * (products) * sizeof(uint16) / WORD + (name_bytes) / WORD)

static const CrmSummaryKind co_holding_kind = {
    .type_name = "co_holding_summary",
    .kind = CRM_CO_HOLDING_SUMMARY,
    .flags = DENSE,
    .fixed = sizeof(CoHoldingState),
    .item = WORD,
    .max_items = STATE_WORDS(MAX_PRODUCTS, 2 * MAX_PRODUCTS * (MAX_NAME_BYTES + 1)),
    .of_what = "words of products and pairs", /* never said: products are counted before */
    .open = open_co_holding,
    .close = close_co_holding,
    .merge = merge_co_holding,
    .merge_closed = merge_closed_co_holding,
    .check = check_co_holding,
};

/* ------------------------------------------------------------------------------------------------------------------
 * The open state
 * ------------------------------------------------------------------------------------------------------------------ */

static inline StateProduct *
products_of(const CoHoldingState *state)
{
	return (StateProduct *) ((char *) state + sizeof(CoHoldingState));
}

static inline int64 *
pairs_of(const CoHoldingState *state)
{
	return (int64 *) (products_of(state) + state->product_room);
}

/* The hash table: 0, or the number of a product plus 1. */
static inline uint16 *
slots_of(const CoHoldingState *state)
{
	return (uint16 *) (pairs_of(state) + state->product_room * (state->product_room - 1) / 2);
}

static inline char *
names_of(const CoHoldingState *state)
{
	return (char *) (slots_of(state) + 2 * state->product_room);
}

static CoHoldingState *
new_state(uint32 product_room, uint32 name_room)
{
	uint32 words = STATE_WORDS(product_room, name_room);
	CoHoldingState *state = (CoHoldingState *) crm_state_new(&co_holding_kind, words);

	state->state.used = words;
	state->product_room = product_room;
	state->name_room = name_room;
	return state;
}

/* The slot of a name, or the free one where it would stand. */
static inline uint16 *
slot_of(const CoHoldingState *state, const char *name, uint32 length, uint32 hash)
{
	const StateProduct *products = products_of(state);
	uint16 *slots = slots_of(state);
	uint32 mask = 2 * state->product_room - 1;

	for (uint32 at = hash & mask;; at = (at + 1) & mask)
	{
		const StateProduct *product;

		if (slots[at] == 0)
			return &slots[at];
		product = &products[slots[at] - 1];
		if (product->hash == hash && product->length == length &&
		    memcmp(names_of(state) + product->name_at, name, length) == 0)
			return &slots[at];
	}
}

static inline uint32
hash_name(const char *name, uint32 length)
{
	return hash_bytes((const unsigned char *) name, (int) length);
}

static bool
has_product(const CoHoldingState *state, const char *name, uint32 length)
{
	return *slot_of(state, name, length, hash_name(name, length)) != 0;
}

/* A copy with more room. */
static CoHoldingState *
enlarge(const CoHoldingState *state, uint32 product_room, uint32 name_room)
{
	CoHoldingState *larger = new_state(product_room, name_room);
	uint32 n = state->nproducts;
	const StateProduct *products = products_of(state);
	const char *names = names_of(state);

	larger->clients = state->clients;
	larger->nproducts = n;
	larger->name_bytes = state->name_bytes;
	memcpy(products_of(larger), products, n * sizeof(StateProduct));
	if (n > 1)
		memcpy(pairs_of(larger), pairs_of(state), n * (n - 1) / 2 * sizeof(int64));
	memcpy(names_of(larger), names, state->name_bytes);
	for (uint32 i = 0; i < n; i++)
		*slot_of(larger, names + products[i].name_at, products[i].length, products[i].hash) = i + 1;
	return larger;
}

/*
 * The number of a product, made if there is none.  *state may become a larger copy.  Errors: 54000 for too long a name and for too many
 * products.
 */
static uint32
product_number(CoHoldingState **state, const char *name, uint32 length)
{
	uint32 hash = hash_name(name, length);
	uint16 *slot = slot_of(*state, name, length, hash);
	StateProduct *product;
	uint32 product_room = (*state)->product_room, name_room = (*state)->name_room;

	if (likely(*slot != 0))
		return *slot - 1;
	if (length > MAX_NAME_BYTES)
		ereport(
		    ERROR,
		    (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
		     errmsg(
		         "a product of co_holding cannot have more than %d bytes, but \"%.*s...\" has %u",
		         MAX_NAME_BYTES, pg_mbcliplen(name, (int) length, 40), name, length),
		     errhint("Aggregate the codes of products instead of their descriptions.")));
	if ((*state)->nproducts == MAX_PRODUCTS)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
		                errmsg("co_holding_summary cannot have more than %d distinct products",
		                       MAX_PRODUCTS),
		                errhint("Aggregate classes of products, or name those that count in the "
		                        "second argument of co_holding, \"among\".")));
	if ((*state)->nproducts == product_room)
		product_room *= 2;
	if ((*state)->name_bytes + length > name_room)
		name_room = Max(2 * name_room, TYPEALIGN(WORD, (*state)->name_bytes + length));
	if (product_room != (*state)->product_room || name_room != (*state)->name_room)
	{
		*state = enlarge(*state, product_room, name_room);
		slot = slot_of(*state, name, length, hash);
	}
	product = &products_of(*state)[(*state)->nproducts];
	product->hash = hash;
	product->name_at = (*state)->name_bytes;
	product->length = length;
	memcpy(names_of(*state) + product->name_at, name, length);
	(*state)->name_bytes += length;
	*slot = ++(*state)->nproducts;
	return *slot - 1;
}

/* A state as it lies, its products in the order in which they came. */
static CrmCoHolding
view(const CoHoldingState *state)
{
	CrmCoHolding holding = {.clients = state->clients,
	                        .nproducts = state->nproducts,
	                        .products = palloc(sizeof(CrmHeldProduct) * state->nproducts),
	                        .pairs = pairs_of(state)};

	for (uint32 i = 0; i < state->nproducts; i++)
	{
		const StateProduct *product = &products_of(state)[i];

		holding.products[i] = (CrmHeldProduct){.name = names_of(state) + product->name_at,
		                                       .length = product->length,
		                                       .clients = product->clients};
	}
	return holding;
}

static CoHoldingState *
add(CoHoldingState *state, const CrmCoHolding *holding)
{
	uint32 *number = palloc(sizeof(uint32) * holding->nproducts);
	int64 *pairs;

	/* no other number of a summary is larger than that of its clients */
	state->clients = crm_add_clients(state->clients, holding->clients);
	for (uint32 i = 0; i < holding->nproducts; i++)
	{
		const CrmHeldProduct *product = &holding->products[i];

		number[i] = product_number(&state, product->name, product->length);
		products_of(state)[number[i]].clients += product->clients;
	}
	pairs = pairs_of(state);
	for (uint32 i = 1; i < holding->nproducts; i++)
	{
		const int64 *row = holding->pairs + crm_pair_place(i, 0);

		CHECK_FOR_INTERRUPTS();
		for (uint32 j = 0; j < i; j++)
			if (row[j] != 0)
				pairs[crm_pair_place(number[i], number[j])] += row[j];
	}
	pfree(number);
	return state;
}

/* ------------------------------------------------------------------------------------------------------------------
 * The closed value
 * ------------------------------------------------------------------------------------------------------------------ */

/* Below, at or above 0, by the bytes: no collation has a say in what is stored. */
int
crm_compare_products(const char *a, uint32 a_length, const char *b, uint32 b_length)
{
	int difference = memcmp(a, b, Min(a_length, b_length));

	if (difference != 0)
		return difference;
	return a_length < b_length ? -1 : a_length > b_length;
}

static int
compare_numbers(const void *a, const void *b, void *products)
{
	const CrmHeldProduct *one = &((const CrmHeldProduct *) products)[*(const uint32 *) a];
	const CrmHeldProduct *other = &((const CrmHeldProduct *) products)[*(const uint32 *) b];

	return crm_compare_products(one->name, one->length, other->name, other->length);
}

/* The same with its products in the order of their bytes. */
static CrmCoHolding
sort_products(const CrmCoHolding *holding)
{
	uint32 n = holding->nproducts;
	uint32 *order = palloc(sizeof(uint32) * n);
	int64 *pairs = palloc(sizeof(int64) * (n * (n - 1) / 2));
	CrmCoHolding sorted = {.clients = holding->clients,
	                       .nproducts = n,
	                       .products = palloc(sizeof(CrmHeldProduct) * n),
	                       .pairs = pairs};

	for (uint32 i = 0; i < n; i++)
		order[i] = i;
	qsort_arg(order, n, sizeof(uint32), compare_numbers, holding->products);
	for (uint32 i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		sorted.products[i] = holding->products[order[i]];
		for (uint32 j = 0; j < i; j++)
			*pairs++ = holding->pairs[crm_pair_place(order[i], order[j])];
	}
	pfree(order);
	return sorted;
}

static uint16
close_co_holding(const CrmState *state, CrmWriter *out)
{
	CrmCoHolding holding = view((const CoHoldingState *) state);
	CrmCoHolding sorted = sort_products(&holding);
	uint32 npairs = sorted.nproducts * (sorted.nproducts - 1) / 2, occurring = 0, gap = 0;
	Size dense = 0, sparse = 0;

	crm_put_varint(out, sorted.clients);
	crm_put_varint(out, sorted.nproducts);
	for (uint32 i = 0; i < sorted.nproducts; i++)
	{
		crm_put_varint(out, sorted.products[i].length);
		crm_put_bytes(out, sorted.products[i].name, sorted.products[i].length);
		crm_put_varint(out, sorted.products[i].clients);
	}
	for (uint32 place = 0; place < npairs; place++)
	{
		int length = crm_varint_length(sorted.pairs[place]);

		dense += length;
		gap++;
		if (sorted.pairs[place] == 0)
			continue;
		sparse += crm_varint_length(gap - 1) + length;
		occurring++;
		gap = 0;
	}
	sparse += crm_varint_length(occurring);
	if (dense <= sparse)
	{
		for (uint32 place = 0; place < npairs; place++)
			crm_put_varint(out, sorted.pairs[place]);
		return DENSE;
	}
	crm_put_varint(out, occurring);
	gap = 0;
	for (uint32 place = 0; place < npairs; place++)
	{
		gap++;
		if (sorted.pairs[place] == 0)
			continue;
		crm_put_varint(out, gap - 1);
		crm_put_varint(out, sorted.pairs[place]);
		gap = 0;
	}
	return 0;
}

static void
read_products(CrmReader *in, CrmCoHolding *holding)
{
	for (uint32 i = 0; i < holding->nproducts && in->why == NULL; i++)
	{
		CrmHeldProduct *product = &holding->products[i];

		product->length =
		    (uint32) crm_get_varint_max(in, MAX_NAME_BYTES, "A product has too long a name.");
		product->name = (const char *) crm_get_bytes(in, product->length);
		product->clients = (int64) crm_get_varint_max(in, holding->clients,
		                                              "A product has more clients than there are.");
		if (in->why != NULL)
			return;
		if (product->clients == 0)
			crm_reader_fail(in, "There is a product without clients.");
		else if (!pg_verify_mbstr(GetDatabaseEncoding(), product->name, product->length, true))
			crm_reader_fail(in, "A product's name is not in the encoding of the database.");
		else if (i > 0 && crm_compare_products(product[-1].name, product[-1].length, product->name,
		                                       product->length) >= 0)
			crm_reader_fail(in, "Products are not in their order.");
	}
}

static void
read_pairs(CrmReader *in, uint16 flags, int64 *pairs, uint32 npairs)
{
	static const char *const too_many = "There are more pairs than products have.";
	uint32 occurring, place = 0;

	if (flags & DENSE)
	{
		for (place = 0; place < npairs && in->why == NULL; place++)
			pairs[place] = (int64) crm_get_varint_max(in, PG_INT64_MAX,
			                                          "A number of clients is out of range.");
		return;
	}
	occurring = (uint32) crm_get_varint_max(in, npairs, too_many);
	for (; occurring > 0 && in->why == NULL; occurring--)
	{
		if (place >= npairs)
		{
			crm_reader_fail(in, too_many);
			return;
		}
		place += (uint32) crm_get_varint_max(in, npairs - 1 - place, too_many);
		pairs[place++] =
		    (int64) crm_get_varint_max(in, PG_INT64_MAX, "A number of clients is out of range.");
	}
}

/* The names stay where the reader has them. */
static CrmCoHolding
read_co_holding(CrmReader *in, uint16 flags)
{
	CrmCoHolding holding = {0};
	uint32 npairs;
	int64 *pairs;

	holding.clients =
	    (int64) crm_get_varint_max(in, PG_INT64_MAX, "A number of clients is out of range.");
	if (in->why == NULL && holding.clients == 0)
		crm_reader_fail(in, "It has no clients.");
	holding.nproducts = (uint32) crm_get_varint_max(in, MAX_PRODUCTS, "It has too many products.");
	if (crm_reader_left(in) < (Size) holding.nproducts * 2)
		crm_reader_fail(in, "It ends too early.");
	if (in->why != NULL)
		return holding;
	holding.products = palloc(sizeof(CrmHeldProduct) * holding.nproducts);
	read_products(in, &holding);
	npairs = holding.nproducts * (holding.nproducts - 1) / 2;
	if ((flags & DENSE) != 0 && crm_reader_left(in) < npairs)
		crm_reader_fail(in, "It ends too early.");
	if (in->why != NULL)
		return holding;
	pairs = palloc0(sizeof(int64) * npairs);
	holding.pairs = pairs;
	read_pairs(in, flags, pairs, npairs);
	for (uint32 i = 1; i < holding.nproducts && in->why == NULL; i++)
		for (uint32 j = 0; j < i; j++)
		{
			CrmJointCount count = crm_joint_count(&holding, i, j);

			if (!crm_joint_count_possible(&count))
			{
				crm_reader_fail(in,
				                "A pair has more or fewer clients than its products can share.");
				break;
			}
		}
	return holding;
}

static CrmState *
merge_closed_co_holding(CrmState *into, CrmReader *in, uint16 flags)
{
	CrmCoHolding holding = read_co_holding(in, flags);

	if (in->why != NULL)
		return into;
	return (CrmState *) add((CoHoldingState *) into, &holding);
}

static CrmState *
open_co_holding(CrmReader *in, uint16 flags)
{
	CrmCoHolding holding = read_co_holding(in, flags);
	uint32 product_room = FIRST_PRODUCTS, name_bytes = 0;

	if (in->why != NULL)
		return NULL;
	while (product_room < holding.nproducts)
		product_room *= 2;
	for (uint32 i = 0; i < holding.nproducts; i++)
		name_bytes += holding.products[i].length;
	return (CrmState *) add(new_state(product_room, TYPEALIGN(WORD, name_bytes)), &holding);
}

static CrmState *
merge_co_holding(CrmState *into, const CrmState *from)
{
	CrmCoHolding holding = view((const CoHoldingState *) from);

	return (CrmState *) add((CoHoldingState *) into, &holding);
}

static void
check_co_holding(const CrmState *state)
{
#ifdef USE_ASSERT_CHECKING
	const CoHoldingState *own = (const CoHoldingState *) state;
	CrmCoHolding holding = view(own);

	Assert(own->clients > 0);
	Assert(own->nproducts <= own->product_room && own->name_bytes <= own->name_room);
	Assert(STATE_WORDS(own->product_room, own->name_room) == state->used);
	for (uint32 i = 0; i < holding.nproducts; i++)
	{
		const CrmHeldProduct *product = &holding.products[i];

		CHECK_FOR_INTERRUPTS();
		Assert(*slot_of(own, product->name, product->length,
		                hash_name(product->name, product->length)) == i + 1);
		Assert(product->clients > 0 && product->clients <= holding.clients);
		for (uint32 j = 0; j < i; j++)
		{
			CrmJointCount count = crm_joint_count(&holding, i, j);

			Assert(crm_joint_count_possible(&count));
		}
	}
#endif
}

/* An argument, closed or open; it is read where it lies, so that the names live as long as it does. */
CrmCoHolding
crm_co_holding_of(Datum summary)
{
	CrmClosed closed = crm_summary_closed(&co_holding_kind, summary);
	CrmCoHolding holding = read_co_holding(&closed.reader, closed.flags);

	crm_summary_corrupted(&co_holding_kind, &closed.reader);
	return holding;
}

Datum
crm_product_text(const CrmHeldProduct *product)
{
	return PointerGetDatum(cstring_to_text_with_len(product->name, (int) product->length));
}

/* ------------------------------------------------------------------------------------------------------------------
 * SQL
 * ------------------------------------------------------------------------------------------------------------------ */

CRM_SUMMARY_FUNCTIONS(co_holding, &co_holding_kind);

/* The products that count, as a state that nobody holds anything in. */
static void *
compile_among(struct varlena *array)
{
	CoHoldingState *among = new_state(FIRST_PRODUCTS, FIRST_PRODUCTS * NAME_BYTES);
	Datum *elements;
	bool *nulls;
	int n;

	deconstruct_array((ArrayType *) array, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		const char *name;
		uint32 length;

		CHECK_FOR_INTERRUPTS();
		if (nulls[i])
			continue;
		name = VARDATA_ANY(DatumGetPointer(elements[i]));
		length = VARSIZE_ANY_EXHDR(DatumGetPointer(elements[i]));
		if (among->nproducts == MAX_PRODUCTS && !has_product(among, name, length))
			ereport(ERROR,
			        (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			         errmsg("among cannot have more than %d distinct products", MAX_PRODUCTS),
			         errhint("Name the products that most clients hold, or aggregate "
			                 "classes of products.")));
		product_number(&among, name, length);
	}
	return among;
}

/*
 * transition of co_holding(products text[]) and co_holding(products text[], among text[])
 *
 * A row is a client.  A row with a NULL is skipped; elements that are NULL say nothing, and those that are the same count
 * once.  Errors: 54000 for more than 1024 distinct products, and for one of more than 255 bytes; with "among", for those of
 * "among".
 */
PG_FUNCTION_INFO_V1(crm_co_holding_add);
Datum
crm_co_holding_add(PG_FUNCTION_ARGS)
{
	CoHoldingState *state, *among = NULL;
	uint64 held[MAX_PRODUCTS / 64] = {0};
	uint32 numbers[MAX_PRODUCTS], nheld = 0;
	Datum *elements;
	bool *nulls;
	int n;

	if (PG_ARGISNULL(1) || (PG_NARGS() > 2 && PG_ARGISNULL(2)))
		return crm_summary_skip(fcinfo, &co_holding_kind);
	if (PG_NARGS() > 2)
		among = crm_call_site(fcinfo, 2, compile_among)->policy;
	state = (CoHoldingState *) crm_summary_state(fcinfo, &co_holding_kind);
	if (state == NULL)
		state = new_state(FIRST_PRODUCTS, FIRST_PRODUCTS * NAME_BYTES);
	state->clients = crm_add_clients(state->clients, 1);

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls,
	                  &n);
	for (int i = 0; i < n; i++)
	{
		const char *name;
		uint32 length, number;

		CHECK_FOR_INTERRUPTS();
		if (nulls[i])
			continue;
		name = VARDATA_ANY(DatumGetPointer(elements[i]));
		length = VARSIZE_ANY_EXHDR(DatumGetPointer(elements[i]));
		if (among != NULL && !has_product(among, name, length))
			continue;
		number = product_number(&state, name, length);
		held[number / 64] |= UINT64CONST(1) << number % 64;
	}
	for (uint32 word = 0; word < lengthof(held); word++)
		for (; held[word] != 0; held[word] &= held[word] - 1)
		{
			uint32 number = 64 * word + pg_rightmost_one_pos64(held[word]);
			int64 *row = pairs_of(state) + crm_pair_place(number, 0);

			products_of(state)[number].clients++;
			for (uint32 i = 0; i < nheld; i++)
				row[numbers[i]]++;
			numbers[nheld++] = number;
		}
	return crm_summary_return(fcinfo, &co_holding_kind, (CrmState *) state);
}

/* co_holding_clients(co_holding_summary) -> int8: those who hold nothing included */
PG_FUNCTION_INFO_V1(crm_co_holding_clients);
Datum
crm_co_holding_clients(PG_FUNCTION_ARGS)
{
	CrmClosed closed = crm_summary_closed(&co_holding_kind, PG_GETARG_DATUM(0));
	uint64 clients = crm_get_varint(&closed.reader);

	crm_summary_corrupted(&co_holding_kind, &closed.reader);
	PG_RETURN_INT64((int64) clients);
}

/* co_holding_products(co_holding_summary) -> table (product, clients, share), in the order of the bytes */
PG_FUNCTION_INFO_V1(crm_co_holding_products);
Datum
crm_co_holding_products(PG_FUNCTION_ARGS)
{
	CrmCoHolding holding = crm_co_holding_of(PG_GETARG_DATUM(0));

	InitMaterializedSRF(fcinfo, 0);
	for (uint32 i = 0; i < holding.nproducts; i++)
	{
		CrmRecord row = {0};

		CHECK_FOR_INTERRUPTS();
		crm_record_add(&row, crm_product_text(&holding.products[i]), false);
		crm_record_count(&row, holding.products[i].clients);
		crm_record_number(&row, (double) holding.products[i].clients / (double) holding.clients);
		crm_record_put(fcinfo, &row);
	}
	return (Datum) 0;
}

/*
 * co_holding_pairs(co_holding_summary) -> table (product, other, clients, clients_other, clients_both, support, confidence,
 * lift, lift_lower, g2)
 *
 * A row for each ordered pair of products that somebody holds both of.  support and confidence are shares of all clients and
 * of those with the first product (Agrawal, Imielinski and Swami 1993); lift, lift_lower and g2 are those of association.c.
 */
PG_FUNCTION_INFO_V1(crm_co_holding_pairs);
Datum
crm_co_holding_pairs(PG_FUNCTION_ARGS)
{
	CrmCoHolding holding = crm_co_holding_of(PG_GETARG_DATUM(0));
	Datum *names = palloc(sizeof(Datum) * holding.nproducts);

	for (uint32 i = 0; i < holding.nproducts; i++)
		names[i] = crm_product_text(&holding.products[i]);
	InitMaterializedSRF(fcinfo, 0);
	for (uint32 one = 0; one < holding.nproducts; one++)
		for (uint32 other = 0; other < holding.nproducts; other++)
		{
			CrmJointCount count;
			CrmRecord row = {0};

			CHECK_FOR_INTERRUPTS();
			if (one == other)
				continue;
			count = crm_joint_count(&holding, one, other);
			if (count.both == 0)
				continue;
			crm_record_add(&row, names[one], false);
			crm_record_add(&row, names[other], false);
			crm_record_count(&row, count.one);
			crm_record_count(&row, count.other);
			crm_record_count(&row, count.both);
			crm_record_number(&row, (double) count.both / (double) count.clients);
			crm_record_number(&row, (double) count.both / (double) count.one);
			crm_record_number(&row, crm_lift(&count));
			crm_record_number(&row, crm_lift_lower(&count));
			crm_record_number(&row, crm_log_likelihood_ratio(&count));
			crm_record_put(fcinfo, &row);
		}
	return (Datum) 0;
}
