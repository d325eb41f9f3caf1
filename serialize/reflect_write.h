/* SPDX-License-Identifier: MIT */
#pragma once

#include "serialize/reflect.h"

/*
 * One line; text for free().  Fields that would not be packed are not written,
 * nor are unknown fields; invalid UTF-8 becomes U+FFFD.  Returns 0; -EINVAL:
 * nested deeper than TRP_REFLECT_DEPTH; -ENOMEM.
 */
int trp_reflect_write(const ProtobufCMessage *message, char **ret_text);
