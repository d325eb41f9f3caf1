/* SPDX-License-Identifier: MIT */
/* Functions that are one request to the supervisor each. */
#include "runtime/actor/orders.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/actor/away.h"
#include "runtime/actor/away_watch.h"
#include "runtime/actor/post.h"
#include "runtime/actor/report.h"
#include "runtime/actor/request.h"
#include "runtime/actor/result.h"
#include "runtime/troupe_dead_letters.h"
#include "runtime/troupe_result.h"

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

int trp_orders_lookup(const char *address, troupe_ref *ret_ref)
{
	Troupe__Control__Lookup request = TROUPE__CONTROL__LOOKUP__INIT;

	if (!address || strlen(address) >= TROUPE_ADDRESS_SIZE)
		return -EINVAL;
	request.address = (char *)address;
	return trp_actor_request(&request.base, ret_ref);
}

int trp_orders_address(troupe_ref ref, char *buffer, size_t size)
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

static int order(const Troupe__Control__Stop *stop)
{
	return trp_away_has(stop->ref)
		       ? trp_away_watch_order(stop->ref, &stop->base)
		       : trp_actor_request(&stop->base, NULL);
}

int troupe_stop_with(troupe_ref ref, int code, const char *text,
		     int32_t grace_ms)
{
	Troupe__Control__Stop request = TROUPE__CONTROL__STOP__INIT;

	if (!ref || grace_ms < -1 || (text && strlen(text) >= TROUPE_TEXT_SIZE))
		return -EINVAL;
	request.ref = ref;
	request.grace_ms = grace_ms;
	request.code = code;
	if (text)
		request.text = (char *)text;
	return order(&request);
}

int troupe_stop(troupe_ref ref)
{
	return troupe_stop_with(ref, 0, NULL, 0);
}

bool troupe_stop_reason(struct troupe_reason *ret_reason)
{
	if (!trp_self.ref || !troupe_is_stopping())
		return false;
	if (!ret_reason)
		return true;
	if (trp_report_reason())
		*ret_reason = *trp_report_reason();
	else
		trp_result_order(ret_reason);
	return true;
}

int troupe_kill(troupe_ref ref)
{
	Troupe__Control__Stop request = TROUPE__CONTROL__STOP__INIT;

	if (!ref)
		return -EINVAL;
	request.ref = ref;
	request.is_kill = true;
	return order(&request);
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
