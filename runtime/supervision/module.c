/* SPDX-License-Identifier: MIT */
#include "runtime/supervision/module.h"

#include <errno.h>
#include <stdlib.h>
#include "runtime/control/control.pb-c.h"
#include "runtime/node/status.h"
#include "runtime/supervision/by_hand.h"
#include "runtime/supervision/list.h"
#include "runtime/supervision/tree.h"
#include "runtime/supervisor/requests.h"
#include "runtime/supervisor/supervisor.h"

struct supervision {
	struct trp_supervision_tree *trees;
};

static int on_supervise(struct trp_request *request)
{
	struct supervision *supervision = request->module;

	if (request->child->is_guest)
		return -ENOTSUP;
	return trp_supervision_tree_begin(&supervision->trees,
					  request->supervisor, request->slot,
					  request->message);
}

/* 0, -ESRCH: gone, or no supervisor; -ENOTSUP: of another node. */
static int find_tree(const struct trp_request *request, troupe_ref supervisor,
		     struct trp_supervision_tree **ret_tree)
{
	const struct trp_child *child =
		trp_child_find(&request->supervisor->children, supervisor);

	*ret_tree = child ? trp_supervision_tree_of(child) : NULL;
	if (!child)
		return trp_status_absent(&request->supervisor->node.arena,
					 supervisor);
	return *ret_tree ? 0 : -ESRCH;
}

static int on_add(struct trp_request *request)
{
	const Troupe__Control__AddChild *wish = request->message;
	struct trp_supervision_tree *tree;
	int r = find_tree(request, wish->supervisor, &tree);

	if (r < 0)
		return r;
	if (!wish->child || request->child->is_guest)
		return -EINVAL;
	r = trp_supervision_tree_add(tree, wish->child,
				     (struct troupe_time) { wish->deadline },
				     request->sender, request->correlation);
	return r < 0 ? r : 1; /* answered when it is ready */
}

static int on_order(struct trp_request *request)
{
	const Troupe__Control__OrderChild *order = request->message;
	struct trp_supervision_tree *tree;
	struct trp_member *member;
	int r = find_tree(request, order->supervisor, &tree);

	if (r < 0)
		return r;
	member = trp_supervision_tree_find(tree, order->id);
	return member ? trp_supervision_tree_order(tree, member, order->what)
		      : -ENOENT;
}

static int open_supervision(struct trp_supervisor *supervisor,
			    const struct trp_options *options, void **ret_state)
{
	*ret_state = calloc(1, sizeof(struct supervision));
	return *ret_state ? 0 : -ENOMEM;
}

static void close_supervision(void *state)
{
	struct supervision *supervision = state;

	while (supervision->trees)
		trp_supervision_tree_free(supervision->trees);
	free(supervision);
}

static const struct trp_request_kind requests[] = {
	{ &troupe__control__supervise__descriptor, .handle = on_supervise },
	{ &troupe__control__add_child__descriptor, .handle = on_add },
	{ &troupe__control__order_child__descriptor, .handle = on_order },
	{ &troupe__control__list_children__descriptor,
	  .handle = trp_supervision_list_handle },
	{ &troupe__guest__children__descriptor,
	  .ask = trp_supervision_by_hand_list },
	{ &troupe__guest__order__descriptor,
	  .ask = trp_supervision_by_hand_order },
	{ 0 },
};

const struct trp_module trp_supervision_module = {
	.requests = requests,
	.open = open_supervision,
	.close = close_supervision,
};
