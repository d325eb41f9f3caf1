/* SPDX-License-Identifier: MIT */
/* The tree of actors: names among siblings, and addresses. */
#include "tests/support/stage.h"

#include "runtime/supervisor/child_address.h"
#include "runtime/troupe_tree.h"
#include "tests/support/output.h"

/* ---- the table alone ----------------------------------------------------- */

static uint32_t add(struct trp_child_table *table, uint32_t parent,
		    const char *name)
{
	uint32_t slot = trp_child_add(table, parent);

	cr_assert_neq(slot, 0);
	cr_assert_eq(trp_child_address_list(table, slot, name), 0, "%s", name);
	return slot;
}

static void expect_at(const struct trp_child_table *table, uint32_t from,
		      const char *address, uint32_t slot)
{
	uint32_t found = 0;

	cr_expect_eq(trp_child_address_walk(table, from, address, &found), 0,
		     "nobody at %s", address);
	cr_expect_eq(found, slot, "another at %s", address);
}

static void expect_none(const struct trp_child_table *table, uint32_t from,
			const char *address, int result)
{
	uint32_t found = 4711;

	cr_expect_eq(trp_child_address_walk(table, from, address, &found),
		     result, "%s", address);
}

Test(tree, addresses_lead_absolutely_and_from_anywhere)
{
	struct trp_child_table table;
	uint32_t root, a, b, c;

	cr_assert_eq(trp_child_init(&table, 16), 0);
	root = add(&table, 0, "");
	a = add(&table, root, "a");
	b = add(&table, a, "b");
	c = add(&table, root, "c");
	expect_at(&table, b, "/", root);
	expect_at(&table, b, "/a", a);
	expect_at(&table, c, "/a/b", b);
	expect_at(&table, root, "a/b", b);
	expect_at(&table, a, "b", b);
	expect_at(&table, a, "./b", b);
	expect_at(&table, a, ".", a);
	expect_at(&table, a, "..", root);
	expect_at(&table, b, "../../c", c);
	expect_at(&table, b, "/a/../c/.", c);
	trp_child_fini(&table);
}

Test(tree, an_absent_address_is_not_found_and_an_ill_formed_one_invalid)
{
	static const char *const ill_formed[] = {
		"",	      "//",    "/a/",
		"a/",	      "/a//b", "a//b",
		"/nobody//b", "./",    "/12345678901234567890123456789012",
	};
	struct trp_child_table table;
	uint32_t root, a;

	cr_assert_eq(trp_child_init(&table, 16), 0);
	expect_none(&table, 0, "/", -ENOENT);
	root = add(&table, 0, "");
	a = add(&table, root, "a");
	expect_none(&table, a, "/b", -ENOENT);
	expect_none(&table, a, "a", -ENOENT);
	expect_none(&table, a, "/a/a/a", -ENOENT);
	expect_none(&table, a, "../..", -ENOENT);
	expect_none(&table, a, "../../a", -ENOENT);
	for (size_t i = 0; i < sizeof(ill_formed) / sizeof(*ill_formed); i++)
		expect_none(&table, a, ill_formed[i], -EINVAL);
	trp_child_fini(&table);
}

Test(tree, a_name_is_one_siblings_alone_until_it_is_buried)
{
	struct trp_child_table table;
	uint32_t root, a, b, slot;

	cr_assert_eq(trp_child_init(&table, 16), 0);
	root = add(&table, 0, "");
	a = add(&table, root, "a");
	b = add(&table, a, "a"); /* a cousin may have it */
	slot = trp_child_add(&table, root);
	cr_assert_eq(trp_child_address_list(&table, slot, "a"), -EEXIST);
	trp_child_ended(&table, b);
	expect_none(&table, root, "a/a", -ENOENT);
	cr_assert_eq(trp_child_address_list(&table, slot, "b"), 0);
	add(&table, a, "a");
	trp_child_fini(&table);
}

Test(tree, the_children_of_the_dead_have_no_address)
{
	char address[64];
	struct trp_child_table table;
	uint32_t root, a, b, c;

	cr_assert_eq(trp_child_init(&table, 16), 0);
	root = add(&table, 0, "");
	a = add(&table, root, "a");
	b = add(&table, a, "b");
	c = add(&table, b, "c");
	trp_child_ended(&table, a);
	expect_none(&table, root, "/a/b", -ENOENT);
	expect_none(&table, root, "/b", -ENOENT);
	expect_at(&table, c, "..", b);
	expect_none(&table, c, "../..", -ENOENT);
	trp_child_address(&table, c, address, sizeof(address));
	cr_assert_str_eq(address, "?/b/c");
	add(&table, root, "b");
	trp_child_fini(&table);
}

Test(tree, children_without_a_name_get_one_that_is_free)
{
	static const char *const label[] = { "w",
					     "w",
					     "w:2",
					     "a/b",
					     "",
					     ".",
					     "..",
					     "1234567890123456789"
					     "012345678901234567" };
	enum { COUNT = sizeof(label) / sizeof(label[0]) };
	char address[64];
	struct trp_child_table table;
	uint32_t root, child, found;

	cr_assert_eq(trp_child_init(&table, 64), 0);
	root = add(&table, 0, "");
	for (int i = 0; i < 3 * COUNT; i++) {
		child = trp_child_add(&table, root);
		trp_child_address_list_freely(&table, child, label[i % COUNT]);
		cr_assert(trp_child_address(&table, child, address,
					    sizeof(address)));
		cr_assert_eq(
			trp_child_address_walk(&table, child, address, &found),
			0, "%s", address);
		cr_assert_eq(found, child, "%s", address);
	}
	expect_at(&table, root, "/w", 2);
	expect_at(&table, root, "/w:3", 3);
	expect_at(&table, root, "/w_2", 4);
	expect_at(&table, root, "/a_b", 5);
	trp_child_fini(&table);
}

Test(tree, an_address_that_does_not_fit_says_so_and_ends_as_it_should)
{
	char address[16];
	struct trp_child_table table;
	uint32_t slot;

	cr_assert_eq(trp_child_init(&table, 64), 0);
	slot = add(&table, 0, "");
	cr_assert(trp_child_address(&table, slot, address, sizeof(address)));
	cr_assert_str_eq(address, "/");
	for (int i = 0; i < 3; i++)
		slot = add(&table, slot, "abc");
	trp_child_address(&table, slot, address, sizeof(address));
	cr_assert_str_eq(address, ".../abc/abc");
	cr_assert_not(
		trp_child_address(&table, slot, address, sizeof(address)));
	trp_child_fini(&table);
}

Test(tree, random_births_and_deaths_keep_every_address)
{
	enum { SLOTS = 512 };
	char address[TROUPE_ADDRESS_SIZE];
	struct trp_child_table table;
	uint32_t slot, found;
	unsigned seed = 4242;

	cr_log_info("seed %u", seed);
	cr_assert_eq(trp_child_init(&table, SLOTS), 0);
	add(&table, 0, "");
	for (int i = 0; i < 20000; i++) {
		uint32_t one = 1 + rand_r(&seed) % (SLOTS - 1);

		if (table.child[one].state != CHILD_ORDERED)
			continue;
		if (one != 1 && rand_r(&seed) % 2) {
			trp_child_ended(&table, one);
			trp_child_free(&table, one);
			trp_child_offer(&table, one, troupe_now());
			continue;
		}
		slot = trp_child_add(&table, one);
		if (slot)
			trp_child_address_list_freely(
				&table, slot, rand_r(&seed) % 2 ? "x" : "y");
	}
	for (slot = 1; slot < SLOTS; slot++) {
		if (table.child[slot].state != CHILD_ORDERED ||
		    !trp_child_address(&table, slot, address,
				       sizeof(address)) ||
		    address[0] != '/')
			continue;
		cr_assert_eq(trp_child_address_walk(&table, 1, address, &found),
			     0, "%s", address);
		cr_assert_eq(found, slot, "%s", address);
	}
	trp_child_fini(&table);
}

/* ---- in a node ----------------------------------------------------------- */

static const struct troupe_class idler = { .name = "idler", .run = stage_idle };

static bool has_address(troupe_ref ref, const char *address)
{
	char told[TROUPE_ADDRESS_SIZE];
	troupe_ref found = 0;

	if (troupe_address(ref, told, sizeof(told)) < 0 ||
	    strcmp(told, address) != 0 || troupe_lookup(address, &found) < 0)
		return false;
	return found == ref;
}

/* "/a": it has a child b, and looks from where it stands. */
static int nested_run(const void *arguments)
{
	troupe_ref b, c, ref;

	CHECK(has_address(troupe_self(), "/a"));
	CHECK(has_address(troupe_parent(), "/"));
	CHECK(troupe_spawn_child("b", &idler, NULL, &b) == 0);
	CHECK(has_address(b, "/a/b"));
	CHECK(troupe_spawn_child("b", &idler, NULL, &c) == -EEXIST);
	CHECK(troupe_lookup("b", &ref) == 0 && ref == b);
	CHECK(troupe_lookup("./b", &ref) == 0 && ref == b);
	CHECK(troupe_lookup("..", &ref) == 0 && ref == troupe_parent());
	CHECK(troupe_lookup("../sibling", &ref) == 0);
	CHECK(has_address(ref, "/sibling"));
	CHECK(troupe_lookup("../../a", &ref) == -ENOENT);
	CHECK(stage_send(troupe_parent(), 1) == 0);
	return stage_idle(NULL);
}

static const struct troupe_class nested = { .name = "nested",
					    .run = nested_run };

static int tree_root(int argc, char **argv)
{
	troupe_ref a, sibling, ref = 0;
	char small[5];

	CHECK(has_address(troupe_self(), "/"));
	CHECK(troupe_spawn_child("sibling", &idler, NULL, &sibling) == 0);
	CHECK(troupe_spawn_child("a", &nested, NULL, &a) == 0);
	CHECK(stage_receive(10000) == 1);
	CHECK(troupe_lookup("a/b", &ref) == 0 && ref != 0);
	CHECK(troupe_address(ref, small, sizeof(small)) == 0);
	CHECK(strcmp(small, "/a/b") == 0);
	CHECK(troupe_address(ref, small, 4) == -ENAMETOOLONG);
	CHECK(troupe_lookup("/b", &ref) == -ENOENT);
	CHECK(troupe_lookup("", &ref) == -EINVAL);
	CHECK(troupe_lookup("a/", &ref) == -EINVAL);
	CHECK(troupe_spawn_child("a", &idler, NULL, &ref) == -EEXIST);
	CHECK(troupe_spawn_child("x/y", &idler, NULL, &ref) == -EINVAL);
	CHECK(troupe_spawn_child("\xff", &idler, NULL, &ref) == -EINVAL);
	CHECK(troupe_spawn_child("x:1", &idler, NULL, &ref) == -EINVAL);
	CHECK(troupe_spawn_child("..", &idler, NULL, &ref) == -EINVAL);
	CHECK(troupe_spawn_child("", &idler, NULL, &ref) == -EINVAL);
	CHECK(troupe_kill(a) == 0);
	stage_end_of(a);
	CHECK(troupe_lookup("/a", &ref) == -ENOENT);
	CHECK(troupe_lookup("/a/b", &ref) == -ENOENT);
	CHECK(troupe_address(a, small, sizeof(small)) == -ESRCH);
	CHECK(troupe_spawn_child("a", &idler, NULL, &ref) == 0);
	CHECK(has_address(ref, "/a") && ref != a);
	return 0;
}

Test(tree, actors_find_each_other_by_address)
{
	stage_pass(tree_root);
}

static int names_root(int argc, char **argv)
{
	troupe_ref first, second, named, ref;

	CHECK(troupe_spawn(&idler, NULL, &first) == 0);
	CHECK(has_address(first, "/idler"));
	CHECK(troupe_spawn(&idler, NULL, &second) == 0);
	CHECK(troupe_lookup("idler", &ref) == 0 && ref == first);
	CHECK(!has_address(second, "/idler"));
	CHECK(troupe_spawn_child("idler", &idler, NULL, &ref) == -EEXIST);
	CHECK(troupe_spawn_named("clerk", &idler, NULL, &named) == 0);
	CHECK(has_address(named, "/clerk"));
	/* The names of the node are others. */
	CHECK(troupe_spawn_child("judge", &idler, NULL, &ref) == 0);
	CHECK(troupe_whereis("judge", &ref) == -ENOENT);
	return 0;
}

Test(tree, unnamed_children_are_called_as_their_class_and_differ)
{
	stage_pass(names_root);
}

/* ---- labels -------------------------------------------------------------- */

static int crash_run(const void *arguments)
{
	troupe_log(TROUPE_INFO, "here");
	return -EIO;
}

static const struct troupe_class crasher = { .name = "crasher",
					     .run = crash_run };

static int middle_run(const void *arguments)
{
	troupe_ref ref;
	FILE *comm;
	char path[64];
	struct troupe_end end;

	CHECK(troupe_spawn_child("deep", &crasher, NULL, &ref) == 0);
	end = stage_end_of(ref);
	board->value[0] = end.pid;
	CHECK(strcmp(end.name, "deep") == 0);
	snprintf(path, sizeof(path), "/proc/%d/comm", (int)getpid());
	comm = fopen(path, "re");
	CHECK(comm && fgets(board->text, sizeof(board->text), comm));
	return comm ? fclose(comm) : 0;
}

static const struct troupe_class middle = { .name = "middle",
					    .run = middle_run };

static int label_root(int argc, char **argv)
{
	troupe_ref ref;

	board->value[1] = getpid();
	troupe_log(TROUPE_INFO, "here");
	CHECK(troupe_spawn_child("mid", &middle, NULL, &ref) == 0);
	stage_end_of(ref);
	return 0;
}

Test(tree, logs_of_actor_and_supervisor_call_one_alike)
{
	char *text = output_of(label_root), line[128];

	snprintf(line, sizeof(line), " info test[%ld] here\n", board->value[1]);
	cr_expect_not_null(strstr(text, line), "%s", text);
	snprintf(line, sizeof(line), " info /mid/deep[%ld] here\n",
		 board->value[0]);
	cr_expect_not_null(strstr(text, line), "%s", text);
	snprintf(line, sizeof(line), " /mid/deep[%ld] ended: error -5",
		 board->value[0]);
	cr_expect_not_null(strstr(text, line), "%s", text);
	cr_expect_str_eq(board->text, "mid\n");
	free(text);
}
