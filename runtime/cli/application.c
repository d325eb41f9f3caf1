/* SPDX-License-Identifier: MIT */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "runtime/cli/command.h"
#include "runtime/control/control.pb-c.h"
#include "runtime/node/ref.h"
#include "runtime/troupe_guest.h"
#include "runtime/troupe_tree.h"
#include "runtime/node/types.h"
#include "runtime/control/client.h"
#include "serialize/reflect.h"
#include "serialize/type.h"

/* ---- the application ----------------------------------------------------- */

static int ask_for_path(const char *command, const char *node,
			struct trp_application *ret_application)
{
	static struct trp_client visit;
	Troupe__Guest__Hello hello = TROUPE__GUEST__HELLO__INIT;
	const ProtobufCMessage *item = NULL;
	int r = trp_client_open(&visit, node);

	if (r < 0)
		return trp_arguments_fail(trp_arguments_status(r), command,
					  "%s", visit.why);
	r = trp_client_get(&visit, &hello.base,
			   &troupe__guest__node__descriptor, &item);
	if (r == 0 && item)
		snprintf(ret_application->path, sizeof(ret_application->path),
			 "%s",
			 ((const Troupe__Guest__Node *)item)->application);
	memcpy(ret_application->node, visit.node, sizeof(visit.node));
	trp_client_close(&visit);
	return r < 0 ? trp_arguments_fail(TRP_COMMAND_FAILED, command, "%s",
					  visit.why)
		     : 0;
}

int trp_application_load(const char *command, const char *node,
			 struct trp_application *ret_application)
{
	int status = ask_for_path(command, node, ret_application);

	if (status != 0)
		return status;
	if (!ret_application->path[0])
		return trp_arguments_fail(
			TRP_COMMAND_FAILED, command,
			"node %s runs no application file, so "
			"its types cannot be known",
			ret_application->node);
	ret_application->handle =
		dlopen(ret_application->path, RTLD_LAZY | RTLD_LOCAL);
	if (!ret_application->handle)
		return trp_arguments_fail(
			TRP_COMMAND_FAILED, command,
			"cannot load the types of node %s: %s",
			ret_application->node, dlerror());
	if (trp_types_load(ret_application->handle) < 0)
		return trp_arguments_fail(TRP_COMMAND_FAILED, command,
					  "no memory for the types of %s",
					  ret_application->path);
	return 0;
}

/* ---- types by name ------------------------------------------------------- */

/* "Number" and "parlour.Number" both mean the latter. */
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
	char all[1024]; /* what there is, for people */
};

static void mention(struct search *search, const char *name)
{
	size_t used = strlen(search->all);

	snprintf(search->all + used, sizeof(search->all) - used, "%s%s",
		 used ? ", " : "", name);
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

const ProtobufCMessageDescriptor *trp_application_type(const char *command,
						       const char *name)
{
	struct search search = { .name = name };
	const ProtobufCMessageDescriptor *type =
		trp_types_find(trp_type_id(name));

	if (type && strcmp(type->name, name) == 0)
		return type;
	trp_types_each(look_at_type, &search);
	if (search.count == 1)
		return search.found;
	trp_arguments_fail(
		0, command, "%s type %s in the application; it has %s",
		search.count ? "more than one" : "no", name, search.all);
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
		search->found = service;
		search->index = i;
		search->count++;
	}
}

const ProtobufCServiceDescriptor *trp_application_method(
	const char *command, const struct trp_application *application,
	const char *name, unsigned *ret_index)
{
	struct search search = { .name = name };

	trp_types_services(application->handle, look_at_service, &search);
	if (search.count != 1) {
		trp_arguments_fail(0, command,
				   "%s method %s in the application; it has %s",
				   search.count ? "more than one" : "no", name,
				   search.all[0] ? search.all : "none");
		return NULL;
	}
	*ret_index = search.index;
	return search.found;
}

const ProtobufCMessage *trp_application_message(
	const char *command, const ProtobufCMessageDescriptor *type,
	const char *text)
{
	static struct trp_scratch scratch;
	struct trp_parse_error error = { .offset = SIZE_MAX,
					 .text = "no memory" };
	ProtobufCMessage *message;
	int r;

	trp_scratch_init(&scratch, 0);
	r = trp_reflect_read(type, text, strlen(text), &scratch, &message,
			     &error);
	if (r == 0)
		return message;
	if (error.offset == SIZE_MAX)
		trp_arguments_fail(0, command, "%s", error.text);
	else
		trp_arguments_fail(0, command, "no JSON, at character %zu: %s",
				   error.offset, error.text);
	return NULL;
}

/* ---- whom ---------------------------------------------------------------- */

static bool parse_ref(const char *whom, troupe_ref *ret_ref)
{
	unsigned slot, generation;
	int end = 0;

	if (sscanf(whom, "%5u.%10u%n", &slot, &generation, &end) != 2 ||
	    whom[end] || slot > UINT16_MAX)
		return false;
	*ret_ref = trp_ref(slot, generation);
	return true;
}

static void mention_names(struct trp_client *visit, struct search *search)
{
	Troupe__Guest__List list = TROUPE__GUEST__LIST__INIT;
	const ProtobufCMessage *item;
	int r = trp_client_ask(visit, &list.base);

	while (r == 0 &&
	       trp_client_next(visit, &troupe__guest__actor__descriptor, 0,
			       &item) == 1) {
		const Troupe__Guest__Actor *actor =
			(const Troupe__Guest__Actor *)item;

		for (size_t i = 0; i < actor->n_names; i++)
			mention(search, actor->names[i]);
	}
}

static int nobody(const char *command, const char *node, const char *whom)
{
	static struct trp_client visit;
	struct search search = { 0 };

	if (whom[0] == '/')
		return trp_arguments_fail(TRP_COMMAND_FAILED, command,
					  "nobody is at %s in node %s; `troupe "
					  "ps` shows who is where",
					  whom, node);
	if (trp_client_open(&visit, node) == 0) {
		mention_names(&visit, &search);
		trp_client_close(&visit);
	}
	return trp_arguments_fail(TRP_COMMAND_FAILED, command,
				  "nobody is registered as %s in node %s; "
				  "registered are: %s",
				  whom, node,
				  search.all[0] ? search.all : "none");
}

int trp_application_join(const char *command,
			 const struct trp_application *application,
			 const char *whom, troupe_ref *ret_ref)
{
	char why[TROUPE_TEXT_SIZE], name[TROUPE_NAME_SIZE];
	const struct troupe_class guest = { .name = name };
	int r;

	snprintf(name, sizeof(name), "troupe %s", command);
	r = troupe_join(application->node, &guest, why);
	if (r < 0)
		return trp_arguments_fail(TRP_COMMAND_FAILED, command, "%s",
					  why);
	r = whom[0] == '/' ? troupe_lookup(whom, ret_ref)
			   : troupe_whereis(whom, ret_ref);
	if (r == 0 || parse_ref(whom, ret_ref))
		return 0;
	troupe_leave();
	return r == -ENOENT ? nobody(command, application->node, whom)
			    : trp_arguments_fail(TRP_COMMAND_FAILED, command,
						 "%s", strerror(-r));
}
