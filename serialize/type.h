/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Names of messages and services as 64-bit numbers, the same in every process,
 * version and machine; and a table from such a number to a value of its owner.
 */

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

/*
 * FNV-1a of the name's bytes (draft-eastlake-fnv, 64 bits), with 0 replaced by
 * the hash's basis: never 0.  "package.Message", no leading dot.
 */
uint64_t trp_type_id(const char *full_name);

/* Extends `hash` by these bytes; any number may start it.
 */
uint64_t trp_type_mix(uint64_t hash, const void *bytes, size_t size);

/*
 * The same for a descriptor's name, cached by its address: descriptors must
 * stay unchanged as long as the process lives.  Safe from any thread.
 */
uint64_t trp_type_of(const ProtobufCMessageDescriptor *type);
uint64_t trp_type_of_service(const ProtobufCServiceDescriptor *service);

/* Open addressing, linear; zeroed is empty and owns nothing. */
struct trp_type_table {
	struct trp_type_entry {
		uint64_t id;
		const void *value;
	} * entries;
	uint32_t count, room;
};

/*
 * `id` is not 0, `value` (borrowed until fini) not NULL.
 * Returns 0; -EEXIST: the id is there, as a duplicate or a collision of two
 * names, which find() lets the caller distinguish; -ENOMEM.
 */
int trp_type_table_add(struct trp_type_table *table, uint64_t id,
		       const void *value);

/* NULL: not there.  Any id is allowed, also one from the wire. */
const void *trp_type_table_find(const struct trp_type_table *table,
				uint64_t id);

void trp_type_table_check(const struct trp_type_table *table);

/* Leaves an empty table. */
void trp_type_table_fini(struct trp_type_table *table);
