/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A machine for the tests of selector.h. VFs, in the order of their addresses:
 *
 *   ens1f0  0000:3b:00.0  3b:10.0 10.2 10.4 10.6  igbvf: ens1f0v0..3
 *   ens1f1  0000:3b:00.1  3b:10.1 10.3            vfio-pci
 *   ib0     0000:5e:00.0  5e:10.0                 no driver; InfiniBand
 *   (none)  10000:01:00.0 10000:01:10.0           no driver; ACPI index 101; its PF has no netdev
 *
 * Besides ens2, 0000:60:00.0, a PF without VFs; 0000:00:03.0 and .1, NICs without SR-IOV (the
 * second one is eth1); 0000:00:04.0, a disk.
 */
#pragma once

#include "fake_host.h"
#include "reason.h"
#include "selector.h"
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

#define A_VFS "0000:3b:10.0 0000:3b:10.2 0000:3b:10.4 0000:3b:10.6"
#define B_VFS "0000:3b:10.1 0000:3b:10.3"
#define A_VFS_AND_B "0000:3b:10.0 0000:3b:10.1 0000:3b:10.2 0000:3b:10.3 0000:3b:10.4 0000:3b:10.6"
#define IB_VF "0000:5e:10.0"
#define C_VF "10000:01:10.0"
#define ALL_VFS A_VFS_AND_B " " IB_VF " " C_VF

struct selector_bench {
	struct fake_host *f;
	struct pci_bus *bus;
};

static inline int
selector_setup(void **state)
{
	struct fake_pf_settings a = FAKE_PF_IGB("0000:3b:00.0", "ens1f0", 4);
	struct fake_pf_settings b = FAKE_PF_IGB("0000:3b:00.1", "ens1f1", 2);
	struct fake_pf_settings ib = FAKE_PF_IGB("0000:5e:00.0", "ib0", 1);
	struct fake_pf_settings c = FAKE_PF_IGB("10000:01:00.0", NULL, 1);
	struct fake_pf_settings empty = FAKE_PF_IGB("0000:60:00.0", "ens2", 0);
	struct selector_bench *t = calloc(1, sizeof(*t));
	struct reason why;

	assert_non_null(t);
	t->f = fake_host_new();
	a.vf_driver = "igbvf";
	b.vf_driver = "vfio-pci";
	c.vendor_id = 0x15b3;
	c.vf_device_id = 0x1018;
	fake_host_add_pf(t->f, &a);
	fake_host_add_pf(t->f, &b);
	fake_host_add_pf(t->f, &ib);
	fake_host_add_pf(t->f, &c);
	fake_host_add_pf(t->f, &empty);
	fake_host_put(t->f, "/sys/class/net/ib0/type", "32\n");
	fake_host_put(t->f, "/sys/bus/pci/devices/" C_VF "/acpi_index", "101\n");
	fake_host_add_device(t->f, "0000:00:03.0", 0x8086, 0x100e, 0x020000, "vfio-pci", NULL);
	fake_host_add_device(t->f, "0000:00:03.1", 0x8086, 0x100e, 0x020000, "", NULL);
	fake_host_put(t->f, "/sys/bus/pci/devices/0000:00:03.1/net/eth1/type", "1\n");
	fake_host_add_device(t->f, "0000:00:04.0", 0x1234, 0x0001, 0x010802, "", NULL);
	if (pci_bus_scan(&t->bus, &fake_host_sriov(t->f)->fs, &why) != 0)
		fail_msg("%s", why.text);
	*state = t;
	return 0;
}

static inline int
selector_teardown(void **state)
{
	struct selector_bench *t = *state;

	pci_bus_free(t->bus);
	fake_host_free(t->f);
	free(t);
	return 0;
}

/* Addresses that @s finds, joined by blanks, as a string to free(). */
static inline char *
selector_found(const struct selector_bench *t, const struct selector *s, struct reason *why)
{
	const struct pci_device **found = NULL;
	struct text joined = TEXT_EMPTY;
	char addr[PCI_ADDR_BYTES];
	size_t n = 0;
	int rc = selector_match(s, fake_host_sriov(t->f), t->bus, &found, &n, why);

	if (rc != 0) {
		assert_int_equal(rc, -ENOENT);
		assert_null(found);
		assert_int_equal(n, 0);
		return NULL;
	}
	for (size_t i = 0; i < n; i++)
		text_printf(
			&joined, "%s%s", i > 0 ? " " : "", pci_addr_text(&found[i]->addr, addr)
		);
	free(found);
	return joined.s;
}
