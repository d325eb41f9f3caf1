/* SPDX-License-Identifier: MIT */
/* Functions that are one request to the supervisor each. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/actor/post.h"
#include "runtime/actor/request.h"
#include "runtime/troupe_dead_letters.h"
#include "runtime/troupe_tree.h"

/* ---- registered names, and addresses in the tree ------------------------- */

static int give_name(const char *name, troupe_ref ref)
{
	Troupe__Control__Register request = TROUPE__CONTROL__REGISTER__INIT;

	if (!name)
		return -EINVAL;
	request.name = (char *)name;
	request.ref = ref;
	return trp_actor_request(&request.base, NULL);
}

int troupe_register(const char *name, troupe_ref ref)
{
	return ref ? give_name(name, ref) : -EINVAL;
}

int troupe_unregister(const char *name)
{
	return give_name(name, 0);
}

int troupe_whereis(const char *name, troupe_ref *ret_ref)
{
	Troupe__Control__Whereis request = TROUPE__CONTROL__WHEREIS__INIT;

	if (!name)
		return -EINVAL;
	request.name = (char *)name;
	return trp_actor_request(&request.base, ret_ref);
}

int troupe_lookup(const char *address, troupe_ref *ret_ref)
{
	Troupe__Control__Lookup request = TROUPE__CONTROL__LOOKUP__INIT;

	if (!address || strlen(address) >= TROUPE_ADDRESS_SIZE)
		return -EINVAL;
	request.address = (char *)address;
	return trp_actor_request(&request.base, ret_ref);
}

int troupe_address(troupe_ref ref, char *buffer, size_t size)
{
	Troupe__Control__AddressOf request = TROUPE__CONTROL__ADDRESS_OF__INIT;
	ProtobufCBinaryData text;
	int r;

	if (!ref)
		return -EINVAL;
	request.ref = ref;
	r = trp_actor_request_more(&request.base, &text);
	if (r < 0)
		return r;
	if (text.len <= size)
		memcpy(buffer, text.data, text.len);
	else
		r = -ENAMETOOLONG;
	free(text.data);
	return r;
}

/* ---- the end of another -------------------------------------------------- */

static int end(troupe_ref ref, bool is_kill)
{
	Troupe__Control__Stop request = TROUPE__CONTROL__STOP__INIT;

	if (!ref)
		return -EINVAL;
	request.ref = ref;
	request.is_kill = is_kill;
	return trp_actor_request(&request.base, NULL);
}

int troupe_stop(troupe_ref ref)
{
	return end(ref, false);
}

int troupe_kill(troupe_ref ref)
{
	return end(ref, true);
}

int troupe_close(troupe_ref ref)
{
	Troupe__Control__Close close = TROUPE__CONTROL__CLOSE__INIT;
	struct trp_envelope envelope = trp_actor_post_envelope(TRP_CONTROL);

	return trp_actor_post(ref, TRP_MAIL, &envelope, &close.base, NULL);
}

/* ---- dead letters -------------------------------------------------------- */

static int want(bool wanted)
{
	Troupe__Control__DeadLetters request =
		TROUPE__CONTROL__DEAD_LETTERS__INIT;

	request.wanted = wanted;
	return trp_actor_request(&request.base, NULL);
}

int troupe_dead_letters_subscribe(void)
{
	return want(true);
}

int troupe_dead_letters_unsubscribe(void)
{
	return want(false);
}
