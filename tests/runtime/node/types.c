/* SPDX-License-Identifier: MIT */
/* Types that no symbol names, and what only looks like one. */
#include "runtime/node/types.h"

#include <criterion/criterion.h>
#include <dlfcn.h>
#include "serialize/type.h"

#define NAMED(full, last, in)                                                \
	{                                                                    \
		.magic = PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC, .name = full, \
		.short_name = last, .c_name = "C", .package_name = in,       \
		.sizeof_message = sizeof(ProtobufCMessage)                   \
	}

__attribute__((used)) static const ProtobufCMessageDescriptor type[] = {
	NAMED("hidden.One", "One", "hidden"),
	NAMED("hidden.One.Inner", "Inner", "hidden.One"),
	NAMED("Alone", "Alone", ""),
};
__attribute__((used)) static const ProtobufCMessageDescriptor look_alike[] = {
	NAMED("false.One", "Two", "false"),
	NAMED("other.Three", "Three", "false"),
	NAMED((const char *)1, "Four", "false"),
	NAMED("false.Five", NULL, "false"),
	NAMED("false.Six", "Six", (const char *)UINTPTR_MAX),
	NAMED("fal", "Seven", "false"),
};

static unsigned found;

static void count_false(const ProtobufCMessageDescriptor *one, void *data)
{
	found += one >= look_alike &&
		 one < look_alike + sizeof(look_alike) / sizeof(*look_alike);
}

Test(types, that_no_symbol_names_are_known_and_look_alikes_are_not)
{
	cr_assert_eq(trp_types_load(dlopen(NULL, RTLD_NOW)), 0);
	for (size_t i = 0; i < sizeof(type) / sizeof(*type); i++)
		cr_expect_eq(trp_types_find(trp_type_id(type[i].name)),
			     &type[i], "%s", type[i].name);
	trp_types_each(count_false, NULL);
	cr_expect_eq(found, 0);
}
