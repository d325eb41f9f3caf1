/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The class of a running actor.  It is data of the application, which this
 * process loads as well (cli/README.md): at the same place of the same file.
 */

#include <stdbool.h>
#include "runtime/look/look.h"
#include "runtime/troupe_class.h"
#include "serialize/value.h"

/*
 * Loads the application of that node.  0, or a negative errno: then
 * look->client.why says why.
 */
int trp_class_load(struct trp_look *look);

/* NULL: it has none, it is a guest, or the file was replaced. */
const struct troupe_class *trp_class_of(const struct trp_look_actor *actor);

/* "shop.Till.Sell (shop.Sale) returns (shop.Bill)", a line each. */
void trp_class_print_methods(const struct troupe_class *klass,
			     const char *before);
/* NULL: no memory. */
struct troupe_value *trp_class_methods(const struct troupe_class *klass);
/* The names of the types of messages. */
struct troupe_value *trp_class_messages(const struct troupe_class *klass);
