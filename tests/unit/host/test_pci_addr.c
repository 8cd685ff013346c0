/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses of PCI functions: what is one, how it is written, which comes first. */
#include "pci_addr.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

static void
expect(const char *s, uint32_t domain, uint8_t bus, uint8_t device, uint8_t function)
{
	struct pci_addr a = {0};

	assert_int_equal(pci_addr_parse(s, &a), 0);
	assert_int_equal(a.domain, domain);
	assert_int_equal(a.bus, bus);
	assert_int_equal(a.device, device);
	assert_int_equal(a.function, function);
}

static void
reads_every_form(void **state)
{
	(void)state;
	expect("0000:3b:02.1", 0, 0x3b, 2, 1);
	expect("3b:02.1", 0, 0x3b, 2, 1);
	expect("0:0:0.0", 0, 0, 0, 0);
	expect("0000:FF:1F.7", 0, 0xff, 31, 7);
	expect("0000:ff:1f.7", 0, 0xff, 31, 7);
	expect("10000:e1:00.0", 0x10000, 0xe1, 0, 0);
	expect("ffffffff:ff:1f.7", 0xffffffff, 0xff, 31, 7);
}

static void
refuses_what_is_none(void **state)
{
	static const char *const wrong[] = {
		"",
		"3b",
		"3b:02",
		"3b.02:1",
		":02.1",
		"3b:.1",
		"3b:02.",
		"0000:3b:02.1 ",
		" 0000:3b:02.1",
		"0000:3b:02.1x",
		"0000:3b:02.8",
		"0000:3b:20.0",
		"0000:3b:02.10",
		"0000:100:02.1",
		"0000:3b:002.1",
		"100000000:3b:02.1",
		"0000:0000:3b:02.1",
		"0000::02.1",
		"-1:3b:02.1",
		"0x0:3b:02.1",
		"+0:3b:02.1",
		"0000:3g:02.1",
		"0000:3b:02.1\n",
		"0000:3b: 2.1",
		"0000:3b:02,1",
		"ens1f0",
		"../../x",
		":::",
	};
	struct pci_addr a = {.domain = 7, .bus = 7, .device = 7, .function = 7};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (pci_addr_parse(wrong[i], &a) != -EINVAL)
			fail_msg("\"%s\" is taken for an address", wrong[i]);
	assert_int_equal(a.domain, 7);
	assert_int_equal(a.bus, 7);
	assert_int_equal(a.device, 7);
	assert_int_equal(a.function, 7);
}

static void
writes_as_the_kernel_does(void **state)
{
	static const char *const texts[] = {
		"0000:00:00.0",
		"0000:3b:02.1",
		"0001:ff:1f.7",
		"10000:e1:00.0",
		"ffffffff:ff:1f.7",
	};
	char buf[PCI_ADDR_BYTES];
	struct pci_addr a;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(pci_addr_parse(texts[i], &a), 0);
		assert_ptr_equal(pci_addr_text(&a, buf), buf);
		assert_string_equal(buf, texts[i]);
	}
}

/* Each is smaller than all that follow. */
static void
orders_by_domain_bus_device_function(void **state)
{
	static const char *const texts[] = {
		"0000:00:00.0",
		"0000:00:00.1",
		"0000:00:01.0",
		"0000:00:1f.7",
		"0000:01:00.0",
		"0000:ff:1f.7",
		"0001:00:00.0",
		"ffff:00:00.0",
		"10000:00:00.0",
		"ffffffff:00:00.0",
	};
	struct pci_addr a, b;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(pci_addr_parse(texts[i], &a), 0);
		assert_int_equal(pci_addr_cmp(&a, &a), 0);
		for (size_t j = i + 1; j < sizeof(texts) / sizeof(texts[0]); j++) {
			assert_int_equal(pci_addr_parse(texts[j], &b), 0);
			assert_true(pci_addr_cmp(&a, &b) < 0);
			assert_true(pci_addr_cmp(&b, &a) > 0);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_form),
		cmocka_unit_test(refuses_what_is_none),
		cmocka_unit_test(writes_as_the_kernel_does),
		cmocka_unit_test(orders_by_domain_bus_device_function),
	};

	return cmocka_run_group_tests_name("pci_addr", tests, NULL, NULL);
}
