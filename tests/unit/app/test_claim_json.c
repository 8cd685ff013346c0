/* SPDX-License-Identifier: BSD-3-Clause */
/* What `vfctl claim` prints of claimed VFs. */
#include "claim_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

static const struct claim_result whole = {
	.addr = {0, 0x3b, 0x10, 2},
	.pf = {0, 0x3b, 0, 0},
	.pf_known = true,
	.vf_index = 1,
	.driver = "vfio-pci",
	.has_node = true,
	.node =
		{.group = 7,
                 .noiommu = true,
                 .path = "/dev/vfio/noiommu-7",
                 .container_path = "/dev/vfio/7"},
	.has_state = true,
	.state =
		{.vf = 1,
                 .known = 1u << VF_ATTR_MAC | 1u << VF_ATTR_VLAN | 1u << VF_ATTR_TRUST,
                 .mac = {2, 0, 0, 0, 0, 0xab},
                 .vlan = 7,
                 .qos = 1,
                 .vlan_proto = 0x8100,
                 .trust = true},
	.numa_node = 1,
};

static const char *
member(json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	if (s == NULL)
		fail_msg("%s is no text", key);
	return s;
}

static void
test_one(void **state)
{
	json_t *o = claim_results_json(&whole, 1), *c, *s, *info;

	(void)state;
	assert_non_null(o);
	c = json_array_get(json_object_get(o, "claims"), 0);
	assert_string_equal(member(c, "address"), "0000:3b:10.2");
	assert_string_equal(member(c, "pf"), "0000:3b:00.0");
	assert_string_equal(member(c, "driver"), "vfio-pci");
	assert_string_equal(member(c, "mac"), "02:00:00:00:00:ab");
	assert_int_equal(json_integer_value(json_object_get(c, "vf")), 1);
	assert_int_equal(json_integer_value(json_object_get(c, "numa_node")), 1);
	s = json_object_get(c, "vfio");
	assert_string_equal(member(s, "node"), "/dev/vfio/noiommu-7");
	assert_string_equal(member(s, "container_node"), "/dev/vfio/7");
	s = json_object_get(c, "settings");
	assert_int_equal(json_integer_value(json_object_get(s, "vlan")), 7);
	assert_string_equal(member(s, "proto"), "802.1Q");
	assert_true(json_is_true(json_object_get(s, "trust")));
	/* What the driver does not tell. */
	assert_null(json_object_get(s, "spoofchk"));
	assert_null(json_object_get(s, "max_tx_rate"));

	s = json_object_get(o, "environment");
	assert_string_equal(member(s, "PCIDEVICE_VFBOND_VFS"), "0000:3b:10.2");
	info = json_loads(member(s, "PCIDEVICE_VFBOND_VFS_INFO"), 0, NULL);
	assert_non_null(info);
	s = json_object_get(json_object_get(info, "0000:3b:10.2"), "vfio");
	assert_string_equal(member(s, "dev-mount"), "/dev/vfio/7");
	json_decref(info);
	json_decref(o);
}

/* Two VFs of one group have one node; another driver has none. */
static void
test_nodes_once(void **state)
{
	struct claim_result results[3] = {whole, whole, whole};
	json_t *o, *devices, *c;

	(void)state;
	results[1].addr.function = 4;
	results[2].addr.function = 6;
	results[2].has_node = results[2].has_state = results[2].pf_known = false;
	results[2].numa_node = -1;
	memset(results[1].state.mac, 0, 6);
	o = claim_results_json(results, 3);
	assert_non_null(o);
	devices = json_object_get(o, "devices");
	assert_int_equal(json_array_size(devices), 2);
	assert_string_equal(json_string_value(json_array_get(devices, 0)), "/dev/vfio/vfio");
	assert_string_equal(json_string_value(json_array_get(devices, 1)), "/dev/vfio/noiommu-7");
	c = json_array_get(json_object_get(o, "claims"), 1);
	assert_true(json_is_null(json_object_get(c, "mac")));
	c = json_array_get(json_object_get(o, "claims"), 2);
	assert_true(json_is_null(json_object_get(c, "vfio")));
	assert_true(json_is_null(json_object_get(c, "pf")));
	assert_true(json_is_null(json_object_get(c, "vf")));
	assert_true(json_is_null(json_object_get(c, "mac")));
	assert_true(json_is_null(json_object_get(c, "numa_node")));
	assert_string_equal(
		member(json_object_get(o, "environment"), "PCIDEVICE_VFBOND_VFS"),
		"0000:3b:10.2,0000:3b:10.4,0000:3b:10.6"
	);
	json_decref(o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one),
		cmocka_unit_test(test_nodes_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
