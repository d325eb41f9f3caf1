/* SPDX-License-Identifier: MIT */
#include "runtime/mail/service.h"

#include "runtime/mail/service.pb-c.h"
#include "runtime/troupe_tree.h"

static int answer(const struct troupe_message *message, int result,
		  troupe_ref ref)
{
	Troupe__Service__Found found = TROUPE__SERVICE__FOUND__INIT;

	found.result = result;
	found.ref = result < 0 ? 0 : ref;
	troupe_send(message->sender, &found.base);
	return 0; /* one that cannot be told waits for its deadline */
}

int trp_mail_service_find(const struct troupe_message *message)
{
	const Troupe__Service__Find *wish = message->body;
	troupe_ref ref = 0;
	int r;

	if (wish->name[0] == '/')
		r = troupe_lookup(wish->name, &ref);
	else
		r = troupe_whereis(wish->name, &ref);
	return answer(message, r, ref);
}
