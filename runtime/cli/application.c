/* SPDX-License-Identifier: MIT */
#include "runtime/cli/application.h"

#include <assert.h>
#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "runtime/control/client.h"
#include "runtime/control/control.pb-c.h"
#include "runtime/node/ref.h"
#include "runtime/node/types.h"
#include "runtime/troupe_guest.h"
#include "runtime/troupe_node.h"
#include "runtime/troupe_tree.h"
#include "serialize/reflect.h"
#include "serialize/type.h"

/* ---- the application ----------------------------------------------------- */

int trp_application_words(struct trp_application *application, int argc,
			  char **argv, const struct trp_arguments_option *more,
			  size_t count, int words)
{
	struct trp_arguments_option options[4] = {
		{ "--node", &application->named, NULL }
	};
	int n;

	assert(count < 4);
	for (size_t i = 0; i < count; i++)
		options[i + 1] = more[i];
	n = trp_arguments_words(application->command, argc, argv, options,
				count + 1);
	if (n < 0)
		return TRP_ARGUMENTS_USAGE;
	if (n < words || n > 3)
		return trp_arguments_fail(TRP_ARGUMENTS_USAGE,
					  application->command, "wants %s",
					  application->wants);
	application->whom = argv[0];
	application->member = n > 1 ? argv[1] : NULL;
	application->json = n > 2 ? argv[2] : "{}";
	return 0;
}

static int ask_for_path(struct trp_application *application)
{
	static struct trp_client client;
	Troupe__Guest__Hello hello = TROUPE__GUEST__HELLO__INIT;
	const ProtobufCMessage *item = NULL;
	int r = trp_client_open(&client, application->named);

	if (r < 0)
		return trp_arguments_fail(trp_arguments_status(r),
					  application->command, "%s",
					  client.why);
	r = trp_client_get(&client, &hello.base,
			   &troupe__guest__node__descriptor, &item);
	if (r == 0 && item)
		snprintf(application->path, sizeof(application->path), "%s",
			 ((const Troupe__Guest__Node *)item)->application);
	memcpy(application->node, client.node, sizeof(client.node));
	trp_client_close(&client);
	return r < 0 ? trp_arguments_fail(TRP_ARGUMENTS_FAILED,
					  application->command, "%s",
					  client.why)
		     : 0;
}

int trp_application_load(struct trp_application *application)
{
	int status = ask_for_path(application);

	if (status != 0)
		return status;
	if (!application->path[0])
		return trp_arguments_fail(
			TRP_ARGUMENTS_FAILED, application->command,
			"node %s runs no application file, so "
			"its types are unknown",
			application->node);
	application->handle = dlopen(application->path, RTLD_LAZY | RTLD_LOCAL);
	if (!application->handle)
		return trp_arguments_fail(
			TRP_ARGUMENTS_FAILED, application->command,
			"cannot load the types of node %s: %s",
			application->node, dlerror());
	if (trp_types_load(application->handle) < 0)
		return trp_arguments_fail(
			TRP_ARGUMENTS_FAILED, application->command,
			"no memory for the types of %s", application->path);
	return 0;
}

/* ---- types by name ------------------------------------------------------- */

/* "Number" means "parlour.Number", too. */
static bool means(const char *name, const char *full_name)
{
	size_t length = strlen(name), full = strlen(full_name);

	return full >= length && strcmp(full_name + full - length, name) == 0 &&
	       (full == length || full_name[full - length - 1] == '.');
}

struct search {
	const char *name;
	const void *found;
	unsigned index;
	unsigned count;
	char all[1024]; /* the names found, for people */
};

static void mention(struct search *search, const char *name)
{
	size_t used = strlen(search->all);

	snprintf(search->all + used, sizeof(search->all) - used, "%s%s",
		 used ? ", " : "", name);
}

static const char *said(const struct search *search)
{
	return search->all[0] ? search->all : "none";
}

static void look_at_type(const ProtobufCMessageDescriptor *type, void *data)
{
	struct search *search = data;

	if (strncmp(type->name, "troupe.control.", 15) == 0)
		return;
	mention(search, type->name);
	if (!means(search->name, type->name))
		return;
	search->found = type;
	search->count++;
}

const ProtobufCMessageDescriptor *trp_application_type(
	const struct trp_application *application)
{
	const char *name = application->member;
	struct search search = { .name = name };
	const ProtobufCMessageDescriptor *type =
		trp_types_find(trp_type_id(name));

	if (type && strcmp(type->name, name) == 0)
		return type;
	trp_types_each(look_at_type, &search);
	if (search.count == 1)
		return search.found;
	trp_arguments_fail(0, application->command,
			   "%s type %s in the application; it has %s",
			   search.count ? "more than one" : "no", name,
			   said(&search));
	return NULL;
}

static void look_at_service(const ProtobufCServiceDescriptor *service,
			    void *data)
{
	struct search *search = data;

	for (unsigned i = 0; i < service->n_methods; i++) {
		char full_name[512];

		snprintf(full_name, sizeof(full_name), "%s.%s", service->name,
			 service->methods[i].name);
		mention(search, full_name);
		if (!means(search->name, full_name))
			continue;
		/* That of a library may be in the application as well. */
		if (search->found &&
		    strcmp(((const ProtobufCServiceDescriptor *)search->found)
				   ->name,
			   service->name) == 0 &&
		    search->index == i)
			continue;
		search->found = service;
		search->index = i;
		search->count++;
	}
}

const ProtobufCServiceDescriptor *trp_application_method(
	const struct trp_application *application, unsigned *ret_index)
{
	struct search search = { .name = application->member };

	trp_types_services(application->handle, look_at_service, &search);
	if (search.count != 1) {
		trp_arguments_fail(0, application->command,
				   "%s method %s in the application; it has %s",
				   search.count ? "more than one" : "no",
				   search.name, said(&search));
		return NULL;
	}
	*ret_index = search.index;
	return search.found;
}

const ProtobufCMessage *trp_application_message(
	const struct trp_application *application,
	const ProtobufCMessageDescriptor *type)
{
	static struct trp_scratch scratch;
	struct trp_parse_error error = { .offset = SIZE_MAX,
					 .text = "no memory" };
	ProtobufCMessage *message;
	int r;

	trp_scratch_init(&scratch, 0);
	r = trp_reflect_read(type, application->json, strlen(application->json),
			     &scratch, &message, &error);
	if (r == 0)
		return message;
	if (error.offset == SIZE_MAX)
		trp_arguments_fail(0, application->command, "%s", error.text);
	else
		trp_arguments_fail(0, application->command,
				   "no JSON, at character %zu: %s",
				   error.offset, error.text);
	return NULL;
}

/* ---- finding the actor --------------------------------------------------- */

static void mention_names(struct trp_client *client, struct search *search)
{
	Troupe__Guest__List list = TROUPE__GUEST__LIST__INIT;
	const ProtobufCMessage *item;
	int r = trp_client_ask(client, &list.base);

	while (r == 0 &&
	       trp_client_next(client, &troupe__guest__actor__descriptor, 0,
			       &item) == 1) {
		const Troupe__Guest__Actor *actor =
			(const Troupe__Guest__Actor *)item;

		for (size_t i = 0; i < actor->n_names; i++)
			mention(search, actor->names[i]);
	}
}

static int nobody(const struct trp_application *application)
{
	const char *node = application->node, *whom = application->whom;
	static struct trp_client client;
	struct search search = { 0 };

	if (whom[0] == '/')
		return trp_arguments_fail(
			TRP_ARGUMENTS_FAILED, application->command,
			"no actor is at %s in node %s; `troupe "
			"ps` shows all addresses",
			whom, node);
	if (trp_client_open(&client, node) == 0) {
		mention_names(&client, &search);
		trp_client_close(&client);
	}
	return trp_arguments_fail(TRP_ARGUMENTS_FAILED, application->command,
				  "no actor is registered as %s in node %s; "
				  "registered are: %s",
				  whom, node,
				  search.all[0] ? search.all : "none");
}

const char *trp_application_error(int r)
{
	/* Nobody but its node tells a command to stop. */
	if (r == -ESHUTDOWN || r == -ECANCELED)
		return "its node has ended";
	switch (-r) {
	case ESRCH:
		return "is gone";
	case EAGAIN:
		return "its mailbox is full";
	case EHOSTUNREACH:
		return "its node is not there; see `troupe nodes`";
	case ENOTCONN:
		return "this node is in no mesh that carries mail";
	case ENOENT:
		return "no actor of that node has this name";
	default:
		return strerror(-r);
	}
}

/* NODE:NAME or NODE:/ADDRESS of another node; -ENOENT: neither. */
static int find_elsewhere(const char *whom, troupe_ref *ret_ref)
{
	enum { PATIENCE_MS = 5000 };
	const char *colon = strchr(whom, ':');
	char node[TRP_NODE_NAME_SIZE];

	if (!colon || whom[0] == '/' || (size_t)(colon - whom) >= sizeof(node))
		return -ENOENT;
	snprintf(node, sizeof(node), "%.*s", (int)(colon - whom), whom);
	return troupe_whereis_at(node, colon + 1, troupe_in_ms(PATIENCE_MS),
				 ret_ref);
}

static int find(const char *whom, troupe_ref *ret_ref)
{
	int r = whom[0] == '/' ? troupe_lookup(whom, ret_ref)
			       : troupe_whereis(whom, ret_ref);

	if (r == 0 || trp_ref_parse(whom, ret_ref))
		return 0;
	return r == -ENOENT ? find_elsewhere(whom, ret_ref) : r;
}

int trp_application_join(const struct trp_application *application,
			 troupe_ref *ret_ref)
{
	const char *command = application->command, *whom = application->whom;
	char why[TROUPE_TEXT_SIZE], name[TROUPE_NAME_SIZE];
	const struct troupe_class guest = { .name = name };
	int r;

	snprintf(name, sizeof(name), "troupe %s", command);
	r = troupe_join(application->node, &guest, why);
	if (r < 0)
		return trp_arguments_fail(TRP_ARGUMENTS_FAILED, command, "%s",
					  why);
	r = find(whom, ret_ref);
	if (r == 0)
		return 0;
	troupe_leave();
	return r == -ENOENT && !strchr(whom, ':')
		       ? nobody(application)
		       : trp_arguments_fail(TRP_ARGUMENTS_FAILED, command, "%s",
					    trp_application_error(r));
}
