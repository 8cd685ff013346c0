/* SPDX-License-Identifier: BSD-3-Clause */
/* `vfctl claim` on the fake machine: its words, output, status, and what it leaves behind. */
#include "claim.h"
#include "device_info.h"
#include "reason.h"
#include "vfctl_bench.h"

#include <jansson.h>

enum { OWNER_PID = 4242 };

#define VF_0 "0000:3b:10.0"
#define VF_1 "0000:3b:10.2"
#define VF_OTHER "0000:5e:10.0"

/* Two PFs with two VFs each, and a process that may own them. */
static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->f = fake_host_new();
	fake_host_add_pf(f->f, &FAKE_PF_IGB("0000:3b:00.0", "ens1f0", 2));
	fake_host_add_pf(f->f, &FAKE_PF_IGB("0000:5e:00.0", "ens2f0", 2));
	fake_host_process(f->f, OWNER_PID, 777, "owner", NULL);
	f->before = fake_host_dump(f->f);
	*state = f;
	return 0;
}

static void
run(struct fixture *f, const char *words)
{
	run_command(f, cmd_claim, words);
}

static void
expect_nothing_claimed(struct fixture *f)
{
	struct sriov_host *h = fake_host_sriov(f->f);
	char *now = fake_host_dump(f->f);
	struct pci_addr *list;
	size_t n;

	assert_int_equal(journal_list(h, &list, &n, NULL), 0);
	assert_int_equal(n, 0);
	free(list);
	assert_string_equal(now, f->before);
	free(now);
}

/* What was printed, and how many claims it tells of. */
static json_t *
printed(struct fixture *f, size_t claims)
{
	json_t *o = json_loads(f->out, 0, NULL);

	if (f->status != STATUS_OK || o == NULL)
		fail_msg("status %d: %s%s", f->status, f->out, f->err);
	assert_int_equal(json_array_size(json_object_get(o, "claims")), claims);
	return o;
}

static const char *
address(json_t *o, size_t i)
{
	return json_string_value(
		json_object_get(json_array_get(json_object_get(o, "claims"), i), "address")
	);
}

static void
record_of(struct fixture *f, const char *vf, struct claim_record *ret)
{
	struct pci_addr addr;

	assert_int_equal(pci_addr_parse(vf, &addr), 0);
	assert_int_equal(journal_read(fake_host_sriov(f->f), &addr, ret, NULL), 0);
}

static void
test_by_address(void **state)
{
	struct fixture *f = *state;
	struct claim_record r;
	json_t *o;

	run(f, "claim " VF_1 "," VF_OTHER " vlan=7 trust=on --owner 4242");
	o = printed(f, 2);
	assert_string_equal(address(o, 0), VF_1);
	assert_string_equal(address(o, 1), VF_OTHER);
	assert_string_equal(
		json_string_value(
			json_object_get(json_object_get(o, "environment"), "PCIDEVICE_VFBOND_VFS")
		),
		VF_1 "," VF_OTHER
	);
	json_decref(o);
	record_of(f, VF_1, &r);
	assert_int_equal(r.owner.pid, OWNER_PID);
	assert_int_equal(r.settings.vlan, 7);
	assert_true(r.settings.trust);
	run(f, "claim " VF_1);
	expect(f, STATUS_FAILED, "", "4242 (owner)");
}

/* Words that name no VF one by one mean one of those that match; --count more. */
static void
test_how_many(void **state)
{
	struct fixture *f = *state;
	struct claim_record r;
	json_t *o;

	run(f, "claim vendors=8086");
	o = printed(f, 1);
	assert_string_equal(address(o, 0), VF_0);
	json_decref(o);
	record_of(f, VF_0, &r);
	assert_int_equal(r.owner.pid, 0);
	run(f, "claim vendors=8086 --count 2 --distinct-pf");
	o = printed(f, 2);
	assert_string_equal(address(o, 0), VF_1);
	assert_string_equal(address(o, 1), VF_OTHER);
	json_decref(o);
	run(f, "claim vendors=8086 --count 2");
	expect(f, STATUS_FAILED, "", "only 1 of 2");
	run(f, "claim ens2f0#0-1");
	expect(f, STATUS_FAILED, "", VF_OTHER);
}

static void
test_refused(void **state)
{
	static const struct {
		const char *words;
		int status;
		const char *err;
	} cases[] = {
		{"claim", STATUS_USAGE, "no SELECTOR"},
		{"claim --count 0 " VF_0, STATUS_USAGE, "--count"},
		{"claim --count x " VF_0, STATUS_USAGE, "--count"},
		{"claim --owner 0 " VF_0, STATUS_USAGE, "--owner"},
		{"claim --owner 99999 " VF_0, STATUS_FAILED, "99999"},
		{"claim --what " VF_0, STATUS_USAGE, "what"},
		{"claim " VF_0 " vlan=5000", STATUS_FAILED, "vlan"},
		{"claim " VF_0 " vlan=1 vlan=2", STATUS_FAILED, "vlan"},
		{"claim " VF_0 " link-state=enable", STATUS_FAILED, "link-state"},
		{"claim 0000:3b:00.0", STATUS_FAILED, "PF"},
		{"claim ens1f0#7", STATUS_FAILED, "ens1f0"},
		{"claim ens1f0#3-1", STATUS_FAILED, "3-1"},
		{"claim --driver ../x " VF_0, STATUS_FAILED, "driver"},
		{"claim --netconf /nowhere/at/all", STATUS_FAILED, "/nowhere/at/all"},
		{"claim --device-info /nowhere/at/all " VF_0, STATUS_FAILED, "/nowhere/at/all"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		run(f, cases[i].words);
		expect(f, cases[i].status, "", cases[i].err);
		expect_nothing_claimed(f);
	}
}

static const char *
put_netconf(struct fixture *f, const char *json, char words[static 512])
{
	fake_host_put(f->f, "/run/conf.json", "%s", json);
	snprintf(words, 512, "claim --netconf %s/run/conf.json", fake_host_root(f->f));
	return words;
}

static void
test_netconf(void **state)
{
	struct fixture *f = *state;
	struct claim_record r;
	char words[512];
	json_t *o;

	run(f, put_netconf(f, "{\"type\": \"sriov\",\n  oops}", words));
	expect(f, STATUS_FAILED, "", "conf.json:2:");
	run(f,
	    put_netconf(
		    f,
		    "{\"type\": \"bond\", \"mode\": \"active-backup\", "
		    "\"links\": [{\"name\": \"a\"}, {\"name\": \"b\"}]}",
		    words
	    ));
	expect(f, STATUS_FAILED, "", "bond");
	put_netconf(f, "{\"type\": \"sriov\", \"deviceID\": \"" VF_1 "\", \"vlan\": 9}", words);
	run(f, words);
	o = printed(f, 1);
	assert_string_equal(address(o, 0), VF_1);
	json_decref(o);
	record_of(f, VF_1, &r);
	assert_int_equal(r.settings.vlan, 9);
}

static void
test_device_info(void **state)
{
	struct fixture *f = *state;
	char words[512], path[512];
	struct device_info info;
	struct reason why;

	snprintf(words, sizeof(words), "claim --device-info %s/run " VF_1, fake_host_root(f->f));
	fake_host_put(f->f, "/run/there", "x");
	run(f, words);
	json_decref(printed(f, 1));
	snprintf(
		path, sizeof(path), "%s/run/vfbond-vfs-" VF_1 "-device.json", fake_host_root(f->f)
	);
	assert_int_equal(device_info_read(path, &info, &why), 0);
	assert_int_equal(info.addr.function, 2);
	assert_true(info.has_pf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_by_address, setup, teardown),
		cmocka_unit_test_setup_teardown(test_how_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_netconf, setup, teardown),
		cmocka_unit_test_setup_teardown(test_device_info, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
