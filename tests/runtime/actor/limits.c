/* SPDX-License-Identifier: MIT */
/* Messages at their limits, as their senders see them. */
#include "tests/support/stage.h"

enum {
	LARGEST = 64 << 20, /* of the bytes in a blob */
	TOO_LARGE = LARGEST + (4 << 10),
	DEEPEST = 100,
	VERY_DEEP = 1000000,
};

static int depth_of(const Play__Tree *tree)
{
	int depth = 0;

	for (; tree; tree = tree->left)
		depth++;
	return depth;
}

static int note_blob(const struct troupe_message *message)
{
	const Play__Blob *blob = message->body;

	return stage_send(message->sender, (int64_t)blob->bytes.len);
}

static int note_tree(const struct troupe_message *message)
{
	return stage_send(message->sender, depth_of(message->body));
}

static const struct troupe_handler handlers[] = {
	{ &play__blob__descriptor, note_blob },
	{ &play__tree__descriptor, note_tree },
	{ 0 },
};
static const struct troupe_class reader = { .name = "reader",
					    .handlers = handlers,
					    .mailbox_limit = 1 << 30 };

static int note_blob_argument(const void *arguments)
{
	const Play__Blob *blob = arguments;

	return stage_send(troupe_parent(), (int64_t)blob->bytes.len);
}

static int note_tree_argument(const void *arguments)
{
	return stage_send(troupe_parent(), depth_of(arguments));
}

/* ---- size ---------------------------------------------------------------- */

static int size_root(int argc, char **argv)
{
	Play__Blob blob = PLAY__BLOB__INIT;
	troupe_ref ref;

	blob.bytes.data = calloc(1, TOO_LARGE);
	CHECK(blob.bytes.data);
	CHECK(troupe_spawn(&reader, NULL, &ref) == 0);
	blob.bytes.len = TOO_LARGE;
	CHECK(troupe_send(ref, &blob.base) == -EMSGSIZE);
	CHECK(troupe_send_wait(ref, &blob.base, TROUPE_NEVER) == -EMSGSIZE);
	CHECK(troupe_spawn_function(note_blob_argument, &blob.base, &ref) ==
	      -EMSGSIZE);
	blob.bytes.len = LARGEST;
	CHECK(troupe_send(ref, &blob.base) == 0);
	CHECK(stage_receive(20000) == LARGEST);
	CHECK(troupe_spawn_function(note_blob_argument, &blob.base, &ref) == 0);
	CHECK(stage_receive(20000) == LARGEST);
	CHECK(stage_end_of(ref).reason.cause == TROUPE_NORMAL);
	free(blob.bytes.data);
	return 0;
}

Test(limits, a_message_that_is_taken_can_be_read_whatever_its_size,
     .timeout = 600)
{
	stage_pass(size_root);
}

/* ---- depth --------------------------------------------------------------- */

static void link_trees(Play__Tree *trees, int depth)
{
	int i;

	for (i = 0; i < depth; i++) {
		play__tree__init(&trees[i]);
		trees[i].left = i + 1 < depth ? &trees[i + 1] : NULL;
	}
}

static int depth_root(int argc, char **argv)
{
	static const int too_deep[] = { DEEPEST + 1, 137, VERY_DEEP };
	Play__Tree *trees = calloc(VERY_DEEP, sizeof(*trees));
	troupe_ref ref, born;
	size_t i;

	CHECK(trees);
	CHECK(troupe_spawn(&reader, NULL, &ref) == 0);
	for (i = 0; i < sizeof(too_deep) / sizeof(*too_deep); i++) {
		link_trees(trees, too_deep[i]);
		CHECK(troupe_send(ref, &trees->base) == -EMSGSIZE);
		CHECK(troupe_spawn_function(note_tree_argument, &trees->base,
					    &born) == -EMSGSIZE);
	}
	link_trees(trees, DEEPEST);
	CHECK(troupe_send(ref, &trees->base) == 0);
	CHECK(stage_receive(10000) == DEEPEST);
	CHECK(troupe_spawn_function(note_tree_argument, &trees->base, &born) ==
	      0);
	CHECK(stage_receive(10000) == DEEPEST);
	CHECK(stage_end_of(born).reason.cause == TROUPE_NORMAL);
	free(trees);
	return 0;
}

Test(limits, a_message_that_is_taken_can_be_read_whatever_its_depth)
{
	stage_pass(depth_root);
}
