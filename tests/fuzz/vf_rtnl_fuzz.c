/* SPDX-License-Identifier: BSD-3-Clause */
/* libFuzzer target: arbitrary bytes as a listing of VFs. Run by scripts/test. */
#include "vf_rtnl_parse.h"

#include <linux/if_ether.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the program relies on: values that are in their ranges, and each VF once, in order. */
static void
check_listing(const struct vf_rtnl_listing *l)
{
	for (size_t i = 0; i < l->count; i++) {
		const struct vf_state *s = &l->items[i];

		if ((i > 0 && s->vf <= l->items[i - 1].vf) || s->vlan > 4095 || s->qos > 7 ||
		    (s->vlan == 0 && s->vlan_proto != 0) || s->link_state >= VF_LINK_COUNT ||
		    s->known >= 1u << VF_ATTR_COUNT || vf_rtnl_listing_find(l, s->vf) != s)
			abort();
	}
	for (uint32_t vf = 0; vf < l->num_vfs && vf_rtnl_listing_complete(l); vf++)
		if (vf_rtnl_listing_find(l, vf) == NULL)
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vf_rtnl_listing l = {0};
	struct rtnl_batch batch;
	void *copy = malloc(size != 0 ? size : 1);

	if (copy == NULL)
		return 0;
	memcpy(copy, data, size);
	/* The corpus answers the request of this number. */
	rtnl_walk(copy, size, 7, vf_rtnl_parse, &l, &batch);
	check_listing(&l);
	if (batch.error > 0 || memchr(batch.text, '\0', sizeof(batch.text)) == NULL)
		abort();
	free(l.items);
	free(copy);
	return 0;
}
