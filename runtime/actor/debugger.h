/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * An actor at an address that matches `pattern` (fnmatch(3); "": none) waits
 * before its first callback until a tracer has attached, or it gets SIGCONT.
 * title: its address.
 */
void trp_debugger_await(const char *pattern, const char *title);
