/* SPDX-License-Identifier: MIT */
#include "runtime/test/told.h"

#include <stdio.h>
#include <stdlib.h>
#include "runtime/actor/self.h"
#include "runtime/node/ref.h"
#include "runtime/node/status.h"
#include "runtime/troupe_tree.h"
#include "serialize/reflect_write.h"

char *trp_told_actor(troupe_ref ref, char text[TRP_TOLD_SIZE])
{
	if (!ref)
		snprintf(text, TRP_TOLD_SIZE, "the supervisor");
	else if (ref == troupe_self())
		snprintf(text, TRP_TOLD_SIZE, "the probe");
	else if (trp_ref_is_elsewhere(ref))
		snprintf(text, TRP_TOLD_SIZE, "an actor of the other node");
	else if (troupe_address(ref, text, TRP_TOLD_SIZE) < 0)
		snprintf(text, TRP_TOLD_SIZE, "an actor that is gone");
	return text;
}

char *trp_told_message(const struct troupe_message *message,
		       char text[TRP_TOLD_SIZE])
{
	char of[TRP_TOLD_SIZE], *json = NULL;

	trp_told_actor(message->sender, of);
	if (!message->type) {
		snprintf(text, TRP_TOLD_SIZE,
			 "a message of an unknown type of %.200s", of);
		return text;
	}
	if (trp_reflect_write(message->body, &json) < 0)
		json = NULL;
	snprintf(text, TRP_TOLD_SIZE, "%s %.700s of %.200s",
		 message->type->name, json ? json : "", of);
	free(json);
	return text;
}

char *trp_told_state(troupe_ref ref, char text[TRP_TOLD_SIZE])
{
	char of[TRP_TOLD_SIZE], does[256];
	struct trp_activity activity;

	text[0] = '\0';
	if (!ref || !trp_self.node || trp_ref_is_elsewhere(ref))
		return text;
	trp_told_actor(ref, of);
	if (trp_status_look(&trp_self.node->arena, ref, &activity))
		snprintf(text, TRP_TOLD_SIZE, "; %.700s: %s", of,
			 trp_status_text(&activity, does, sizeof(does)));
	else
		snprintf(text, TRP_TOLD_SIZE, "; %.700s has no process", of);
	return text;
}
