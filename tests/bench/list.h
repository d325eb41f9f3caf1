/* SPDX-License-Identifier: MIT */
#pragma once

/* Every benchmark, in the order of the output: BENCH(x) is `bench_x`. */

/* Savina (S. Imam, V. Sarkar, AGERE 2014), in its order. */
#define BENCHES_SAVINA(BENCH) \
	BENCH(pingpong)       \
	BENCH(counting)       \
	BENCH(fjthrput)       \
	BENCH(fjcreate)       \
	BENCH(threadring)     \
	BENCH(chameneos)      \
	BENCH(big)            \
	BENCH(fib)            \
	BENCH(concdict)       \
	BENCH(concsll)        \
	BENCH(bndbuffer)      \
	BENCH(philosophers)   \
	BENCH(barber)         \
	BENCH(cigsmok)        \
	BENCH(logmap)         \
	BENCH(banking)        \
	BENCH(apsp)           \
	BENCH(astar)          \
	BENCH(nqueenk)        \
	BENCH(recmatmul)      \
	BENCH(quicksort)      \
	BENCH(radixsort)      \
	BENCH(filterbank)     \
	BENCH(bitonicsort)    \
	BENCH(sieve)          \
	BENCH(uct)            \
	BENCH(facloc)         \
	BENCH(trapezoid)      \
	BENCH(piprecision)    \
	BENCH(sor)

/* Benchmarks of other actor systems. */
#define BENCHES_OTHERS(BENCH)      \
	BENCH(skynet)              \
	BENCH(actor_creation)      \
	BENCH(mailbox_performance) \
	BENCH(mixed_case)          \
	BENCH(bang)                \
	BENCH(ehb)                 \
	BENCH(genstress)           \
	BENCH(thread_ring)         \
	BENCH(chameneos_redux)

/* Lower bounds. */
#define BENCHES_FLOORS(BENCH)   \
	BENCH(floor_futex)      \
	BENCH(floor_line)       \
	BENCH(floor_memcpy)     \
	BENCH(floor_fork)       \
	BENCH(floor_fork_all)   \
	BENCH(floor_ring_futex) \
	BENCH(floor_ring_pipe)  \
	BENCH(floor_idle)

/* Our own. */
#define BENCHES_OURS(BENCH)      \
	BENCH(ask)               \
	BENCH(oneway_copied)     \
	BENCH(oneway_loaned)     \
	BENCH(oneway_handed)     \
	BENCH(fanin)             \
	BENCH(fanout)            \
	BENCH(full)              \
	BENCH(spawn)             \
	BENCH(churn)             \
	BENCH(storm)             \
	BENCH(stop_all)          \
	BENCH(restart)           \
	BENCH(revive)            \
	BENCH(ring)              \
	BENCH(reports)           \
	BENCH(idle)              \
	BENCH(scale)             \
	BENCH(latency_open)      \
	BENCH(latency_closed)    \
	BENCH(timer)             \
	BENCH(mesh_oneway_local) \
	BENCH(mesh_oneway_mqtt)  \
	BENCH(mesh_oneway_nats)  \
	BENCH(mesh_ask_local)    \
	BENCH(mesh_ask_mqtt)     \
	BENCH(mesh_ask_nats)     \
	BENCH(mesh_fanin_local)  \
	BENCH(mesh_fanin_mqtt)   \
	BENCH(mesh_fanin_nats)   \
	BENCH(mailbox_list)      \
	BENCH(mailbox_redis)     \
	BENCH(election)

/* Peers: other ways to move bytes, and other actors. */
#define BENCHES_PEERS(BENCH)         \
	BENCH(pipes_ask)             \
	BENCH(pipes_oneway)          \
	BENCH(pipes_raw)             \
	BENCH(pipes_fanin)           \
	BENCH(unix_stream_ask)       \
	BENCH(unix_stream_oneway)    \
	BENCH(unix_stream_raw)       \
	BENCH(unix_seqpacket_ask)    \
	BENCH(unix_seqpacket_oneway) \
	BENCH(unix_seqpacket_fanin)  \
	BENCH(tcp_ask)               \
	BENCH(tcp_oneway)            \
	BENCH(tcp_fanin)             \
	BENCH(mosquitto_ask)         \
	BENCH(nats_ask)              \
	BENCH(mqueue_ask)            \
	BENCH(mqueue_oneway)         \
	BENCH(mqueue_fanin)          \
	BENCH(zeromq_ask)            \
	BENCH(zeromq_oneway)         \
	BENCH(zeromq_raw)            \
	BENCH(zeromq_fanin)          \
	BENCH(nng_ask)               \
	BENCH(nng_oneway)            \
	BENCH(nng_raw)               \
	BENCH(nng_fanin)             \
	BENCH(boost_mq_ask)          \
	BENCH(boost_mq_oneway)       \
	BENCH(boost_mq_raw)          \
	BENCH(boost_mq_fanin)        \
	BENCH(iceoryx_ask)           \
	BENCH(iceoryx_oneway)        \
	BENCH(iceoryx_raw)           \
	BENCH(iceoryx_fanin)         \
	BENCH(python_queue_ask)      \
	BENCH(python_queue_oneway)   \
	BENCH(python_queue_fanin)    \
	BENCH(python_manager_ask)    \
	BENCH(python_manager_oneway) \
	BENCH(python_manager_fanin)  \
	BENCH(erlang_ask)            \
	BENCH(erlang_oneway)         \
	BENCH(erlang_fanin)          \
	BENCH(erlang_nodes_ask)      \
	BENCH(erlang_nodes_oneway)   \
	BENCH(erlang_nodes_fanin)    \
	BENCH(caf_ask)               \
	BENCH(caf_oneway)            \
	BENCH(caf_fanin)

/* For the tests of the harness, which must not let them pass. */
#define BENCHES_CHECKS(BENCH) \
	BENCH(hang)           \
	BENCH(slow)           \
	BENCH(wrong)          \
	BENCH(absent)         \
	BENCH(program)

/* A floor is measured in turns with its benchmark. */
#define BENCHES(BENCH)        \
	BENCHES_SAVINA(BENCH) \
	BENCHES_OTHERS(BENCH) \
	BENCHES_FLOORS(BENCH) \
	BENCHES_OURS(BENCH)   \
	BENCHES_PEERS(BENCH)  \
	BENCHES_CHECKS(BENCH)
