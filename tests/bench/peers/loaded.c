/* SPDX-License-Identifier: MIT */
/*
 * The peers that are separate objects, each with the Debian package that it
 * needs.
 */
#include "tests/bench/peers/peer.h"

#ifdef HAVE_PEER_ZEROMQ
#define NEEDS_ZEROMQ NULL
#else
#define NEEDS_ZEROMQ "libzmq3-dev"
#endif
#define ZEROMQ .needs = NEEDS_ZEROMQ, .file = "zeromq.so"
PEER(zeromq, peer_load("zeromq", "peer"), ZEROMQ, 0, 16, 4096, 1 << 20,
     64 << 20);
PEER_RAW(zeromq, peer_load("zeromq", "peer"), ZEROMQ, 0, 1 << 20, 64 << 20);
PEER_FANIN(zeromq, peer_load("zeromq", "peer"), 2000000, ZEROMQ);

#ifdef HAVE_PEER_MOSQUITTO
#define NEEDS_MOSQUITTO NULL
#else
#define NEEDS_MOSQUITTO "libmosquitto-dev"
#endif
static int mosquitto_ask(void)
{
	return peer_ask(peer_load("mosquitto", "peer"));
}
PEER_BENCH(mosquitto, ask, "round trips", PEER_OF_ASK, .needs = NEEDS_MOSQUITTO,
	   .file = "mosquitto.so", .program = "mosquitto");

#ifdef HAVE_PEER_NATS
#define NEEDS_NATS NULL
#else
#define NEEDS_NATS "libnats-dev"
#endif
static int nats_ask(void)
{
	return peer_ask(peer_load("nats", "peer"));
}
PEER_BENCH(nats, ask, "round trips", PEER_OF_ASK, .needs = NEEDS_NATS,
	   .file = "nats.so", .program = "nats-server");

#ifdef HAVE_PEER_NNG
#define NEEDS_NNG NULL
#else
#define NEEDS_NNG "libnng-dev"
#endif
#define NNG .needs = NEEDS_NNG, .file = "nng.so"
PEER(nng, peer_load("nng", "peer"), NNG, 0, 16, 4096, 1 << 20, 64 << 20);
PEER_RAW(nng, peer_load("nng", "peer"), NNG, 0, 1 << 20, 64 << 20);
PEER_FANIN(nng, peer_load("nng", "many"), 100000, NNG);

#ifdef HAVE_PEER_BOOST
#define NEEDS_BOOST NULL
#else
#define NEEDS_BOOST "libboost-dev and g++"
#endif
#define BOOST .needs = NEEDS_BOOST, .file = "boost.so"
PEER(boost_mq, peer_load("boost", "peer"), BOOST, 0, 16, 4096, 1 << 20,
     64 << 20);
PEER_RAW(boost_mq, peer_load("boost", "peer"), BOOST, 0, 1 << 20, 64 << 20);
PEER_FANIN(boost_mq, peer_load("boost", "peer"), 2000000, BOOST);

#ifdef HAVE_PEER_ICEORYX
#define NEEDS_ICEORYX NULL
#else
#define NEEDS_ICEORYX "iceoryx and libiceoryx-binding-c-dev"
#endif
#define ICEORYX \
	.needs = NEEDS_ICEORYX, .file = "iceoryx.so", .program = "iox-roudi"
PEER(iceoryx, peer_load("iceoryx", "peer"), ICEORYX, 64 << 20, 16, 4096,
     1 << 20, 64 << 20);
PEER_RAW(iceoryx, peer_load("iceoryx", "peer"), ICEORYX, 64 << 20, 1 << 20,
	 64 << 20);
PEER_FANIN(iceoryx, peer_load("iceoryx", "peer"), 2000000, ICEORYX);
