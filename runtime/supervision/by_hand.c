/* SPDX-License-Identifier: MIT */
#include "runtime/supervision/by_hand.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/control/control.pb-c.h"
#include "runtime/supervision/list.h"
#include "runtime/supervision/tree.h"
#include "runtime/supervisor/child_address.h"
#include "runtime/supervisor/control_server.h"
#include "runtime/supervisor/stop.h"
#include "runtime/supervisor/supervisor.h"
#include "runtime/troupe_tree.h"

/* 0 or -ENOENT. */
static int find_actor(struct trp_supervisor *supervisor, const char *whom,
		      uint32_t *ret_slot)
{
	struct trp_child_table *children = &supervisor->children;
	troupe_ref ref;

	if (whom[0] == '/')
		return trp_child_address_walk(children, TRP_SLOT_SUPERVISOR,
					      whom, ret_slot) < 0
			       ? -ENOENT
			       : 0;
	ref = trp_registry_find(&supervisor->registry, whom);
	if (!ref && !trp_ref_parse(whom, &ref))
		return -ENOENT;
	*ret_slot = trp_ref_slot(ref);
	return trp_child_find(children, ref) ? 0 : -ENOENT;
}

/* One that has no address now, by those of its parent and its id; or NULL. */
static struct trp_member *find_down(struct trp_supervisor *supervisor,
				    const char *whom)
{
	char parent[TROUPE_ADDRESS_SIZE];
	const char *id = strrchr(whom, '/');
	struct trp_supervision_tree *tree;
	uint32_t slot;
	int length = id ? (int)(id - whom) : 0;

	if (!id || whom[0] != '/' || length >= (int)sizeof(parent))
		return NULL;
	snprintf(parent, sizeof(parent), "%.*s", length ? length : 1, whom);
	if (find_actor(supervisor, parent, &slot) < 0)
		return NULL;
	tree = trp_supervision_tree_of(&supervisor->children.child[slot]);
	return tree ? trp_supervision_tree_find(tree, id + 1) : NULL;
}

static const char *reason_of(int r)
{
	switch (r) {
	case -EALREADY:
		return "it runs";
	case -EBUSY:
		return "it is being stopped";
	case -ECANCELED:
		return "its supervisor is ending";
	default:
		return NULL;
	}
}

static int order_member(struct trp_control_session *session,
			struct trp_member *member, uint32_t what)
{
	int r = trp_supervision_tree_order(
		(struct trp_supervision_tree *)member->parent, member,
		(Troupe__Control__ChildOrder)what);

	session->why = reason_of(r);
	if (r == -EBUSY && what == TROUPE__CONTROL__CHILD_ORDER__REMOVE_CHILD)
		session->why = "it runs, or will be restarted: stop it first";
	return r;
}

/* One that goes on without the children that it has given up. */
static int start_again(struct trp_control_session *session,
		       struct trp_supervision_tree *tree)
{
	int r = trp_supervision_tree_order(
		tree, NULL, TROUPE__CONTROL__CHILD_ORDER__START_CHILD);

	session->why = r == -EALREADY
			       ? "it runs, and none of its children is given up"
			       : reason_of(r);
	return r;
}

static int order_other(struct trp_control_session *session, uint32_t slot,
		       uint32_t what)
{
	struct trp_supervision_tree *tree = trp_supervision_tree_of(
		&session->supervisor->children.child[slot]);

	if (tree && what == TROUPE__CONTROL__CHILD_ORDER__START_CHILD)
		return start_again(session, tree);
	if (what != TROUPE__CONTROL__CHILD_ORDER__STOP_CHILD) {
		session->why = "it is no child of an actor that supervises: "
			       "see troupe_supervise(3)";
		return -ENOTSUP;
	}
	trp_supervisor_stop(session->supervisor, slot);
	return 0;
}

int trp_supervision_by_hand_order(struct trp_control_session *session,
				  const void *message)
{
	const Troupe__Guest__Order *order = message;
	struct trp_supervisor *supervisor = session->supervisor;
	struct trp_member *member = NULL;
	uint32_t slot;
	int r = find_actor(supervisor, order->whom, &slot);

	if (order->what > TROUPE__CONTROL__CHILD_ORDER__REMOVE_CHILD)
		return -EINVAL;
	if (r == 0)
		member = trp_supervision_tree_member(
			&supervisor->children.child[slot]);
	else
		member = find_down(supervisor, order->whom);
	if (member)
		return order_member(session, member, order->what);
	if (r == 0)
		return order_other(session, slot, order->what);
	session->why = "no such actor; troupe ps lists them";
	return r;
}

/* ---- children ------------------------------------------------------------ */

static void forget_list(struct trp_control_session *session)
{
	troupe__control__child_list__free_unpacked(session->data, NULL);
	session->data = NULL;
	session->gone = NULL;
}

/* The list is made at once, so it is of one moment. */
static int next_child(struct trp_control_session *session)
{
	const Troupe__Control__ChildList *list = session->data;
	int r;

	if (session->cursor < list->n_child) {
		r = trp_control_server_say(
			session, &list->child[session->cursor++]->base);
		if (r == 0)
			return TRP_CONTROL_MORE;
	} else {
		r = 0;
	}
	forget_list(session);
	return r;
}

int trp_supervision_by_hand_list(struct trp_control_session *session,
				 const void *message)
{
	const Troupe__Guest__Children *wish = message;
	struct trp_supervisor *supervisor = session->supervisor;
	ProtobufCBinaryData bytes;
	uint32_t slot;
	int r = find_actor(supervisor, wish->whom, &slot);

	if (r < 0) {
		session->why = "no such actor; troupe ps lists them";
		return r;
	}
	r = trp_supervision_list_make(
		supervisor, trp_child_ref(&supervisor->children, slot), &bytes);
	if (r < 0)
		return r;
	session->data = troupe__control__child_list__unpack(NULL, bytes.len,
							    bytes.data);
	free(bytes.data);
	if (!session->data)
		return -ENOMEM;
	session->cursor = 0;
	session->more = next_child;
	session->gone = forget_list;
	return TRP_CONTROL_MORE;
}
