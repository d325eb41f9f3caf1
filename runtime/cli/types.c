/* SPDX-License-Identifier: MIT */
#include "runtime/cli/types.h"

#include <dlfcn.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include "runtime/cli/class.h"
#include "runtime/cli/looker.h"
#include "runtime/node/types.h"

static const char *pattern; /* NULL: all */

/* By its whole name, or without its package. */
static bool is_wanted(const char *name)
{
	const char *last = strrchr(name, '.');

	if (strncmp(name, "troupe.control.", 15) == 0)
		return false;
	return !pattern || fnmatch(pattern, name, 0) == 0 ||
	       (last && fnmatch(pattern, last + 1, 0) == 0);
}

/* ---- fields -------------------------------------------------------------- */

static const char *field_type(const ProtobufCFieldDescriptor *field)
{
	static const char *const names[] = {
		[PROTOBUF_C_TYPE_INT32] = "int32",
		[PROTOBUF_C_TYPE_SINT32] = "sint32",
		[PROTOBUF_C_TYPE_SFIXED32] = "sfixed32",
		[PROTOBUF_C_TYPE_INT64] = "int64",
		[PROTOBUF_C_TYPE_SINT64] = "sint64",
		[PROTOBUF_C_TYPE_SFIXED64] = "sfixed64",
		[PROTOBUF_C_TYPE_UINT32] = "uint32",
		[PROTOBUF_C_TYPE_FIXED32] = "fixed32",
		[PROTOBUF_C_TYPE_UINT64] = "uint64",
		[PROTOBUF_C_TYPE_FIXED64] = "fixed64",
		[PROTOBUF_C_TYPE_FLOAT] = "float",
		[PROTOBUF_C_TYPE_DOUBLE] = "double",
		[PROTOBUF_C_TYPE_BOOL] = "bool",
		[PROTOBUF_C_TYPE_STRING] = "string",
		[PROTOBUF_C_TYPE_BYTES] = "bytes",
	};

	if (field->type == PROTOBUF_C_TYPE_ENUM)
		return ((const ProtobufCEnumDescriptor *)field->descriptor)
			->name;
	if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		return ((const ProtobufCMessageDescriptor *)field->descriptor)
			->name;
	return names[field->type];
}

static bool is_repeated(const ProtobufCFieldDescriptor *field)
{
	return field->label == PROTOBUF_C_LABEL_REPEATED;
}

/* ---- for people ---------------------------------------------------------- */

static void print_message(const ProtobufCMessageDescriptor *type, void *data)
{
	if (!is_wanted(type->name))
		return;
	++*(size_t *)data;
	printf("message %s\n", type->name);
	for (unsigned i = 0; i < type->n_fields; i++)
		printf("  %s%s %s = %u\n",
		       is_repeated(&type->fields[i]) ? "repeated " : "",
		       field_type(&type->fields[i]), type->fields[i].name,
		       type->fields[i].id);
}

static void print_service(const ProtobufCServiceDescriptor *service, void *data)
{
	if (!is_wanted(service->name))
		return;
	++*(size_t *)data;
	printf("service %s\n", service->name);
	for (unsigned i = 0; i < service->n_methods; i++)
		printf("  %s (%s) returns (%s)\n", service->methods[i].name,
		       service->methods[i].input->name,
		       service->methods[i].output->name);
}

/* ---- for programs -------------------------------------------------------- */

static void add_message(const ProtobufCMessageDescriptor *type, void *data)
{
	struct troupe_value *map, *fields, *field;

	if (!is_wanted(type->name))
		return;
	map = troupe_value_map();
	fields = troupe_value_list();
	for (unsigned i = 0; i < type->n_fields; i++) {
		const ProtobufCFieldDescriptor *of = &type->fields[i];

		field = troupe_value_map();
		trp_value_add_text(field, "name", of->name);
		trp_value_add_text(field, "type", field_type(of));
		trp_value_add_int(field, "number", of->id);
		trp_value_add(field, "repeated",
			      troupe_value_bool(is_repeated(of)));
		troupe_value_append(fields, field);
	}
	trp_value_add_text(map, "name", type->name);
	trp_value_add(map, "fields", fields);
	troupe_value_append(data, map);
}

static void add_service(const ProtobufCServiceDescriptor *service, void *data)
{
	struct troupe_value *map, *methods, *method;

	if (!is_wanted(service->name))
		return;
	map = troupe_value_map();
	methods = troupe_value_list();
	for (unsigned i = 0; i < service->n_methods; i++) {
		const ProtobufCMethodDescriptor *of = &service->methods[i];

		method = troupe_value_map();
		trp_value_add_text(method, "name", of->name);
		trp_value_add_text(method, "input", of->input->name);
		trp_value_add_text(method, "output", of->output->name);
		troupe_value_append(methods, method);
	}
	trp_value_add_text(map, "name", service->name);
	trp_value_add(map, "methods", methods);
	troupe_value_append(data, map);
}

static int print_json(void *application)
{
	struct troupe_value *map = troupe_value_map();
	struct troupe_value *services = troupe_value_list();
	struct troupe_value *messages = troupe_value_list();

	trp_types_services(application, add_service, services);
	trp_types_each(add_message, messages);
	trp_value_add(map, "services", services);
	trp_value_add(map, "messages", messages);
	return trp_looker_print(map);
}

/* ---- the commands -------------------------------------------------------- */

static int types(struct trp_look *look, const char *word, bool is_json)
{
	void *application;
	size_t count = 0;
	int r = trp_class_load(look);

	if (r < 0)
		return r;
	/* It is loaded already. */
	application = dlopen(look->node->application, RTLD_LAZY | RTLD_LOCAL);
	r = trp_types_load(application);
	if (r < 0)
		return r;
	pattern = word;
	if (is_json)
		return print_json(application);
	trp_types_services(application, print_service, &count);
	trp_types_each(print_message, &count);
	if (count)
		return 0;
	snprintf(look->client.why, sizeof(look->client.why),
		 "no service and no message is called %.100s; `troupe types` "
		 "lists all",
		 word ? word : "anything");
	return -ENOENT;
}

int trp_cli_types(int argc, char **argv)
{
	static const struct trp_looker looker = { .command = "types",
						  .takes = "a name or pattern",
						  .run = types };

	return trp_looker_run(&looker, argc, argv);
}

static int methods_of(struct trp_look *look, const char *whom, bool is_json)
{
	const struct trp_look_actor *actor = trp_looker_find(look, whom);
	const struct troupe_class *klass;
	int r = actor ? trp_class_load(look) : -ENOENT;

	if (r < 0)
		return r;
	klass = trp_class_of(actor);
	if (klass && klass->service && is_json)
		return trp_looker_print(trp_class_methods(klass));
	if (klass && klass->service) {
		trp_class_print_methods(klass, "");
		return 0;
	}
	snprintf(look->client.why, sizeof(look->client.why),
		 "%.100s has no class with methods; `troupe types` lists all "
		 "services",
		 whom);
	return -ENOENT;
}

int trp_cli_types_of(const char *node, const char *whom, bool is_json)
{
	static const struct trp_looker looker = { .command = "ask",
						  .takes = "one actor",
						  .run = methods_of };
	static char node_option[] = "--node", json_option[] = "--json";
	static char end[] = "--";
	char *argv[5];
	int argc = 0;

	if (node) {
		argv[argc++] = node_option;
		argv[argc++] = (char *)node;
	}
	if (is_json)
		argv[argc++] = json_option;
	argv[argc++] = end;
	argv[argc++] = (char *)whom;
	return trp_looker_run(&looker, argc, argv);
}
