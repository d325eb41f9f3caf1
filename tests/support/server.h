/* SPDX-License-Identifier: MIT */
#pragma once

/* Servers that a test starts, on loopback and in a folder of its own. */

#include <sys/types.h>

/* Skips the test, loudly, unless the program is there. */
void need_program(const char *name);
int free_port(void);
/* A new folder for this test; removed by drop_folder(), or when the test dies.
 */
const char *make_folder(void);
const char *test_folder(void); /* the one that was made */
void drop_folder(void);
pid_t start_server(const char *const *argv, const char *log);
void stop_server(pid_t pid, int signal);

/* A broker on 127.0.0.1, its files in `in`; more: lines of its configuration.
 */
pid_t start_mosquitto(const char *in, int port, const char *more);

/* A NATS server, likewise. */
pid_t start_nats(const char *in, int port, const char *more);

/* Both let anybody in. */
struct broker {
	const char *kind, *program, *open;
	pid_t (*start)(const char *in, int port, const char *more);
};
extern const struct broker mosquitto_broker, nats_broker;
/* Skips, loudly, where it or its kind of bus is not there. */
void need_broker(const struct broker *broker);

/* A Serf agent that joins the one at the first gossip port, unless it is that
 * one. */
struct agents {
	int gossip[3], rpc[3];
	pid_t pid[3];
};
pid_t start_agent(const struct agents *agents, int number, const char *in);
