/* SPDX-License-Identifier: MIT */
/*
 * The peers that are objects of their own, each with the Debian package
 * without which there is none.
 */
#include "tests/bench/peers/peer.h"

#ifdef HAVE_PEER_ZEROMQ
#define NEEDS_ZEROMQ NULL
#else
#define NEEDS_ZEROMQ "libzmq3-dev"
#endif
PEER(zeromq, peer_load("zeromq"), NEEDS_ZEROMQ, 16, 4096, 1 << 20);
PEER_FANIN(zeromq, peer_load("zeromq"), NEEDS_ZEROMQ, 4, 64);

#ifdef HAVE_PEER_NNG
#define NEEDS_NNG NULL
#else
#define NEEDS_NNG "libnng-dev"
#endif
PEER(nng, peer_load("nng"), NEEDS_NNG, 16, 4096, 1 << 20);

#ifdef HAVE_PEER_BOOST
#define NEEDS_BOOST NULL
#else
#define NEEDS_BOOST "libboost-dev and g++"
#endif
PEER(boost_mq, peer_load("boost"), NEEDS_BOOST, 16, 4096, 1 << 20);
PEER_FANIN(boost_mq, peer_load("boost"), NEEDS_BOOST, 4, 64);

#ifdef HAVE_PEER_ICEORYX
#define NEEDS_ICEORYX NULL
#else
#define NEEDS_ICEORYX "iceoryx and libiceoryx-binding-c-dev"
#endif
PEER(iceoryx, peer_load("iceoryx"), NEEDS_ICEORYX, 16, 4096, 1 << 20);
PEER_FANIN(iceoryx, peer_load("iceoryx"), NEEDS_ICEORYX, 4, 64);
