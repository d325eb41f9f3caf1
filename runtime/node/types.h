/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The message types that this node knows, by id (serialize/type.h).
 *
 * The zygote finds those of the application and of its libraries in their data,
 * by the magic number with which a descriptor begins and the names behind it,
 * so -fvisibility=hidden and strip(1) hide none; every actor inherits the
 * table.  A type of a library that is loaded later is known once a class or a
 * pattern names it.
 */

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Those that every actor knows, whatever its application declares. */
int trp_types_begin(void);

/* application: of dlopen().  0, -EEXIST (two types, one id), -ENOMEM. */
int trp_types_load(void *application);

/* The same results; 0 for a type that is known already. */
int trp_types_add(const ProtobufCMessageDescriptor *type);

/* NULL: not known. */
const ProtobufCMessageDescriptor *trp_types_find(uint64_t id);

/* Another id, of a method of that service (serialize/type.h). */
static inline uint64_t trp_types_method(uint64_t service, uint32_t method)
{
	return service + 1 + method;
}

/*
 * The names of all types, and of the methods of an application, as a text for
 * another process; for free(); NULL: no memory.
 */
char *trp_types_text(void *application, size_t *ret_size);

/*
 * Names alone: the supervisor does not load the types, and nobody finds the
 * methods else.  text: consumed.
 */
void trp_types_learn(char *text, size_t size);

/* The text that was learnt, borrowed; NULL: none. */
const char *trp_types_learnt(size_t *ret_size);
/* Calls visit for each name in it. */
void trp_types_each_name(void (*visit)(const char *name, bool is_method,
				       void *data),
			 void *data);

/* Of a type, or of a method.  NULL: that is not known. */
const char *trp_types_name(uint64_t id);

/* Calls visit for each service of an application, which are found likewise. */
void trp_types_services(void *application,
			void (*visit)(const ProtobufCServiceDescriptor *service,
				      void *data),
			void *data);

/* Calls visit for each type; for tools. */
void trp_types_each(void (*visit)(const ProtobufCMessageDescriptor *type,
				  void *data),
		    void *data);
