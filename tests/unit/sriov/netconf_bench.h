/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of netconf.h share. */
#pragma once

#include "netconf.h"
#include "reason.h"
#include "text.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

#define VF "{\"type\":\"sriov\","
#define BOND "{\"type\":\"bond\","
#define LINKS "\"links\":[{\"name\":\"net1\"},{\"name\":\"net2\"}]}"

struct refused {
	const char *json, *why;
};

static inline struct netconf
parsed(const char *json)
{
	struct reason why = {""};
	struct netconf c;

	/* Every byte of it must be written. */
	memset(&c, 0xa5, sizeof(c));
	if (netconf_parse(json, strlen(json), "f", &c, &why) != 0)
		fail_msg("%s: %s", json, why.text);
	return c;
}

static inline void
expect_refused(const struct refused *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct reason why = {""};
		struct netconf c, before;

		memset(&before, 0xa5, sizeof(before));
		c = before;
		if (netconf_parse(cases[i].json, strlen(cases[i].json), "f", &c, &why) != -EINVAL)
			fail_msg("%s is taken", cases[i].json);
		assert_string_equal(why.text, cases[i].why);
		assert_memory_equal(&c, &before, sizeof(c));
	}
}
