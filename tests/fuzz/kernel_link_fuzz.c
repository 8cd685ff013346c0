/* SPDX-License-Identifier: BSD-3-Clause */
/* libFuzzer target: arbitrary bytes as a netlink datagram. Run by scripts/test. */
#include "kernel_link_parse.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the program relies on: strings end, and a link that is gone has no carrier. */
static void
check_link(void *ctx, const struct kernel_link_state *state)
{
	unsigned *count = ctx;

	if (memchr(state->name, '\0', sizeof(state->name)) == NULL || state->if_index == 0 ||
	    state->if_index > INT32_MAX || (!state->present && state->carrier))
		abort();
	(*count)++;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned count = 0;
	struct kernel_link_sink sink = {check_link, &count};
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
	rtnl_walk(copy, size - 1, seq, kernel_link_parse, &sink, &batch);
	if (batch.error > 0 || count > size)
		abort();
	free(copy);
	return 0;
}
