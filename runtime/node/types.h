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

/*
 * Names alone, of types that this process does not load: the supervisor's, for
 * its log.  text: names with their NULs; consumed.
 */
void trp_types_learn(char *text, size_t size);

/* NULL: neither the type nor its name is known. */
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
