/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two PFs with VFs on the fake machine, and between it and the code under test a look at every step
 * that changes something. For the tests of claims, their records and locks.
 */
#pragma once

#include "claim.h"
#include "fake_between.h"
#include "fake_host.h"
#include "reason.h"
#include "text.h"
#include "units.h"
#include "vf_bind.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

#define PF_A "0000:3b:00.0"
#define PF_A_NETDEV "ens1f0"
#define VF_A0 "0000:3b:10.0"
#define VF_A1 "0000:3b:10.2"
#define PF_B "0000:5e:00.0"
#define VF_B0 "0000:5e:10.0"

enum { VFS = 4, OWNER_PID = 4242, OTHER_PID = 4343 };

struct bench {
	/* First: what is put between is called with the bench as its context. */
	union {
		struct fake_between between;
		struct {
			struct sriov_host real, h;
		};
	};
	struct fake_host *f;
	char *before;
	struct text notes;
	struct reason why;
	unsigned steps; /* of any kind, that were begun */
	bool read_only; /* any step fails the test */
	const char
		*sabotaged; /* a part of the name of a journal step before which @sabotage runs */
	unsigned passes;    /* how often before that it is let through */
	void (*sabotage)(struct bench *b);
};

static inline void
bench_begin_step(struct bench *b, const char *what)
{
	if (b->read_only)
		fail_msg("a step where none is allowed: %s", what);
	b->steps++;
}

static inline void
bench_step(void *ctx, const char *what)
{
	struct bench *b = ctx;

	bench_begin_step(b, what);
	if (b->sabotaged != NULL && strstr(what, b->sabotaged) != NULL) {
		if (b->passes == 0) {
			b->sabotaged = NULL;
			b->sabotage(b);
		} else {
			b->passes--;
		}
	}
	b->real.step(b->real.ctx, what);
}

static inline int
bench_write(void *ctx, const char *path, const char *value, size_t len)
{
	struct bench *b = ctx;

	bench_begin_step(b, path);
	return b->real.fs.write(b->real.fs.ctx, path, value, len);
}

static inline int
bench_vf_set(
	void *ctx,
	const char *pf,
	enum vf_attr attr,
	const struct vf_state *want,
	struct reason *why
)
{
	struct bench *b = ctx;

	bench_begin_step(b, vf_attr_names[attr]);
	return b->real.vf_set(b->real.ctx, pf, attr, want, why);
}

static inline int
bench_netdev_up(void *ctx, const char *name, struct reason *why)
{
	struct bench *b = ctx;

	bench_begin_step(b, name);
	return b->real.netdev_up(b->real.ctx, name, why);
}

/* As another process has the machine: with @f of its own. */
static inline void
bench_use(struct bench *b, struct fake_host *f)
{
	b->f = f;
	between_init(&b->between, fake_host_sriov(f));
	b->h.fs.ctx = b;
	b->h.fs.write = bench_write;
	b->h.vf_set = bench_vf_set;
	b->h.netdev_up = bench_netdev_up;
	b->h.step = bench_step;
}

static inline void
bench_remember(struct bench *b)
{
	free(b->before);
	b->before = fake_host_dump(b->f);
}

/* Line by line: a whole machine is no message. */
static inline void
expect_as_before(struct bench *b)
{
	char *dump = fake_host_dump(b->f), *now = dump;
	const char *then = b->before;

	while (*now != '\0' || *then != '\0') {
		size_t len = strcspn(now, "\n"), then_len = strcspn(then, "\n");

		if (len != then_len || memcmp(now, then, len) != 0)
			fail_msg("is: %.*s; was: %.*s", (int)len, now, (int)then_len, then);
		now += len + (now[len] != '\0');
		then += then_len + (then[then_len] != '\0');
	}
	free(dump);
}

static inline void
expect_in(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("\"%s\" is not in: %s", part, text);
}

/* The process OTHER_PID, with @path open; NULL: nothing. */
static inline void
other_opens(struct bench *b, const char *path)
{
	fake_host_remove(b->f, "/proc/4343");
	fake_host_process(b->f, OTHER_PID, 888, "other", path);
}

static inline struct pci_addr
addr_of(const char *text)
{
	struct pci_addr a;

	assert_int_equal(pci_addr_parse(text, &a), 0);
	return a;
}

static inline struct pci_device
device(struct bench *b, const char *text)
{
	struct pci_addr a = addr_of(text);
	struct pci_device d;

	assert_int_equal(pci_device_read(&b->h.fs, &a, &d), 0);
	return d;
}

static inline struct vf_state
state_of(struct bench *b, uint32_t vf)
{
	struct vf_state s;

	assert_int_equal(b->real.vf_get(b->real.ctx, PF_A_NETDEV, vf, &s, NULL), 0);
	return s;
}

/* Words of settings, as a user gives them. */
static inline struct vf_settings
settings_of(const char *words)
{
	struct vf_settings s = {.has_mac = false};
	char copy[256], *next = NULL;
	struct reason why;

	snprintf(copy, sizeof(copy), "%s", words);
	for (char *w = strtok_r(copy, " ", &next); w != NULL; w = strtok_r(NULL, " ", &next))
		if (vf_settings_word(&s, w, &why) != 0)
			fail_msg("%s", why.text);
	return s;
}

static inline struct claim_request
request(const char *words)
{
	return (struct claim_request){.settings = settings_of(words)};
}

static inline int
claim(struct bench *b, const char *vf, const struct claim_request *req, struct claim_result *ret)
{
	struct pci_device d = device(b, vf);
	struct claim_result mine;

	return claim_vf(&b->h, &d, req, ret != NULL ? ret : &mine, &b->notes, &b->why);
}

static inline int
release(struct bench *b, const char *vf)
{
	struct pci_addr a = addr_of(vf);

	return claim_release(&b->h, &a, false, &b->notes, &b->why);
}

static inline int
record_of(struct bench *b, const char *vf, struct claim_record *ret)
{
	struct pci_addr a = addr_of(vf);

	return journal_read(&b->h, &a, ret, &b->why);
}

static inline const char *
state_path(struct bench *b, const char *path, char buf[static 256])
{
	snprintf(buf, 256, "%s/%s", b->h.state_dir, path);
	return buf;
}

/* A machine with two PFs, the VFs of the first with a driver and settings. */
static inline int
bench_setup(void **state)
{
	struct fake_pf_settings a = FAKE_PF_IGB(PF_A, PF_A_NETDEV, VFS);
	struct fake_pf_settings pf_b = FAKE_PF_IGB(PF_B, "ens2f0", VFS);
	struct bench *b = calloc(1, sizeof(*b));
	struct vf_state was = {
		.mac = {2, 0, 0, 0, 0, 0xa0},
		.vlan = 100,
		.qos = 3,
		.vlan_proto = ETH_P_8021Q,
		.min_tx_rate_mbps = 10,
		.max_tx_rate_mbps = 900,
		.spoofchk = true,
		.link_state = VF_LINK_DISABLE,
	};

	assert_non_null(b);
	a.driver = pf_b.driver = "fake_all";
	bench_use(b, fake_host_new());
	fake_host_add_pf(b->f, &a);
	fake_host_add_pf(b->f, &pf_b);
	for (was.vf = 0; was.vf < VFS; was.vf++, was.mac[5]++)
		for (enum vf_attr attr = 0; attr < VF_ATTR_COUNT; attr++)
			assert_int_equal(
				b->real.vf_set(b->real.ctx, PF_A_NETDEV, attr, &was, NULL), 0
			);
	/* Their driver reads the address when it gets the VF. */
	for (uint8_t i = 0; i < VFS; i++) {
		struct pci_addr vf = {0, 0x3b, 0x10, (uint8_t)(2 * i)};

		assert_int_equal(
			vf_bind_restore(&b->real, &vf, &(struct driver_binding){"igbvf", ""}, NULL),
			0
		);
	}
	fake_host_process(b->f, OWNER_PID, 777, "owner", NULL);
	fake_host_process(b->f, OTHER_PID, 888, "other", NULL);
	bench_remember(b);
	*state = b;
	return 0;
}

static inline int
bench_teardown(void **state)
{
	struct bench *b = *state;

	fake_host_free(b->f);
	text_fini(&b->notes);
	free(b->before);
	free(b);
	return 0;
}
