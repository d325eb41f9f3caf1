/* SPDX-License-Identifier: MIT */
#pragma once

/* The idle timeout of a class. */

/* There is nothing to do: it is armed, where it is not. */
void trp_idle_begin(void);
