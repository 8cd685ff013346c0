/* SPDX-License-Identifier: BSD-3-Clause */
/* libFuzzer target: arbitrary bytes as a netlink datagram about addresses. Run by scripts/test. */
#include "kernel_addr_parse.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the program relies on: indexes, prefix lengths and VLANs are in their ranges. */
static void
check_address(void *ctx, const struct kernel_addr_address *a)
{
	unsigned *count = ctx;

	if (a->if_index == 0 || a->if_index > INT32_MAX || a->entry.vlan_id != 0 ||
	    a->entry.prefix_bits > (a->entry.is_v6 ? 128 : 32))
		abort();
	(*count)++;
}

static void
check_device(void *ctx, const struct kernel_addr_device *d)
{
	unsigned *count = ctx;

	if (d->if_index == 0 || d->if_index > INT32_MAX || d->base > INT32_MAX ||
	    d->vlan_id > 4094 || (d->base == 0 && d->vlan_id != 0))
		abort();
	(*count)++;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned count = 0;
	struct kernel_addr_sink sink = {check_address, check_device, &count};
	struct rtnl_batch batch;
	uint32_t seq;
	void *copy;

	/* The first byte chooses between the event stream and an answer. */
	if (size < 1 || size > RTNL_BUF_BYTES)
		return 0;
	seq = data[0] & 7;
	copy = malloc(size);
	if (copy == NULL)
		return 0;
	memcpy(copy, data + 1, size - 1);
	rtnl_walk(copy, size - 1, seq, kernel_addr_parse, &sink, &batch);
	if (batch.error > 0 || count > size)
		abort();
	free(copy);
	return 0;
}
